// The share of clients that a change moves, held against clients that are placed one by one before and after it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { destinationKey } from '../../../src/model/destination.js';
import { choosesByHash, type SchedulerFlag, schedulers } from '../../../src/model/schedulers.js';
import { type Service, serviceKey } from '../../../src/model/service.js';
import type { State } from '../../../src/model/state.js';
import { type HashServer, hashSchedulers } from '../../../src/observe/placement/hash-tables.js';
import { movedShare, serversAfter } from '../../../src/observe/placement/moves.js';
import { Placements } from '../../../src/observe/placement/placements.js';
import { sipHash } from '../../../src/observe/placement/siphash.js';
import { readState } from '../../../src/plan/current.js';
import { diff } from '../../../src/plan/diff.js';
import { subject } from '../../../src/plan/plan.js';
import { stagesOf } from '../../../src/plan/stages.js';
import { state } from '../../support/arbitrary-state.js';
import { FakeIpvs } from '../../support/fake-ipvs.js';

interface Client {
  readonly address: string;
  readonly port: number;
}

const addressOf = (word: number): string =>
  [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255].join('.');

const placementsOf = (
  scheduler: string,
  schedulerFlags: readonly SchedulerFlag[],
  servers: readonly HashServer[],
  id: Service['id'] = { protocol: 'tcp', address: '192.0.2.1', port: 80 },
): Placements =>
  Placements.of({ id, scheduler, schedulerFlags, onePacket: false }, servers) ?? assert.fail(scheduler);

function countedShare(clients: readonly Client[], before: Placements, after: Placements): number {
  const serverOf = (placements: Placements, { address, port }: Client): string | undefined => {
    const server = placements.place(address, port)?.server;
    return server && destinationKey(server.id);
  };
  const moved = clients.filter((client) => serverOf(before, client) !== serverOf(after, client));
  return moved.length / clients.length;
}

/** One client for each slot of a scheduler's table. */
function oneOfEachSlot(scheduler: string): Client[] {
  const { slot, table } = hashSchedulers.get(scheduler) ?? assert.fail(scheduler);
  const clients = new Map<number, Client>();
  for (let word = 0x0a000001; clients.size < table([]).length; word++) {
    clients.set(slot(addressOf(word), 0, 0), { address: addressOf(word), port: 0 });
  }
  return [...clients.values()];
}

/** Clients at addresses and ports that have nothing to do with each other. */
const someClients = (number: number): Client[] =>
  Array.from({ length: number }, (_, index) => ({
    address: addressOf(sipHash(index, 7n)),
    port: 1024 + ((index * 7919) % 64000),
  }));

const server: fc.Arbitrary<HashServer> = fc
  .record({ number: fc.integer({ min: 1, max: 7 }), weight: fc.nat(4), last: fc.nat(4), full: fc.nat(4) })
  .map(({ number, weight, last, full }) => ({
    id: { address: `198.51.100.${number}`, port: 80 },
    weight,
    lastWeight: weight || last,
    overload: full === 0 ? 'yes' : 'no',
  }));

/** In any order. */
const servers = fc.uniqueArray(server, { maxLength: 7, selector: ({ id }) => id.address });

test('the schedulers that hash are those that have a table', () => {
  assert.deepEqual(schedulers.filter(choosesByHash).sort(), [...hashSchedulers.keys()].sort());
});

/** @param flags those with which one client stands for all of its slot */
const exact: readonly (readonly [scheduler: string, flags: readonly SchedulerFlag[], runs: number])[] = [
  ['sh', [], 60],
  ['sh', ['flag-1'], 60],
  ['mh', [], 6],
];

for (const [scheduler, flags, runs] of exact) {
  test(`${scheduler} ${flags}: exactly the share of slots whose clients get another server`, () => {
    const clients = oneOfEachSlot(scheduler);
    fc.assert(
      fc.property(servers, servers, (from, to) => {
        const [before, after] = [placementsOf(scheduler, flags, from), placementsOf(scheduler, flags, to)];
        const counted = countedShare(clients, before, after);
        assert.ok(Math.abs(movedShare(before, after) - counted) < 1e-9, `${counted}`);
      }),
      { numRuns: runs },
    );
  });
}

/** Seven servers, of which these are available. */
const available = (...numbers: readonly number[]): HashServer[] =>
  Array.from({ length: 7 }, (_, index) => ({
    id: { address: `198.51.100.${index + 1}`, port: 80 },
    weight: numbers.includes(index + 1) ? 1 : 0,
    lastWeight: 1,
    overload: 'no',
  }));

type Hashing = readonly [scheduler: string, flags: readonly SchedulerFlag[]];

