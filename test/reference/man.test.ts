/** The manual page: its sections are complete, and what it shows is right. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Status } from '../../src/cli/render.js';
import { commands } from '../../src/commands/index.js';
import { parseDocuments } from '../../src/document/load.js';
import { exampleDocument, exitStatuses, manualPage } from '../../src/reference/man.js';
import { describeSubcommands } from '../../src/reference/subcommands.js';
import { filesUnder } from '../support/imports.js';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const subcommands = await describeSubcommands(commands);
const page = manualPage(subcommands);
const sectionOf = (title: string): string =>
  page.split(/^\.SH /m).find((text) => text.startsWith(title)) ?? '';
const unescaped = (text: string): string => text.replaceAll(/\\f.|\\&/g, '').replaceAll('\\-', '-');

test('EXIT STATUS has every status of the program and of its subcommands', () => {
  const told = exitStatuses.flatMap(([status]) => status.split(', '));
  const signals = ['130', '141', '143'];
  const own = subcommands.flatMap((command) => command.exitStatuses.map(([status]) => status));
  const all = new Set(['0', ...Object.values(Status).map(String), ...own, ...signals]);
  assert.deepEqual([...told].sort(), [...all].sort());
  for (const status of told) assert.match(unescaped(sectionOf('EXIT STATUS')), new RegExp(`\\b${status}\\b`));
});

test('ENVIRONMENT and README have every variable that the program reads', () => {
  const variables = filesUnder('src')
    .flatMap((path) => [...read(path).matchAll(/\benv\['([A-Z_]+)'\]/g)])
    .map(([, name = '']) => name)
    .filter((name) => name !== 'TERM');
  assert.ok(new Set(variables).size >= 5, variables.join());
  for (const name of variables) {
    assert.ok(unescaped(sectionOf('ENVIRONMENT')).includes(name), `${name} in the manual page`);
    assert.ok(read('README.md').includes(name), `${name} in README`);
  }
});

test('DOCUMENTS shows a valid document', async () => {
  const names = { addresses: async () => [], ports: async () => ({ port: () => undefined }) };
  const { services } = await parseDocuments([{ file: 'example', text: exampleDocument }], names);
  assert.deepEqual(
    services?.map(({ destinations }) => destinations?.length),
    [2],
  );
  assert.ok(unescaped(sectionOf('DOCUMENTS')).includes(exampleDocument));
});

test('a tag stands on one line, however long', () => {
  const tags = [...page.matchAll(/^\.TP\n(.*)\n/gm)].map(([, tag = '']) => unescaped(tag));
  const examples = subcommands.flatMap((command) => command.examples.map(([line]) => line));
  assert.ok(examples.some((line) => line.length > 60));
  for (const line of examples) assert.ok(tags.includes(line), line);
});
