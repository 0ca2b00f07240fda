// The screen of top at three sizes, and what it does where there is little room.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { sortNames } from '../../../src/commands/top/arrange.js';
import { frame } from '../../../src/commands/top/frame.js';
import { unitNames } from '../../../src/commands/top/measures.js';
import { withSize } from '../../../src/commands/top/state.js';
import type { RatedTable } from '../../../src/observe/table/rates.js';
import { asciiGlyphs, unicodeGlyphs } from '../../../src/output/glyphs.js';
import { plainTheme } from '../../../src/output/theme.js';
import { after, linesOf, minute, stateAt, usualSettings } from '../../support/top-state.js';

let table: RatedTable;

before(async () => {
  table = await minute();
});

/** The lines of a screen: blank ones up to the last line are left out here. */
function assertScreen(lines: readonly string[], rows: number, expected: string): void {
  const wanted = expected.split('\n').slice(1, -1);
  const last = wanted.pop() ?? '';
  const blank = Array<string>(rows - wanted.length - 1).fill('');
  assert.deepEqual(lines, [...wanted, ...blank, last]);
}

test('at 80x24', () => {
  assertScreen(
    linesOf(stateAt({ columns: 80, rows: 24 }, table)),
    24,
    `
lvsadm  00:01:00Z  4 services, 6 servers
rates of 5.0 s  420 conn/s  1.6M in 16M out B/s  2.1k in 1.7k out pkt/s
 SERVICE/SERVER                WEIGHT  ACTIVE    CPS  SHARE  INBPS  LAST MINUTE
>- tcp://192.0.2.10:80              9     119    400      -   1.6M  ▄▅▇█▇▅▄▂ ▁▂
     198.51.100.1:80                3      61    300    75%   1.2M  ▄▅▇█▇▅▄▂ ▁▂
     198.51.100.2:80                1      20    100    25%   400k  ▄▅▇█▇▅▄▂ ▁▂
     198.51.100.3:80                5      38      0     0%      0
     198.51.100.4:80                0       0      0     0%      0
 - tcp://192.0.2.10:443             0       0      0      -      0
 - udp://[2001:db8::53]:53          1       0     20      -   1.6k  ▄▅▇█▇▅▄▂ ▁▂
     [2001:db8:…bb:cccc:1]:53       1       0     20   100%   1.6k  ▄▅▇█▇▅▄▂ ▁▂
 - fwmark://7                       0       0      0      -      0
     198.51.100.7:0                 0       0      0      -      0
? keys  q quit
`,
  );
});

test('at 60x20 fewer columns, and the beginning and the end of long names', () => {
  assertScreen(
    linesOf(stateAt({ columns: 60, rows: 20 }, table)),
    20,
    `
lvsadm  00:01:00Z  4 services, 6 servers
rates of 5.0 s  420 conn/s  1.6M in 16M out B/s
 SERVICE/SERVER                 WEIGHT  ACTIVE    CPS  SHARE
>- tcp://192.0.2.10:80               9     119    400      -
     198.51.100.1:80                 3      61    300    75%
     198.51.100.2:80                 1      20    100    25%
     198.51.100.3:80                 5      38      0     0%
     198.51.100.4:80                 0       0      0     0%
 - tcp://192.0.2.10:443              0       0      0      -
 - udp://[2001:db8::53]:53           1       0     20      -
     [2001:db8:…bbb:cccc:1]:53       1       0     20   100%
 - fwmark://7                        0       0      0      -
     198.51.100.7:0                  0       0      0      -
? keys  q quit
`,
  );
});

test('at 200x60 all columns', () => {
  assertScreen(
    linesOf(stateAt({ columns: 200, rows: 60 }, table)),
    60,
    `
lvsadm  00:01:00Z  4 services, 6 servers
rates of 5.0 s  420 conn/s  1.6M in 16M out B/s  2.1k in 1.7k out pkt/s
 SERVICE/SERVER                          SCHED/METHOD  WEIGHT  ACTIVE  INACTIVE  PERSISTENT    CPS  SHARE  INPPS  OUTPPS  INBPS  OUTBPS  LAST MINUTE
>- tcp://192.0.2.10:80                   wrr                9     119        17           0    400      -   2.0k    1.6k   1.6M     16M  ▄▅▇█▇▅▄▂ ▁▂
     198.51.100.1:80                     nat                3      61        12           0    300    75%   1.5k    1.2k   1.2M     12M  ▄▅▇█▇▅▄▂ ▁▂
     198.51.100.2:80                     nat                1      20         3           0    100    25%    500     400   400k    4.0M  ▄▅▇█▇▅▄▂ ▁▂
     198.51.100.3:80                     nat                5      38         2           0      0     0%      0       0      0       0
     198.51.100.4:80                     nat                0       0         0           0      0     0%      0       0      0       0
 - tcp://192.0.2.10:443                  wlc                0       0         0           0      0      -      0       0      0       0
 - udp://[2001:db8::53]:53               rr                 1       0         0           0     20      -    100      80   1.6k     16k  ▄▅▇█▇▅▄▂ ▁▂
     [2001:db8:0:1:aaaa:bbbb:cccc:1]:53  dr                 1       0         0           0     20   100%    100      80   1.6k     16k  ▄▅▇█▇▅▄▂ ▁▂
 - fwmark://7                            wlc                0       0         0           0      0      -      0       0      0       0
     198.51.100.7:0                      dr                 0       0         0           0      0      -      0       0      0       0
? keys  q quit
`,
  );
});

