// What a document owns: networks and firewall marks.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ownedPattern, parseOwned } from '../../src/model/ownership.js';
import type { ServiceId } from '../../src/model/service.js';

const at = (address: string): ServiceId => ({ protocol: 'tcp', address, port: 80 });
const mark = (fwmark: number): ServiceId => ({ fwmark, family: 'inet6' });

const cases: readonly [text: string, inside: ServiceId[], outside: ServiceId[]][] = [
  ['192.0.2.0/24', [at('192.0.2.0'), at('192.0.2.255')], [at('192.0.3.0'), at('2001:db8::1'), mark(1)]],
  ['192.0.2.128/25', [at('192.0.2.128')], [at('192.0.2.127')]],
  ['192.0.2.7', [at('192.0.2.7')], [at('192.0.2.6')]],
  ['0.0.0.0/0', [at('203.0.113.1')], [at('2001:db8::1')]],
  ['2001:DB8::/32', [at('2001:db8:ffff::1')], [at('2001:db9::'), at('32.1.13.184')]],
  ['::/0', [at('2001:db9::')], [at('192.0.2.1')]],
  ['2001:db8::8/125', [at('2001:db8::f')], [at('2001:db8::10'), at('2001:db8::7')]],
  ['fwmark 1-99', [mark(1), mark(99)], [mark(100), at('192.0.2.1')]],
  ['fwmark 7', [mark(7)], [mark(6), mark(8)]],
];

describe('a document owns', () => {
  for (const [text, inside, outside] of cases) {
    test(text, () => {
      const owned = parseOwned(text);
      assert.deepEqual(
        [...inside.map(owned), ...outside.map(owned)],
        [...inside.map(() => true), ...outside.map(() => false)],
      );
      assert.match(text, ownedPattern);
    });
  }

  for (const text of [
    '',
    'x',
    '192.0.2.1/24',
    '192.0.2.0/33',
    '192.0.2/24',
    '2001:db8::1/64',
    '2001:db8::/129',
    'fwmark 0',
    'fwmark 9-1',
    'fwmark 1-4294967296',
    'fwmark x',
    'constructor',
  ]) {
    test(`nothing by '${text}'`, () => {
      assert.throws(() => parseOwned(text), { name: 'ValueError', given: text });
    });
  }
});
