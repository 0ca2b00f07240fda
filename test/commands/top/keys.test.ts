// Keys of top: a key and a state make a state, and requests that the driver carries out.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { lineName } from '../../../src/commands/top/arrange.js';
import { keyList } from '../../../src/commands/top/keys.js';
import { type TopState, withClients, withTable } from '../../../src/commands/top/state.js';
import type { RatedTable } from '../../../src/observe/table/rates.js';
import { keysIn } from '../../../src/output/screen.js';
import { after, linesOf, minute, Readings, stateAt, usualSettings } from '../../support/top-state.js';

const size = { columns: 80, rows: 24 };
let table: RatedTable;

before(async () => {
  table = await minute();
});

const names = ({ lines }: TopState): string[] => lines.map(lineName);
const selected = (state: TopState): string | undefined => names(state)[state.selected];
const last = (state: TopState): string => linesOf(state).at(-1) ?? '';
const servers = (state: TopState) => state.lines.filter(({ server }) => server).length;

test('keys of terminals have names; unknown sequences are no keys', () => {
  assert.deepEqual(keysIn('a\x1b[A\x1bOB\x1b[5~\r\x7f\x1b[15~\x03é\x1b'), [
    'a',
    'up',
    'down',
    'page up',
    'enter',
    'backspace',
    'ctrl-c',
    'é',
    'escape',
  ]);
});

test('the selection moves within the table', () => {
  const state = stateAt(size, table);
  assert.equal(after(state, 'up').selected, 0);
  assert.equal(after(state, 'down', 'j', 'k').selected, 1);
  assert.equal(after(state, 'end').selected, 9);
  assert.equal(after(state, 'end', 'down', 'home').selected, 0);
  const small = stateAt({ columns: 80, rows: 8 }, table);
  const paged = after(small, 'page down');
  assert.deepEqual([paged.selected, paged.first], [4, 1]);
  assert.equal(after(paged, 'end').first, 6);
});

test('s and S sort by the columns, r reverses the order; servers stay with their service', () => {
  const state = stateAt(size, table, { ...usualSettings, sort: 'inbps' });
  assert.deepEqual(names(state).slice(0, 2), [
    'tcp://192.0.2.10:80',
    '198.51.100.1:80 of tcp://192.0.2.10:80',
  ]);
  assert.equal(names(state)[5], 'udp://[2001:db8::53]:53');
  const byName = after(stateAt(size, table), 's', 'S');
  assert.deepEqual(names(byName), names(stateAt(size, table)));
  const byWeight = after(byName, 's');
  assert.equal(byWeight.arrangement.sort, 'weight');
  assert.equal(names(byWeight)[1], '198.51.100.3:80 of tcp://192.0.2.10:80');
  assert.equal(names(after(byWeight, 'r')).at(-1), '198.51.100.3:80 of tcp://192.0.2.10:80');
  assert.equal(after(byName, 'S').arrangement.sort, 'outbps');
});

test('a service folds to one line, all of them at once, and the selection is its line then', () => {
  const state = after(stateAt(size, table), 'down', 'down');
  const folded = after(state, 'enter');
  assert.equal(servers(folded), 2);
  assert.equal(selected(folded), 'tcp://192.0.2.10:80');
  assert.match(linesOf(folded)[3] ?? '', /^>\+ tcp/);
  assert.equal(servers(after(folded, 'left')), 2);
  assert.equal(servers(after(folded, 'right')), 6);
  const all = after(state, 'F');
  assert.equal(servers(all), 0);
  assert.equal(servers(after(all, 'F')), 6);
});

test('/ shows services with a text in their name whole, and of others the servers with it', () => {
  const state = after(stateAt(size, table), '/', ...'100.2');
  assert.deepEqual(names(state), ['tcp://192.0.2.10:80', '198.51.100.2:80 of tcp://192.0.2.10:80']);
  assert.equal(last(state), 'filter: 100.2_');
  assert.deepEqual(names(after(state, 'backspace', 'backspace', '.', '7', 'enter')), [
    'fwmark://7',
    '198.51.100.7:0 of fwmark://7',
  ]);
  assert.equal(names(after(state, 'ctrl-u')).length, 10);
  assert.equal(names(after(state, 'escape')).length, 10);
  assert.equal(names(after(stateAt(size, table), '/', ...'UDP')).length, 2);
  const nothing = after(stateAt(size, table), '/', 'x', 'enter');
  assert.deepEqual(names(after(nothing, 'down', 'd', 'c')), []);
  assert.equal(names(after(nothing, 'escape')).length, 10);
});

test('a frozen screen stays as it is while readings go on', async () => {
  const readings = await Readings.start();
  await readings.next(1);
  const state = after(stateAt(size, await readings.next(1)), 'f');
  const frozen = withTable(state, await readings.next(3), new Date(15_000));
  assert.deepEqual(linesOf(frozen).slice(1), linesOf(state).slice(1));
  assert.match(linesOf(frozen)[0] ?? '', /^lvsadm {2}00:00:05Z {2}frozen/);
  assert.match(linesOf(after(frozen, 'f'))[3] ?? '', / 1\.2k /);
});

test('the selected server stays selected when the order changes, and its place if it is gone', async () => {
  const readings = await Readings.start();
  await readings.next(1);
  const settings = { ...usualSettings, sort: 'cps' };
  const state = after(stateAt(size, await readings.next(1), settings), 'down');
  assert.equal(selected(state), '198.51.100.1:80 of tcp://192.0.2.10:80');
  const of = { protocol: 'tcp', address: '192.0.2.10', port: 80 } as const;
  readings.ipvs.count(of, { connections: 9000n }, { address: '198.51.100.4', port: 80 });
  const moved = withTable(state, await readings.next(1), new Date(0));
  assert.deepEqual([selected(moved), moved.selected], ['198.51.100.1:80 of tcp://192.0.2.10:80', 2]);
  readings.ipvs.carryOut({ do: 'deleteDestination', of, id: { address: '198.51.100.4', port: 80 } });
  assert.equal(withTable(after(moved, 'up'), await readings.next(1), new Date(0)).selected, 1);
});