test('every screen has as many lines as the terminal, and none is longer than it is wide', () => {
  const state = stateAt({ columns: 80, rows: 24 }, table);
  const screens = [
    state,
    after(state, '?'),
    after(state, 'down', 'd'),
    after(state, 'down', 'w', '7'),
    after(state, 'c'),
  ];
  for (const [columns, rows] of [
    [80, 24],
    [60, 20],
    [40, 10],
    [33, 6],
    [20, 3],
    [10, 2],
    [1, 1],
  ] as const) {
    for (const screen of screens) {
      const lines = frame(withSize(screen, { columns, rows }), { theme: plainTheme, glyphs: unicodeGlyphs });
      assert.equal(lines.length, rows);
      assertWithin(lines, columns);
    }
  }
});

function assertWithin(lines: readonly string[], columns: number): void {
  const longer = lines.filter(({ length }) => length > columns);
  assert.deepEqual(longer, [], `${columns} columns`);
}

test('no row is longer than the screen, and the column that lines are sorted by stays', () => {
  for (const sort of sortNames) {
    for (const units of unitNames) {
      const state = stateAt({ columns: 80, rows: 24 }, table, { ...usualSettings, sort, units });
      for (const columns of [1, 5, 12, 20, 40, 52, 60]) {
        const lines = linesOf(withSize(state, { columns, rows: 24 }));
        assertWithin(lines, columns);
        if (columns < 40) continue;
        const [, , heading = ''] = lines;
        assert.match(heading, /^ S\S+R +\*?WEIGHT/);
        assert.equal(heading.includes('*'), sort !== 'name', heading);
      }
    }
  }
});

test('at 40x14 names and the columns that say most', () => {
  assertScreen(
    linesOf(stateAt({ columns: 40, rows: 14 }, table)),
    14,
    `
lvsadm  00:01:00Z  4 services, 6 servers
rates of 5.0 s  420 conn/s
 SERVICE/SERVER           WEIGHT  ACTIVE
>- tcp://192.0.2.10:80         9     119
     198.51.100.1:80           3      61
     198.51.100.2:80           1      20
     198.51.100.3:80           5      38
     198.51.100.4:80           0       0
 - tcp://192.0.2.10:443        0       0
 - udp://[20…db8::53]:53       1       0
     [2001:d…:cccc:1]:53       1       0
 - fwmark://7                  0       0
     198.51.100.7:0            0       0
? keys  q quit
`,
  );
});

test('a question of two lines leaves the server that it is about on the screen', () => {
  const state = after(stateAt({ columns: 60, rows: 9 }, table), ...Array<string>(7).fill('down'));
  const screen = linesOf(after(state, 'd'));
  assert.match(screen.find((line) => line.startsWith('>')) ?? '', /cccc:1\]:53/);
  assert.deepEqual(screen.slice(-2), [
    'drain [2001:db8:0:1:aaaa:bbbb:cccc:1]:53 of',
    'udp://[2001:db8::53]:53: weight 1 -> 0? [y/n]',
  ]);
});

test('a terminal without UTF-8 gets ASCII alone', () => {
  const state = stateAt({ columns: 120, rows: 24 }, table);
  const text = frame(state, { theme: plainTheme, glyphs: asciiGlyphs }).join('');
  assert.match(text, /[.:*%#+=]{4}/);
  assert.doesNotMatch(text, /[^\x20-\x7e]/);
});

test('the colours are those of list: yellow at weight 0, red for an overload and for a service without servers', () => {
  const names = Object.keys(plainTheme);
  const theme = Object.fromEntries(
    names.map((name) => [name, (text: string) => `<${name}>${text}</>`]),
  ) as unknown as typeof plainTheme;
  const text = frame(stateAt({ columns: 80, rows: 24 }, table), { theme, glyphs: unicodeGlyphs });
  const line = (part: string) => text.find((each) => each.includes(part)) ?? '';
  assert.match(line('198.51.100.3'), /<error>38<\/>/);
  assert.match(line('198.51.100.4'), /<warning>0<\/>/);
  assert.match(line(':443'), /<error>- tcp:\/\/192.0.2.10:443<\/>/);
  assert.match(line('tcp://192.0.2.10:80'), /^<selected>>/);
  assert.match(line('udp://'), /<heading>/);
});
