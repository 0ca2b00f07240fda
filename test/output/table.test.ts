// Tables in a pipe and on a terminal.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Output } from '../../src/context.js';
import { renderTable } from '../../src/output/table.js';
import { themeFor } from '../../src/output/theme.js';

const output = (isTTY: boolean): Output => ({ isTTY, write: () => {} });
const columns = [{ heading: 'server' }, { heading: 'weight', align: 'right' }] as const;
const rows = [
  ['198.51.100.1:80', '1'],
  ['a', '2147483647'],
];

test('plain columns in a pipe, without a blank at the end', async () => {
  const pipe = output(false);
  assert.equal(
    await renderTable(columns, rows, pipe, await themeFor(pipe, {})),
    'server               weight\n198.51.100.1:80           1\na                2147483647\n',
  );
});

test('a frame on a terminal, the headings bold unless colours are off', async () => {
  const terminal = output(true);
  const bold = await renderTable(columns, rows, terminal, await themeFor(terminal, {}));
  assert.ok(bold.includes('\u001b[1mserver\u001b[22m'), bold);
  assert.match(bold, /│ 198\.51\.100\.1:80 │ {10}1 │/);
  for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
    const plain = await renderTable(columns, rows, terminal, await themeFor(terminal, env));
    assert.ok(!plain.includes('\u001b') && plain.includes('│ server'), plain);
  }
});

test('plain columns on a terminal that is too narrow for the frame, as wide as they look', async () => {
  const terminal = { ...output(true), columns: 30 };
  const theme = await themeFor(terminal, {});
  const [first = [], ...rest] = rows;
  const coloured = [[theme.added(first[0] ?? ''), first[1] ?? ''], ...rest];
  assert.equal(
    await renderTable(columns, coloured, terminal, theme),
    `server               weight\n${theme.added('198.51.100.1:80')}           1\na                2147483647\n`,
  );
  assert.match(await renderTable(columns, rows, { ...terminal, columns: 32 }, theme), /│/);
});

test('an empty table has its headings', async () => {
  const pipe = output(false);
  assert.equal(await renderTable(columns, [], pipe, await themeFor(pipe, {})), 'server  weight\n');
});
