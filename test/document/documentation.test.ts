// What README and docs/ show is valid, and README links every page. The lab's suite `docs` runs their commands.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { load } from 'js-yaml';
import { parse } from '../../src/cli/parse.js';
import { commands } from '../../src/commands/index.js';
import { parseDocuments } from '../../src/document/load.js';
import { type Block, blocksIn, blocksOf, pages, textOf } from '../support/pages.js';

const names = {
  addresses: async () => ['198.51.100.7'],
  ports: async () => ({ port: () => 80 }),
};

const director = { labels: { node: 'lb1', site: 'eu1' }, variables: {} };

const services = async (text: string): Promise<number> =>
  (await parseDocuments([{ file: 'docs', text }], names, director)).services?.length ?? 0;

const textIn = ({ lines }: Block): string => `${lines.join('\n')}\n`;
const placeOf = ({ page, lines: [line] }: Block): string => `${page}: ${line}`;

/** The words of a command line without quotes. @throws what refuses them */
async function parseLine(line: string): Promise<void> {
  const [program, name, ...args] = line.split(' ');
  assert.match(program ?? '', /(^|\/)lvsadm$/, line);
  const row = commands.find((each) => each.name === name);
  assert.ok(row, line);
  assert.ok(parse((await row.load()).command, args), line);
}

/** What is checked of a block, by its language; the lab runs `sh`, `console` and `ts`. */
const checks: Readonly<Record<string, (block: Block) => Promise<void> | void>> = {
  sh: () => {},
  console: () => {},
  ts: () => {},
  // Trees and messages.
  text: ({ lines }) => assert.ok(!lines.some((line) => /^(\w+# )?lvsadm [a-z-]/.test(line))),
  mermaid: ({ lines }) => assert.equal(lines[0], 'sequenceDiagram'),
  json: (block) => {
    const values = block.lines[0] === '{' ? [textIn(block)] : block.lines;
    for (const value of values) JSON.parse(value);
  },
  yaml: async (block) => {
    const text = textIn(block);
    // The line that tells an editor the schema.
    if (block.lines.every((line) => line.startsWith('# yaml-language-server:'))) return;
    const value = load(text);
    if (text.startsWith('#cloud-config')) return checkCloudConfig(value as CloudConfig);
    if (Array.isArray(value)) return checkPlaybook(value as Task[]);
    assert.ok((await services(text)) > 0, placeOf(block));
  },
  ini: async (block) => {
    const lines = block.lines.filter((line) => /^Exec.*lvsadm /.test(line));
    assert.ok(lines.length > 0);
    for (const line of lines) {
      const [, program = '', rest = ''] = /=(\S+)( .*)$/.exec(line) ?? [];
      // Where the packages, and npm run install:standalone, put it.
      assert.match(program, /^\/usr\/(local\/)?sbin\/lvsadm$/);
      await parseLine(program + rest);
    }
  },
};

interface CloudConfig {
  readonly write_files: readonly { readonly content: string }[];
  readonly runcmd: readonly (readonly string[])[];
}

async function checkCloudConfig({ write_files, runcmd }: CloudConfig): Promise<void> {
  assert.equal(await services(write_files[0]?.content ?? ''), 1);
  for (const words of runcmd) await parseLine(words.join(' '));
}

type Task = Readonly<Record<string, unknown>>;

async function checkPlaybook(tasks: readonly Task[]): Promise<void> {
  const lines = tasks.flatMap((task) => task['ansible.builtin.command'] ?? []);
  assert.equal(lines.length, 2);
  for (const line of lines) await parseLine(String(line));
}

for (const page of pages) {
  test(`the code blocks of ${page}`, async () => {
    for (const block of blocksOf(page)) {
      const check = checks[block.language];
      assert.ok(check, `${placeOf(block)}: a block in no known language, '${block.language}'`);
      await check(block);
    }
  });
}

test('the document in document.md', async () => {
  const [, example] = blocksIn('yaml').filter(({ page }) => page === 'docs/document.md');
  assert.ok(example);
  assert.equal(await services(textIn(example)), 3);
});

test('each packaged unit is shown as it is', () => {
  const folder = new URL('../../../packaging/systemd/', import.meta.url);
  const shown = blocksIn('ini').map(textIn);
  for (const name of readdirSync(folder))
    assert.ok(shown.includes(readFileSync(new URL(name, folder), 'utf8')), name);
});

test('README links every page of docs', () => {
  for (const page of pages.slice(1)) assert.match(textOf('README.md'), new RegExp(`\\(${page}\\)`));
});

test('every link between pages leads to a file', () => {
  for (const page of pages) {
    for (const [, target = ''] of textOf(page).matchAll(/\]\(([^)#\s]+)[^)\s]*\)/g)) {
      if (/^https?:/.test(target)) continue;
      const base = new URL(`../../../${page}`, import.meta.url);
      assert.ok(existsSync(new URL(target, base)), `${page}: ${target}`);
    }
  }
});
