/** Directors of a fleet over three real etcd servers, which are killed and started while releases are made. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LvsadmError, UsageError } from '../../src/errors.js';
import { EtcdStore } from '../../src/fleet/etcd/etcd-store.js';
import { FleetMember } from '../../src/fleet/member.js';
import type { LastGood } from '../../src/fleet/member-ports.js';
import { readFleet, startRollout } from '../../src/fleet/operator.js';
import { pushRelease, readTarget } from '../../src/fleet/releases.js';
import { noHolds } from '../../src/model/hold.js';
import { systemClock } from '../../src/system/clock.js';
import { LabUnavailable } from './errors.js';
import { EtcdCluster } from './etcd-cluster.js';
import { ensurePackages, etcdNeeds } from './packages.js';

/** Releases that are made; the whole form takes minutes. */
const ROUNDS = Number(process.env['LVSADM_FLEET_ROUNDS'] ?? 2);

/** Milliseconds for all directors to run a release once the store is whole. */
const CONVERGENCE = 60_000;

let cluster: EtcdCluster;
let missing: string | undefined;

before(async () => {
  try {
    await ensurePackages(etcdNeeds);
    cluster = await EtcdCluster.start(3);
  } catch (error) {
    if (!(error instanceof LabUnavailable)) throw error;
    missing = error.message;
  }
});

after(() => cluster?.end());

class Machine {
  readonly history: LastGood[] = [];
  readonly lines: string[] = [];
  private stop = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private last: LastGood | undefined;

  constructor(readonly name: string) {}

  get release(): number | undefined {
    return this.last?.release;
  }

  start(): void {
    this.stop = new AbortController();
    const member = new FleetMember(
      {
        connect: () => newStore(),
        node: this.name,
        member: { labels: {}, variables: {} },
        version: 'test',
        clock: systemClock,
        random: Math.random,
        date: () => new Date().toISOString(),
        async apply(documents) {
          if (documents.length === 0 || documents.some(({ text }) => text === ''))
            throw new UsageError('empty');
        },
        condition: () => ({
          converged: true,
          health: { up: 3, down: 0 },
          holds: noHolds,
          hashing: [],
          drift: 0,
        }),
        takeHolds: () => {},
        remember: async (last) => {
          this.last = last;
          this.history.push(last);
          return undefined;
        },
        tell: (line) => void this.lines.push(line),
      },
      this.last,
    );
    this.running = member.run(this.stop.signal);
  }

  async kill(): Promise<void> {
    this.stop.abort();
    await this.running;
  }
}

const newStore = (): EtcdStore =>
  new EtcdStore('etcd:/lvs/chaos/', '/lvs/chaos/', { endpoints: cluster.endpoints, timeout: 2000 });

/** Tries until the store takes it: an operator would. */
async function insist<T>(attempt: () => Promise<T>): Promise<T> {
  for (let end = performance.now() + CONVERGENCE; ; ) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof LvsadmError) || performance.now() > end) throw error;
      await sleep(500);
    }
  }
}

test('directors agree after etcd members and directors were killed at random', {
  timeout: 600_000,
}, async (t) => {
  if (missing !== undefined) return t.skip(missing);
  const machines = ['d1', 'd2', 'd3', 'd4'].map((name) => new Machine(name));
  const operator = newStore();
  t.after(() => operator.close());
  const by = { author: 'alice', time: '2026-01-01T00:00:00Z' };
  const request = { ...by, maxDown: 0, onFailure: 'halt', patience: 120_000, supersede: true } as const;
  await insist(() => pushRelease(operator, [{ name: 'web.yaml', text: 'round 0' }], by));
  for (const machine of machines) machine.start();
  t.after(() => Promise.all(machines.map((machine) => machine.kill())));
  const any = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;
  for (let round = 1; round <= ROUNDS; round++) {
    const member = any(cluster.members);
    const machine = any(machines);
    await cluster.kill(member);
    await machine.kill();
    const { release } = await insist(() =>
      pushRelease(operator, [{ name: 'web.yaml', text: `round ${round}` }], by),
    );
    const waves = [{ percent: 25, wait: 500 }];
    await insist(async () =>
      startRollout(operator, await readFleet(operator), release.id, 'release', { ...request, waves }),
    );
    await sleep(2000 * Math.random());
    cluster.run(member);
    machine.start();
    await cluster.ready(member);
  }
  const { target } = await insist(() => readTarget(operator));
  const end = performance.now() + CONVERGENCE;
  while (machines.some(({ release }) => release !== target?.release) && performance.now() < end)
    await sleep(200);
  assert.deepEqual(
    machines.map(({ release }) => release),
    Array(4).fill(target?.release),
    machines.map(({ name, lines }) => `${name}: ${lines.join('; ')}`).join('\n'),
  );
  const releases = new Map<number, number>();
  for (const { history, name } of machines) {
    history.forEach(({ sequence, release }, index) => {
      assert.ok(sequence >= (history[index - 1]?.sequence ?? 0), `${name} went back to ${sequence}`);
      assert.equal(releases.get(sequence) ?? release, release);
      releases.set(sequence, release);
    });
  }
});
