// Tables: columns that fit the terminal.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Column } from '../../src/output/columns.js';
import { type Row, renderTable } from '../../src/output/table.js';
import { plainTheme, themeFor } from '../../src/output/theme.js';

const columns: readonly Column[] = [
  { heading: 'SERVER' },
  { heading: 'WEIGHT', align: 'right' },
  { heading: 'ACTIVE', align: 'right', leaves: 1 },
  { heading: 'INACTIVE', align: 'right', leaves: 2 },
];
const rows: readonly Row[] = [
  { cells: ['198.51.100.1:80', '1', '20', '300'] },
  { cells: ['a', '2147483647', '0', '0'] },
];

const lines = (...text: string[]): string => text.map((line) => `${line}\n`).join('');

test('columns are as wide as their cells, without a blank at the end', () => {
  assert.equal(
    renderTable(columns, rows, plainTheme),
    lines(
      'SERVER               WEIGHT  ACTIVE  INACTIVE',
      '198.51.100.1:80           1      20       300',
      'a                2147483647       0         0',
    ),
  );
});

test('the least important columns leave a narrow terminal first', () => {
  assert.equal(renderTable(columns, rows, plainTheme, 45).split('\n')[0]?.length, 45);
  assert.equal(
    renderTable(columns, rows, plainTheme, 44),
    lines(
      'SERVER               WEIGHT  ACTIVE',
      '198.51.100.1:80           1      20',
      'a                2147483647       0',
    ),
  );
  const narrowest = lines(
    'SERVER               WEIGHT',
    '198.51.100.1:80           1',
    'a                2147483647',
  );
  for (const width of [34, 20, 1]) assert.equal(renderTable(columns, rows, plainTheme, width), narrowest);
});

test('a first cell that is too long has a line of its own', () => {
  const long = { cells: ['[2001:db8:1111:2222:3333:4444:5555:6666]:65535', '7', '8', '9'] };
  assert.equal(
    renderTable(columns, [...rows, long], plainTheme, 60),
    lines(
      'SERVER                              WEIGHT  ACTIVE  INACTIVE',
      '198.51.100.1:80                          1      20       300',
      'a                               2147483647       0         0',
      '[2001:db8:1111:2222:3333:4444:5555:6666]:65535',
      '                                         7       8         9',
    ),
  );
});

test('a note stands below its row, in lines that fit', () => {
  const noted = { cells: ['a', '1', '2', '3'], note: 'persistent 300 s, netmask 255.255.255.0' };
  assert.equal(
    renderTable(columns, [noted], plainTheme, 30),
    lines(
      'SERVER  WEIGHT  ACTIVE',
      'a            1       2',
      '    persistent 300 s, netmask',
      '    255.255.255.0',
    ),
  );
});

test('colours take no room, and the headings are bold', async () => {
  const theme = await themeFor({ isTTY: true, write: () => {} }, {});
  const [first, ...rest] = rows;
  const coloured = [{ cells: [theme.added(first?.cells[0] ?? ''), '1', '20', '300'] }, ...rest];
  const text = renderTable(columns, coloured, theme, 45);
  assert.ok(text.startsWith('\u001b[1mSERVER\u001b[22m'), text);
  assert.ok(text.includes(`${theme.added('198.51.100.1:80')}           1      20`), text);
});

test('an empty table has its headings', () => {
  assert.equal(renderTable(columns, [], plainTheme, 80), 'SERVER  WEIGHT  ACTIVE  INACTIVE\n');
});
