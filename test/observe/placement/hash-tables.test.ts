// The tables of mh, sh and dh, held against their definitions written another way. The lab holds them against kernels.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Service } from '../../../src/model/service.js';
import { type HashServer, hashSchedulers } from '../../../src/observe/placement/hash-tables.js';
import { Placements } from '../../../src/observe/placement/placements.js';
import { sipHash } from '../../../src/observe/placement/siphash.js';

/** Made by an implementation for bytes of any length, which SipHash-2-4's published vector was held against. */
const vectors: readonly (readonly [key: bigint, value: number, hash: number])[] = [
  [2654435761n, 0, 492468162],
  [2654435761n, 1, 384591538],
  [2654435761n, 0xc0000201, 2458426504],
  [2654435761n, 0xffffffff, 583391001],
  [2654446892n, 0, 4169286463],
  [2654446892n, 1, 2182130385],
  [2654446892n, 0xc0000201, 3338568677],
  [2654446892n, 0xffffffff, 4149874525],
];

test('SipHash-1-3 of a word', () => {
  for (const [key, value, hash] of vectors) assert.equal(sipHash(value, key), hash);
});

const server = (number: number, weight: number): HashServer => ({
  id: { address: `198.51.100.${number}`, port: 80 },
  weight,
  lastWeight: weight,
  overload: 'no',
});

const weights = fc.array(fc.nat(12), { minLength: 1, maxLength: 9 });
const tableOf = (scheduler: string, of: readonly number[]): number[] => {
  const table = hashSchedulers.get(scheduler)?.table(of.map((weight, number) => server(number, weight)));
  return [...(table ?? [])];
};

test('sh gives each server as many slots in turn as its weight, at least one; dh gives one', () => {
  fc.assert(
    fc.property(weights, (of) => {
      const round = of.flatMap((weight, index) => Array.from({ length: weight || 1 }, () => index));
      assert.deepEqual(
        tableOf('sh', of),
        Array.from({ length: 256 }, (_, slot) => round[slot % round.length]),
      );
      assert.deepEqual(
        tableOf('dh', of),
        Array.from({ length: 256 }, (_, slot) => slot % of.length),
      );
    }),
  );
});

/** Each server's order of slots as a list, of which it takes the first that is free. */
function maglev(of: readonly number[]): number[] {
  const size = 4093;
  const divisor = of.reduce((a, b) => {
    let [x, y] = [a, b];
    while (y > 0) [x, y] = [y, x % y];
    return x;
  }, 0);
  const slots: number[] = Array.from({ length: size }, () => -1);
  if (divisor === 0) return slots;
  const orders = of.map((_, number) => {
    const value = (198 * 2 ** 24 + 51 * 2 ** 16 + 100 * 2 ** 8 + number + 80) % 2 ** 32;
    const offset = sipHash(value, 2654435761n) % size;
    const skip = (sipHash(value, 2654446892n) % (size - 1)) + 1;
    return Array.from({ length: size }, (_, step) => (offset + step * skip) % size);
  });
  const round = of.flatMap((weight, index) => Array.from({ length: weight / divisor }, () => index));
  for (let taken = 0; taken < size; taken++) {
    const index = round[taken % round.length] ?? 0;
    const slot = orders[index]?.find((each) => slots[each] === -1) ?? 0;
    slots[slot] = index;
  }
  return slots;
}

test('mh gives servers turns by weight; each takes the first free slot of its order', () => {
  for (const of of [[1], [1, 1, 1], [3, 1, 2], [10, 20, 30], [0, 2, 1], [0, 0]]) {
    assert.deepEqual(tableOf('mh', of), maglev(of), of.join());
  }
});

test('mh halves large weights until the largest has six bits', () => {
  const counts = tableOf('mh', [65535, 1]).reduce<number[]>((sum, index) => {
    sum[index] = (sum[index] ?? 0) + 1;
    return sum;
  }, []);
  // 65535 becomes 63, and 1 stays 1: 63 whole rounds of 64 slots, and 61 slots more for the first.
  assert.deepEqual(counts, [4030, 63]);
});

const service = (scheduler: string, schedulerFlags: Service['schedulerFlags']): Service => ({
  id: { protocol: 'tcp', address: '192.0.2.1', port: 80 },
  scheduler,
  schedulerFlags,
  onePacket: false,
});

const chosen = (of: Service, servers: readonly HashServer[], client: string, port = 0) =>
  Placements.of(of, servers)?.place(client, port);

test('a server at weight 0 or at its threshold is refused, or replaced by the fallback', () => {
  const servers = [
    server(1, 1),
    { ...server(2, 0), lastWeight: 1 },
    { ...server(3, 1), overload: 'yes' as const },
  ];
  for (const scheduler of ['mh', 'sh']) {
    let refused = 0;
    for (let number = 1; number < 200; number++) {
      const client = `203.0.113.${number}`;
      const strict = chosen(service(scheduler, []), servers, client);
      const lenient = chosen(service(scheduler, ['flag-1']), servers, client);
      assert.equal(strict?.slot, lenient?.slot);
      assert.equal(lenient?.server, servers[0]);
      if (strict?.first === servers[0]) assert.equal(strict?.server, servers[0]);
      else {
        assert.equal(strict?.server, undefined);
        refused++;
      }
    }
    assert.ok(refused > 50 && refused < 190, `${refused}`);
  }
});

test('the port counts with the port flag alone, and dh sees only the service', () => {
  const servers = [1, 2, 3, 4, 5].map((number) => server(number, 1));
  const differing = (of: Service): number =>
    new Set(Array.from({ length: 50 }, (_, port) => chosen(of, servers, '203.0.113.9', 40_000 + port)?.slot))
      .size;
  for (const scheduler of ['mh', 'sh']) {
    assert.equal(differing(service(scheduler, [])), 1);
    assert.ok(differing(service(scheduler, ['flag-2'])) > 10);
  }
  const dh = service('dh', []);
  assert.equal(chosen(dh, servers, '203.0.113.9')?.slot, chosen(dh, servers, '198.18.0.1')?.slot);
  assert.equal(chosen({ ...dh, id: { fwmark: 7, family: 'inet' } }, servers, '203.0.113.9'), undefined);
  assert.equal(Placements.of(service('rr', []), servers), undefined);
});

test('an IPv6 client hashes as the xor of its four words', () => {
  const { slot } = hashSchedulers.get('sh') ?? assert.fail();
  assert.equal(slot('2001:db8::1', 0, 0), slot('0.0.0.0', 0x20010db8 ^ 1, 0));
});