test('b changes units: bytes, bits, all digits', () => {
  const state = stateAt({ columns: 200, rows: 24 }, table);
  const line = (shown: TopState, row: number) => linesOf(shown)[row] ?? '';
  assert.match(line(state, 3), / 1\.6M +16M /);
  assert.match(line(after(state, 'b'), 2), / INBIT\/S +OUTBIT\/S /);
  assert.match(line(after(state, 'b'), 3), / 13M +128M /);
  assert.match(line(after(state, 'b', 'b'), 3), / 1600000 +16000000 /);
  assert.equal(after(state, 'b', 'b', 'b').units, 'bytes');
});

test('a change is confirmed by y alone, and names its server', () => {
  const asked = after(stateAt(size, table), 'down', 'd');
  assert.equal(last(asked), 'drain 198.51.100.1:80 of tcp://192.0.2.10:80: weight 3 -> 0? [y/n]');
  const { request, mode } = after(asked, 'y');
  assert.ok(request?.do === 'drain' && request.line.server.id.address === '198.51.100.1');
  assert.equal(mode.kind, 'table');
  for (const key of ['n', 'Y', 'enter', 'escape', 'd']) {
    const refused = after(asked, key);
    assert.deepEqual([refused.request, last(refused)], [undefined, 'nothing changed']);
  }
  assert.equal(
    last(after(stateAt(size, table), 'down', 'u')),
    'restore the weight of 198.51.100.1:80 of tcp://192.0.2.10:80, now 3? [y/n]',
  );
});

test('a weight is asked for, checked and confirmed', () => {
  const asked = after(stateAt(size, table), 'down', 'w');
  assert.equal(last(after(asked, '5')), 'weight of 198.51.100.1:80 of tcp://192.0.2.10:80, now 3: 5_');
  const confirmed = after(asked, ...'+5', 'enter');
  assert.equal(last(confirmed), '198.51.100.1:80 of tcp://192.0.2.10:80: weight 3 -> 8? [y/n]');
  const { request } = after(confirmed, 'y');
  assert.ok(request?.do === 'weight' && request.weight === '+5');
  assert.equal(last(after(asked, 'x', 'enter')), "'x' is not a weight from 0 to 2147483647");
  assert.equal(
    last(after(asked, ...'+2147483647', 'enter')),
    '+2147483647: of weight 3 is more than the largest weight, 2147483647',
  );
  assert.equal(after(asked, 'enter').mode.kind, 'table');
  assert.equal(after(asked, '9', 'escape', 'enter').mode.kind, 'table');
});

test('--read-only changes nothing, and a service has no weight', () => {
  const readOnly = stateAt(size, table, { ...usualSettings, readOnly: true });
  for (const key of ['d', 'u', 'w']) {
    const state = after(readOnly, 'down', key, 'y', 'enter', 'y');
    assert.deepEqual([state.mode.kind, state.request], ['table', undefined]);
    assert.equal(last(after(readOnly, 'down', key)), 'read only: top runs with --read-only');
    assert.equal(last(after(stateAt(size, table), key)), 'select a server first');
  }
});

test('the list of keys has pages, and ends in the table', () => {
  const state = stateAt({ columns: 80, rows: 14 }, table);
  const first = after(state, '?');
  assert.match(linesOf(first)[2] ?? '', /^up, k +the line above$/);
  const pages = [first, after(first, 'x'), after(first, 'x', 'x')];
  const text = pages.flatMap(linesOf).join('\n');
  for (const words of ['drain the server', 'ctrl-z', 'q, ctrl-c']) assert.ok(text.includes(words), words);
  assert.equal(after(first, 'x', 'x', 'x').mode.kind, 'table');
});

test('docs/observe.md has all keys', () => {
  const page = readFileSync('docs/observe.md', 'utf8');
  for (const [keys, about] of keyList) {
    const cell = keys.split(', ').map((key) => `\`${key}\``);
    assert.ok(page.includes(`| ${cell.join(', ')} | ${about} |`), keys);
  }
});

test('q, ctrl-c, ctrl-z and ctrl-l are for the driver; the last three in every mode', () => {
  const state = stateAt(size, table);
  assert.deepEqual(after(state, 'q').request, { do: 'quit' });
  for (const keys of [[], ['/'], ['?'], ['down', 'd'], ['down', 'w'], ['c']]) {
    assert.deepEqual(after(state, ...keys, 'ctrl-c').request, { do: 'quit' });
    assert.deepEqual(after(state, ...keys, 'ctrl-z').request, { do: 'suspend' });
    assert.deepEqual(after(state, ...keys, 'ctrl-l').request, { do: 'redraw' });
  }
  assert.equal(after(state, 'q', 'x').request, undefined);
});

test('clients that were read for another line do not come on the screen', () => {
  const first = after(stateAt(size, table), 'home', 'c');
  const second = after(first, 'escape', 'down', 'c');
  assert.ok(first.request?.do === 'clients' && second.request?.do === 'clients');
  const clients = { groups: [], entries: 17 };
  assert.equal(withClients(second, first.request.line, clients), second);
  assert.match(linesOf(withClients(second, second.request.line, clients)).join('\n'), /: 17 connections/);
});