/** Changes where hashes count that the slot does not tell: of a sample, with an error of a few per cent. */
const sampled: readonly (readonly [from: Hashing, to: Hashing])[] = [
  [
    ['mh', ['flag-1']],
    ['mh', ['flag-1']],
  ],
  [
    ['mh', []],
    ['mh', ['flag-1']],
  ],
  [
    ['mh', ['flag-1', 'flag-2']],
    ['mh', ['flag-1', 'flag-2']],
  ],
  [
    ['mh', ['flag-1']],
    ['mh', ['flag-2']],
  ],
  [
    ['sh', []],
    ['sh', ['flag-2']],
  ],
  [
    ['sh', ['flag-1']],
    ['mh', ['flag-1']],
  ],
  [
    ['dh', []],
    ['sh', []],
  ],
];

for (const [from, to] of sampled) {
  test(`${from.join(' ')} -> ${to.join(' ')}: the share of 1000 clients that get another server`, () => {
    const clients = someClients(1000);
    fc.assert(
      fc.property(servers, servers, (present, wanted) => {
        const [before, after] = [placementsOf(...from, present), placementsOf(...to, wanted)];
        const [computed, counted] = [movedShare(before, after), countedShare(clients, before, after)];
        assert.ok(Math.abs(computed - counted) < 0.05, `computed ${computed}, counted ${counted}`);
      }),
      {
        numRuns: 6,
        seed: 1,
        examples: [
          [available(1, 2, 3), available(1, 2, 3, 4)],
          [available(1, 2, 3, 4), available(1, 5)],
        ],
      },
    );
  });
}

test('dh moves all clients of a service or none; the clients of a mark by the address that they speak to', () => {
  const named = (...numbers: readonly number[]): HashServer[] =>
    numbers.map((number) => ({
      id: { address: `198.51.100.${number}`, port: 80 },
      weight: 1,
      lastWeight: 1,
      overload: 'no',
    }));
  const owner = placementsOf('dh', [], named(1, 2, 3)).place('10.0.0.1', 0)?.server ?? assert.fail();
  const others = named(1, 2, 3).filter(({ id }) => id.address !== owner.id.address);
  const before = placementsOf('dh', [], named(1, 2, 3));
  assert.equal(movedShare(before, before), 0);
  assert.equal(movedShare(before, placementsOf('dh', [], others)), 1);
  const mark = { fwmark: 7, family: 'inet' } as const;
  // Slots 0, 1, 2, 0, 1, 2 and so on against 0, 1, 0, 1: of six slots two are alike; 256 are 42 times six, and four more.
  const moved = movedShare(
    placementsOf('dh', [], named(1, 2, 3), mark),
    placementsOf('dh', [], named(1, 2), mark),
  );
  assert.equal(moved, 1 - (42 * 2 + 2) / 256);
});

async function tableOf({ services }: State): Promise<FakeIpvs> {
  const ipvs = new FakeIpvs();
  for (const { service, destinations } of services) {
    ipvs.carryOut({ do: 'addService', service });
    for (const destination of destinations) {
      ipvs.carryOut({ do: 'addDestination', of: service.id, destination });
    }
  }
  // As a kernel lists them.
  ipvs.order = (rows) => rows.toReversed();
  return ipvs;
}

const LAST_WEIGHT = 77;

test('the servers after a plan, in their order, are those of the table that it was carried out on', () =>
  fc.assert(
    fc.asyncProperty(state(), state(), async (present, wanted) => {
      const client = await (await tableOf(present)).client();
      const plan = diff(await readState(client), { services: wanted.services });
      const computed = new Map<string, unknown>();
      for (const service of plan.services) {
        if (service.before === undefined || service.after === undefined) continue;
        const entries = await client.destinations(service.before.id);
        const after = serversAfter(service.destinations, entries, () => LAST_WEIGHT);
        computed.set(
          serviceKey(service.before.id),
          after.map(({ id, weight, lastWeight }) => [destinationKey(id), weight, lastWeight]),
        );
      }
      for (const change of stagesOf(plan).flat()) await client.apply(change);
      for (const service of plan.services) {
        const key = serviceKey(subject(service).id);
        if (!computed.has(key)) continue;
        const reached = await client.destinations(subject(service).id);
        assert.deepEqual(
          computed.get(key),
          reached.map(({ id, weight }) => {
            const isNew = service.destinations.some(
              ({ action, after }) =>
                action === 'add' && after?.id.address === id.address && after.id.port === id.port,
            );
            return [destinationKey(id), weight, weight || (isNew ? 0 : LAST_WEIGHT)];
          }),
        );
      }
      client.close();
    }),
    { numRuns: 50 },
  ));
