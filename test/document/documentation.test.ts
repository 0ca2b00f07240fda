// The documents that docs/ shows are documents, and what they say of errors is what is said.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { load } from 'js-yaml';
import { parseDocuments } from '../../src/document/load.js';

const read = (name: string): string =>
  readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');

/** What stands in blocks of a language. */
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
