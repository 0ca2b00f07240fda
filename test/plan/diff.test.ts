// A plan between two tables, carried out on an IPVS in memory: properties over random tables, and all small ones.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { IpvsClient } from '../../src/ipvs/client.js';
import { familyOf } from '../../src/model/address.js';
import type { Change } from '../../src/model/change.js';
import { type Destination, destinationKey } from '../../src/model/destination.js';
import { destinationOrder, sortedBy } from '../../src/model/order.js';
import { type Service, type ServiceId, serviceFamily, serviceKey } from '../../src/model/service.js';
import type { ServiceState, State } from '../../src/model/state.js';
import { readState } from '../../src/plan/current.js';
import { diff } from '../../src/plan/diff.js';
import { empties, withOnly, withoutPruning } from '../../src/plan/policy.js';
import { stagesOf } from '../../src/plan/stages.js';
import { normal, state } from '../support/arbitrary-state.js';
import { FakeIpvs } from '../support/fake-ipvs.js';
import { serverRow, serviceRow } from '../support/rows.js';

const timeouts = { tcp: 900, tcpFin: 120, udp: 300 };
const empty: State = { services: [], daemons: [], timeouts };

const changesOf = (current: State, desired: State): Change[] => stagesOf(diff(current, desired)).flat();

/** An IPVS whose table is this one. */
async function tableOf(wanted: State): Promise<IpvsClient> {
  const client = await new FakeIpvs().client();
  await carryOut(client, changesOf(await readState(client), wanted));
  return client;
}

async function carryOut(client: IpvsClient, changes: readonly Change[]): Promise<void> {
  for (const refusal of await client.applyAll(changes)) assert.ifError(refusal);
}

const isBridged = ({ service, destinations }: ServiceState): boolean =>
  destinations.some(({ id }) => familyOf(id.address) !== serviceFamily(service.id));

const shuffled = <T>(items: readonly T[]): fc.Arbitrary<T[]> =>
  fc.shuffledSubarray([...items], { minLength: items.length });

/** The same table with everything in another order. */
const reordered = (original: State): fc.Arbitrary<State> =>
  fc.tuple(shuffled(original.services), shuffled(original.daemons)).chain(([services, daemons]) =>
    fc.tuple(...services.map(({ destinations }) => shuffled(destinations))).map((orders) => ({
      ...original,
      daemons,
      services: services.map((service, index) => ({ ...service, destinations: orders[index] ?? [] })),
    })),
  );

