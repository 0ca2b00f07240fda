// A second apply after the first was interrupted at any step: it does only what is left.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Destination } from '../../src/model/destination.js';
import type { ServiceState, State } from '../../src/model/state.js';
import { reconcile } from '../../src/plan/apply.js';
import { readState } from '../../src/plan/current.js';
import { diff } from '../../src/plan/diff.js';
import { stagesOf } from '../../src/plan/stages.js';
import { normal } from '../support/arbitrary-state.js';
import { FakeIpvs } from '../support/fake-ipvs.js';
import { serverRow, serviceRow } from '../support/rows.js';

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

const servers = (from: number, to: number, weight = 1): Destination[] =>
  range(from, to).map((number) => serverRow(`198.51.100.${number}`, 80, { weight }));

const entry = (fwmark: number, destinations: Destination[], scheduler = 'rr'): ServiceState => ({
  service: serviceRow({ fwmark, family: 'inet' }, { scheduler }),
  destinations,
});

const timeouts = { tcp: 900, tcpFin: 120, udp: 300 };
const daemon = { state: 'master', interface: 'eth0', syncId: 1 } as const;

const current: State = {
  services: [
    ...range(1, 5).map((mark) => entry(mark, servers(1, 21))),
    ...range(5, 9).map((mark) => entry(mark, servers(1, 2))),
  ],
  daemons: [daemon],
  timeouts,
};

const desired: State = {
  services: [
    ...range(1, 5).map((mark) => entry(mark, [...servers(11, 21, 5), ...servers(21, 31)], 'wlc')),
    ...range(9, 13).map((mark) => entry(mark, servers(1, 20))),
  ],
  daemons: [{ ...daemon, syncId: 2 }],
  timeouts: { ...timeouts, udp: 60 },
};

test('a second apply makes only the remaining changes after the first ended at any of 200 steps', async () => {
  const changes = stagesOf(diff(current, desired)).flat();
  const start = stagesOf(diff({ services: [], daemons: [], timeouts }, current)).flat();
  assert.ok(changes.length > 200, `${changes.length} changes`);
  const ipvs = new FakeIpvs();
  for (const change of start) ipvs.carryOut(change);
  for (let step = 0; step <= changes.length; step++) {
    const client = await ipvs.copy().client();
    const { converged, rounds, outcomes } = await reconcile({
      client,
      read: () => readState(client),
      plan: (now) => diff(now, desired),
    });
    assert.deepEqual([converged, rounds], [true, 1], `after step ${step}`);
    assert.deepEqual(
      outcomes.map(({ change }) => change),
      changes.slice(step),
      `after step ${step}`,
    );
    const { services, daemons, timeouts: set } = await readState(client);
    assert.deepEqual(normal({ services, daemons: [], timeouts: set }), normal({ ...desired, daemons: [] }));
    assert.deepEqual(
      daemons.map(({ syncId }) => syncId),
      [2],
    );
    client.close();
    const next = changes[step];
    if (next) ipvs.carryOut(next);
  }
});
