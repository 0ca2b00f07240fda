// Carrying plans out while others are at the table, and when the kernel refuses.
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { type KernelError, UnavailableError } from '../../src/errors.js';
import type { IpvsClient } from '../../src/ipvs/client.js';
import type { Change } from '../../src/model/change.js';
import type { Destination } from '../../src/model/destination.js';
import type { ServiceId } from '../../src/model/service.js';
import type { DesiredState, ServiceState } from '../../src/model/state.js';
import { type Reconciler, reconcile } from '../../src/plan/apply.js';
import { readState } from '../../src/plan/current.js';
import { diff } from '../../src/plan/diff.js';
import { FakeIpvs } from '../support/fake-ipvs.js';
import { markRow as entry, serverRow, serviceRow } from '../support/rows.js';

describe('carrying out plans', () => {
  let ipvs: FakeIpvs;
  let client: IpvsClient;

  beforeEach(async () => {
    ipvs = new FakeIpvs();
    client = await ipvs.client();
  });

  const mark = (fwmark: number): ServiceId => ({ fwmark, family: 'inet' });
  const server = (host: number, weight = 1): Destination => serverRow(`198.51.100.${host}`, 0, { weight });

  const add = (one: ServiceState): Change[] => [
    { do: 'addService', service: one.service },
    ...one.destinations.map(
      (destination): Change => ({ do: 'addDestination', of: one.service.id, destination }),
    ),
  ];

  async function given(...services: ServiceState[]): Promise<void> {
    for (const change of services.flatMap(add)) await client.apply(change);
  }

  const reconciler = (desired: DesiredState, more: Partial<Reconciler> = {}): Reconciler => ({
    client,
    read: () => readState(client),
    plan: (current) => diff(current, desired),
    ...more,
  });

  /** A client that lets `meddle` at the table before each batch of changes. */
  const withMeddler = (meddle: (batch: number) => Promise<unknown>): Reconciler['client'] => {
    let batch = 0;
    return {
      async applyAll(changes: readonly Change[]): Promise<(KernelError | undefined)[]> {
        await meddle(batch++);
        return client.applyAll(changes);
      },
    };
  };

  const outline = async (): Promise<string[]> => {
    const { services } = await readState(client);
    return services
      .map(
        ({ service: { id }, destinations }) =>
          `${'fwmark' in id && id.fwmark}: ${destinations
            .map((one) => `${one.id.address.split('.')[3]}x${one.weight}`)
            .sort()
            .join(' ')}`,
      )
      .sort();
  };

  const results = (outcomes: readonly { readonly change: Change; readonly result: string }[]): string[] =>
    outcomes.map(({ change, result }) => `${change.do} ${result}`);

  test('reconcile applies everything in one round, and nothing in the next', async () => {
    await given(entry(1, server(1), server(2)), entry(9));
    const desired = { services: [entry(1, server(2, 5), server(3)), entry(2, server(1))] };
    const first = await reconcile(reconciler(desired));
    assert.deepEqual(results(first.outcomes), [
      'addDestination done',
      'addService done',
      'addDestination done',
      'editDestination done',
      'deleteDestination done',
      'deleteService done',
    ]);
    assert.deepEqual([first.converged, first.rounds], [true, 1]);
    assert.deepEqual(await outline(), ['1: 2x5 3x1', '2: 1x1']);
    const second = await reconcile(reconciler(desired));
    assert.deepEqual(second, { settings: [], outcomes: [], converged: true, rounds: 1 });
  });

  test('reconcile makes more changes than a function call takes arguments', async () => {
    const destinations = Array.from({ length: 200_000 }, (_, index) =>
      serverRow(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, 0),
    );
    const { outcomes, converged } = await reconcile({
      client: { applyAll: async (changes) => changes.map(() => undefined) },
      read: async () => ({ services: [], daemons: [], timeouts: { tcp: 900, tcpFin: 120, udp: 300 } }),
      plan: (current) => diff(current, { services: [{ ...entry(1), destinations }] }),
    });
    assert.deepEqual([outcomes.length, converged], [destinations.length + 1, true]);
  });

  test('reconcile plans again after another program made the same change first', async () => {
    await given(entry(1, server(1), server(2)), entry(9));
    const meddled = withMeddler(async (batch) => {
      if (batch === 0) await given(entry(2, server(7)));
      if (batch === 1) await client.apply({ do: 'deleteDestination', of: mark(1), id: server(2).id });
      if (batch === 3) await client.apply({ do: 'deleteService', id: mark(9) });
    });
    const desired = { services: [entry(1, server(2, 5)), entry(2, server(1))] };
    const { converged, rounds } = await reconcile(reconciler(desired, { client: meddled }));
    assert.equal(converged, true);
    assert.ok(rounds > 1, 'it was planned again');
    assert.deepEqual(await outline(), ['1: 2x5', '2: 1x1']);
  });

  test('reconcile gives up after 5 rounds against a program that undoes every change', async () => {
    const meddled = withMeddler(async () => given(entry(1)).catch(() => {}));
    // Removed again after each reading, so that it is always missing and always there.
    const read = async () => {
      await client.apply({ do: 'flush' });
      return readState(client);
    };
    const { converged, rounds, outcomes } = await reconcile(
      reconciler({ services: [entry(1)] }, { client: meddled, read }),
    );
    assert.deepEqual([converged, rounds], [false, 5]);
    assert.deepEqual(results(outcomes), ['addService refused']);
    assert.equal(outcomes[0]?.error?.code, 'EEXIST');
  });

  test('a refusal ends the plan before anything is removed, and every change has a result', async () => {
    await given(entry(1, server(1)), entry(9));
    const strange = { service: serviceRow(mark(2), { scheduler: 'strange' }), destinations: [server(1)] };
    const desired = { services: [entry(1, server(2)), strange, entry(3)] };
    const { converged, rounds, outcomes } = await reconcile(reconciler(desired));
    assert.deepEqual([converged, rounds], [false, 1]);
    assert.deepEqual(results(outcomes), [
      'addDestination done',
      'addService done',
      'addService refused',
      'addDestination skipped',
      'deleteDestination skipped',
      'deleteService skipped',
    ]);
    assert.equal(outcomes.find(({ result }) => result === 'refused')?.error?.code, 'ENOENT');
    assert.deepEqual(await outline(), ['1: 1x1 2x1', '3: ', '9: ']);
    ipvs.schedulers.add('strange');
    assert.equal((await reconcile(reconciler(desired))).converged, true);
    assert.deepEqual(await outline(), ['1: 2x1', '2: 1x1', '3: ']);
  });

  test('with refusalSkips: service a refusal skips later changes of its service, and removals of services', async () => {
    await given(entry(1, server(1, 5), server(2)), entry(4, server(1, 5)), entry(9));
    const strange = { service: serviceRow(mark(4), { scheduler: 'strange' }), destinations: [server(1, 1)] };
    const desired = { services: [entry(1, server(1, 0), server(3)), strange] };
    const { converged, outcomes } = await reconcile(reconciler(desired, { refusalSkips: 'service' }));
    assert.equal(converged, false);
    assert.deepEqual(results(outcomes), [
      'addDestination done',
      'editDestination done',
      'deleteDestination done',
      'editService refused',
      'editDestination skipped',
      'deleteService skipped',
    ]);
    assert.deepEqual(await outline(), ['1: 1x0 3x1', '4: 1x5', '9: ']);
  });

  test('reconcile announces each stage after the one before it has ended', async () => {
    await given(entry(9));
    const seen: string[] = [];
    await reconcile(
      reconciler(
        { services: [entry(1, server(1))] },
        { before: async (stage) => void seen.push(stage.map((change) => change.do).join(' ')) },
      ),
    );
    assert.deepEqual(seen, ['addService addDestination', 'deleteService']);
  });

  test('progress goes up to the number of changes', async () => {
    const services = Array.from({ length: 700 }, (_, index) => entry(index + 1));
    const seen: string[] = [];
    await reconcile(reconciler({ services }, { progress: (done, total) => seen.push(`${done}/${total}`) }));
    assert.deepEqual(seen, ['256/700', '512/700', '700/700']);
  });

  test('a broken connection ends reconcile with its error, and a second run converges', async () => {
    const desired = { services: Array.from({ length: 600 }, (_, index) => entry(index + 1, server(1))) };
    const failing = withMeddler(async (batch) => {
      if (batch === 2) throw new UnavailableError('not-permitted', 'gone');
    });
    await assert.rejects(reconcile(reconciler(desired, { client: failing })), UnavailableError);
    const { outcomes, converged } = await reconcile(reconciler(desired));
    assert.equal(converged, true);
    assert.equal(outcomes.length, 1200 - 512);
  });

  test('a daemon whose successor the kernel refuses runs again, and the refusal says so', async () => {
    const daemon = { state: 'backup', interface: 'eth0', syncId: 1, group: '224.0.0.99', ttl: 3 } as const;
    await reconcile(reconciler({ daemons: [daemon] }));
    const before = await client.daemons();
    const second = await reconcile(reconciler({ daemons: [{ ...daemon, interface: 'nosuch' }] }));
    assert.equal(second.converged, false);
    assert.deepEqual(results(second.outcomes), ['stopDaemon done', 'startDaemon refused']);
    assert.equal(second.outcomes[1]?.error?.detail, 'the one before runs again');
    assert.deepEqual(await client.daemons(), before);
  });

  test('timeouts and daemons are set, and restarted when they change', async () => {
    const daemon = { state: 'master', interface: 'eth0', syncId: 1 } as const;
    const first = await reconcile(reconciler({ timeouts: { tcp: 5 }, daemons: [daemon] }));
    assert.deepEqual(results(first.outcomes), ['setTimeouts done', 'startDaemon done']);
    assert.deepEqual(await client.timeouts(), { tcp: 5, tcpFin: 120, udp: 300 });
    const second = await reconcile(reconciler({ daemons: [{ ...daemon, syncId: 2 }] }));
    assert.deepEqual(results(second.outcomes), ['stopDaemon done', 'startDaemon done']);
    const third = await reconcile(reconciler({ daemons: [] }));
    assert.deepEqual(results(third.outcomes), ['stopDaemon done']);
    assert.deepEqual(await client.daemons(), []);
  });
});