describe('for any two tables', () => {
  test('equal tables need no change', () =>
    fc.assert(fc.property(state(), (same) => assert.deepEqual(changesOf(same, same), []))));

  test('applying the plan makes one table the other, and the next plan is empty', () =>
    fc.assert(
      fc.asyncProperty(state(), state(), async (current, desired) => {
        const client = await tableOf(current);
        assert.deepEqual(normal(await readState(client)), normal(current));
        await carryOut(client, changesOf(await readState(client), desired));
        const reached = await readState(client);
        assert.deepEqual(normal(reached), normal(desired));
        assert.deepEqual(changesOf(reached, desired), []);
        client.close();
      }),
    ));

  test('the order in which anything is listed makes no difference', () =>
    fc.assert(
      fc.property(
        fc
          .tuple(state(), state())
          .chain(([current, desired]) =>
            fc.tuple(fc.constant([current, desired] as const), reordered(current), reordered(desired)),
          ),
        ([[current, desired], otherCurrent, otherDesired]) =>
          assert.deepEqual(stagesOf(diff(otherCurrent, otherDesired)), stagesOf(diff(current, desired))),
      ),
    ));

  test('a new service gets its servers by address and port: hash tables follow the order of addition', () =>
    fc.assert(
      fc.asyncProperty(state(), async (desired) => {
        const client = await tableOf(desired);
        for (const { service, destinations } of (await readState(client)).services) {
          // The IPVS in memory lists servers as they were added; a kernel has the newest first.
          const oldestFirst = destinations.map(({ id }) => id);
          assert.deepEqual(oldestFirst, sortedBy(oldestFirst, destinationOrder), serviceKey(service.id));
        }
        client.close();
      }),
    ));

  test('a plan never flushes, and never removes a service that stays', () =>
    fc.assert(
      fc.property(state(), state(), (current, desired) => {
        const stay = new Set(desired.services.map(({ service }) => serviceKey(service.id)));
        for (const change of changesOf(current, desired)) {
          assert.notEqual(change.do, 'flush');
          if (change.do === 'deleteService') assert.ok(!stay.has(serviceKey(change.id)));
        }
      }),
    ));

  test('a service with servers of weight above 0 before and after always has one in between', () =>
    fc.assert(
      fc.property(state(), state(), (current, desired) => {
        const willing = (services: readonly ServiceState[]) =>
          services.flatMap(({ service, destinations }) =>
            destinations.some(({ weight }) => weight > 0) ? serviceKey(service.id) : [],
          );
        const after = new Set(willing(desired.services));
        const always = willing(current.services).filter((key) => after.has(key));
        const weights = new Map(
          current.services.map(({ service, destinations }) => [
            serviceKey(service.id),
            new Map(destinations.map(({ id, weight }) => [destinationKey(id), weight])),
          ]),
        );
        for (const change of changesOf(current, desired)) {
          if (change.do === 'addDestination' || change.do === 'editDestination') {
            const { id, weight } = change.destination;
            weights.get(serviceKey(change.of))?.set(destinationKey(id), weight);
          }
          if (change.do === 'deleteDestination') {
            weights.get(serviceKey(change.of))?.delete(destinationKey(change.id));
          }
          if (change.do === 'deleteService') weights.delete(serviceKey(change.id));
          for (const key of always) {
            const now = [...(weights.get(key)?.values() ?? [])];
            assert.ok(
              now.some((weight) => weight > 0),
              `${key} has no willing server after ${change.do}`,
            );
          }
        }
      }),
    ));

  test('without pruning, services that the document does not name stay unchanged', () =>
    fc.assert(
      fc.asyncProperty(state(), state(), async (current, desired) => {
        // Servers of another family and daemons that keep running: the kernel refuses that, and rightly.
        fc.pre(current.daemons.length === 0 || !desired.services.some(isBridged));
        const wanted = { ...desired, daemons: [] };
        const plan = withoutPruning(diff(current, wanted));
        const mentioned = new Set(wanted.services.map(({ service }) => serviceKey(service.id)));
        const client = await tableOf(current);
        await carryOut(client, stagesOf(plan).flat());
        const reached = await readState(client);
        client.close();
        const kept = current.services.filter(({ service }) => !mentioned.has(serviceKey(service.id)));
        const expected = { ...wanted, services: [...wanted.services, ...kept], daemons: current.daemons };
        assert.deepEqual(normal(reached), normal(expected));
      }),
    ));

  test('policies take changes away and add none', () =>
    fc.assert(
      fc.property(state(), state(), (current, desired) => {
        const plan = diff(current, desired);
        const all = new Set(
          stagesOf(plan)
            .flat()
            .map((change) => JSON.stringify(change)),
        );
        const chosen: ServiceId[] = current.services.slice(0, 2).map(({ service }) => service.id);
        for (const reduced of [withoutPruning(plan), withOnly(plan, chosen)]) {
          for (const change of stagesOf(reduced).flat()) assert.ok(all.has(JSON.stringify(change)));
        }
      }),
    ));
});

describe('every small case', () => {
  const id: ServiceId = { protocol: 'tcp', address: '192.0.2.1', port: 80 };
  const service = (scheduler: string): Service => serviceRow(id, { scheduler });
  const server = (host: string, weight: number): Destination => serverRow(host, 80, { weight });
  const weights = [undefined, 0, 1];
  const servers = weights.flatMap((first) =>
    weights.map((second) => [
      ...(first === undefined ? [] : [server('198.51.100.1', first)]),
      ...(second === undefined ? [] : [server('198.51.100.2', second)]),
    ]),
  );
  const tables: State[] = [
    empty,
    ...['rr', 'wlc'].flatMap((scheduler) =>
      servers.map((destinations) => ({
        ...empty,
        services: [{ service: service(scheduler), destinations }],
      })),
    ),
  ];

  test(`the way from each of ${tables.length} tables to each other is as short as it can be`, async () => {
    for (const current of tables) {
      for (const desired of tables) {
        const client = await tableOf(current);
        const changes = changesOf(current, desired);
        await carryOut(client, changes);
        assert.deepEqual(normal(await readState(client)), normal(desired));
        client.close();
        assert.equal(changes.length, distance(current, desired));
      }
    }
  });

  /** One change for each service or server that is added, changed or removed; a service goes with its servers. */
  function distance(current: State, desired: State): number {
    const [before, after] = [current.services[0], desired.services[0]];
    if (before === undefined || after === undefined)
      return after ? 1 + after.destinations.length : before ? 1 : 0;
    const weightsOf = ({ destinations }: ServiceState) =>
      new Map(destinations.map(({ id: one, weight }) => [destinationKey(one), weight]));
    const [old, fresh] = [weightsOf(before), weightsOf(after)];
    const touched = new Set([...old.keys(), ...fresh.keys()]);
    const moved = [...touched].filter((key) => old.get(key) !== fresh.get(key)).length;
    return moved + (before.service.scheduler === after.service.scheduler ? 0 : 1);
  }

  test('a plan empties a table only if it removes every service', () => {
    const [full] = tables.slice(1);
    assert.ok(full);
    assert.equal(empties(diff(full, empty)), true);
    assert.equal(empties(diff(empty, empty)), false);
    assert.equal(empties(diff(full, full)), false);
    assert.equal(empties(withoutPruning(diff(full, empty))), false);
  });
});
