// The documents in docs/ are valid, and README links every page.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { load } from 'js-yaml';
import { parseDocuments } from '../../src/document/load.js';

const docs = new URL('../../../docs/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, docs), 'utf8');

/** The content of the code blocks in a language. */
const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, block = '']) => block);

const names = {
  addresses: async () => ['198.51.100.7'],
  ports: async () => ({ port: () => 80 }),
};

const services = async (text: string): Promise<number> =>
  (await parseDocuments([{ file: 'docs', text }], names)).services?.length ?? 0;

test('the document in document.md', async () => {
  const [, example = ''] = blocks(read('document.md'), 'yaml');
  assert.equal(await services(example), 3);
});

test('the document that cloud-init writes', async () => {
  const recipe = blocks(read('provisioning.md'), 'yaml').find((block) => block.startsWith('#cloud-config'));
  const { write_files } = load(recipe ?? '') as { write_files: { content: string }[] };
  assert.equal(await services(write_files[0]?.content ?? ''), 1);
});

const pages = ['../README.md', ...readdirSync(docs).filter((name) => name.endsWith('.md'))];

test('README links every page of docs', () => {
  for (const page of pages.slice(1)) assert.match(read('../README.md'), new RegExp(`\\(docs/${page}\\)`));
});

test('every link between pages leads to a file', () => {
  for (const page of pages) {
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)#\s]+)[^)\s]*\)/g)) {
      if (/^https?:/.test(target)) continue;
      assert.ok(existsSync(new URL(target, new URL(page, docs))), `${page}: ${target}`);
    }
  }
});
