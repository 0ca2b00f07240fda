/**
 * Agents of a fleet over a real etcd, all in this process: how long a release takes to reach them and to be reported by all, and what
 * idle agents cost.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { readReports } from '../../../src/fleet/conductor.js';
import { EtcdStore } from '../../../src/fleet/etcd/etcd-store.js';
import { FleetMember } from '../../../src/fleet/member.js';
import { readFleet, startRollout } from '../../../src/fleet/operator.js';
import { pushRelease, readTarget } from '../../../src/fleet/releases.js';
import type { FleetStore } from '../../../src/fleet/store.js';
import { noHolds } from '../../../src/model/hold.js';
import { systemClock } from '../../../src/system/clock.js';
import { EtcdCluster } from '../../lab/etcd-cluster.js';

/** Seconds over which idle agents are watched. */
const IDLE = 60;

const RELEASES = [1, 2, 3];

const by = { author: 'bench', time: new Date().toISOString() };

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;

/** Lines of results. */
export async function* measureAgents(count: number): AsyncGenerator<string> {
  const cluster = await EtcdCluster.start(1);
  const agents = new Agents(count, cluster);
  try {
    await agents.push(1);
    yield await agents.join();
    for (const id of RELEASES) yield await agents.release(id);
    await sleep(10_000);
    yield await agents.idle();
  } finally {
    await agents.end();
    await cluster.end();
  }
}

class Agents {
  private readonly stop = new AbortController();
  private readonly operator: FleetStore;
  private running: Promise<void>[] = [];
  /** By release: the moments at which agents applied it. */
  private readonly applied = new Map<number, number[]>();

  constructor(
    private readonly count: number,
    private readonly cluster: EtcdCluster,
  ) {
    this.operator = this.newStore();
  }

  async push(id: number): Promise<void> {
    await pushRelease(this.operator, [{ name: 'web.yaml', text: `release ${id}` }], by);
  }

  async join(): Promise<string> {
    this.running = Array.from({ length: this.count }, (_, index) => this.start(index));
    const joined = await until(
      async () => (await readReports(this.operator)).size === this.count,
      'all agents to report',
    );
    return `${this.count} agents have joined after ${seconds(joined)}`;
  }

  async release(id: number): Promise<string> {
    const { operator, count, applied } = this;
    await this.push(id);
    const begun = performance.now();
    const since = () => seconds(performance.now() - begun);
    await startRollout(operator, await readFleet(operator), id, 'release', {
      ...by,
      waves: [{ percent: 100, wait: 0 }],
      maxDown: 0,
      onFailure: 'halt',
      patience: 300_000,
      supersede: true,
    });
    await until(() => applied.get(id)?.length === count, 'all agents to apply the release');
    const moments = (applied.get(id) ?? []).map((moment) => moment - begun).sort((a, b) => a - b);
    await until(
      async () => [...(await readReports(operator)).values()].every(({ release }) => release === id),
      'all reports',
    );
    const reported = since();
    await until(async () => (await readTarget(operator)).target?.state === 'done', 'the end of the rollout');
    const [middle = 0, last = 0] = [moments[Math.floor(count / 2)], moments.at(-1)];
    return (
      `release ${id}: applied after ${seconds(middle)} (median), ${seconds(last)} (last); ` +
      `reported by all after ${reported}; done after ${since()}`
    );
  }

  /** What they cost when nothing happens. */
  async idle(): Promise<string> {
    const { count, cluster } = this;
    const [before, requests] = [process.cpuUsage(), await requestsOf(cluster)];
    await sleep(IDLE * 1000);
    const { user, system } = process.cpuUsage(before);
    const share = (user + system) / 1000 / (IDLE * 1000) / count;
    const asked = (await requestsOf(cluster)) - requests;
    return (
      `an idle agent takes ${(share * 100).toFixed(3)} % of a core, ` +
      `has one request in ${((IDLE * count) / asked).toFixed(1)} s, ` +
      `and ${(process.memoryUsage().rss / count / 1024).toFixed(0)} KiB of this process`
    );
  }

  async end(): Promise<void> {
    this.stop.abort();
    await Promise.all(this.running);
    this.operator.close();
  }

  private start(index: number): Promise<void> {
    const member = new FleetMember(
      {
        connect: () => this.newStore(),
        node: `d${index}`,
        member: { labels: { site: `eu${index % 4}` }, variables: {} },
        version: 'bench',
        clock: systemClock,
        random: Math.random,
        date: () => new Date().toISOString(),
        apply: async () => {},
        condition: () => ({
          converged: true,
          health: { up: 10, down: 0 },
          holds: noHolds,
          hashing: [],
          drift: 0,
        }),
        takeHolds() {},
        remember: async ({ release }) => {
          this.applied.set(release, [...(this.applied.get(release) ?? []), performance.now()]);
          return undefined;
        },
        tell() {},
      },
      undefined,
    );
    return member.run(this.stop.signal);
  }

  private newStore(): FleetStore {
    const { endpoints } = this.cluster;
    return new EtcdStore('etcd:', '/lvs/bench/', { endpoints, timeout: 10_000, patience: 60_000 });
  }
}

/** Milliseconds until a condition holds. */
async function until(condition: () => Promise<boolean> | boolean, what: string): Promise<number> {
  const begun = performance.now();
  while (!(await condition())) {
    if (performance.now() - begun > 300_000) throw new Error(`waited in vain for ${what}`);
    await sleep(50);
  }
  return performance.now() - begun;
}

/** Calls that etcd's first member has taken since its start, by its own count. */
async function requestsOf({ endpoints: [first] }: EtcdCluster): Promise<number> {
  const answer = await fetch(`http://${first?.host}:${first?.port}/metrics`);
  const counts = (await answer.text()).matchAll(/^grpc_server_msg_received_total\{.*\} (\S+)$/gm);
  return Array.from(counts, ([, count]) => Number(count)).reduce((sum, count) => sum + count, 0);
}
