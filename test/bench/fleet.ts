/**
 * npm run bench:fleet [AGENTS]: agents of a fleet over a real etcd on this machine, all in one process: how long a release takes to
 * reach them and to be reported by all, and what idle agents cost.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { readReports } from '../../src/fleet/conductor.js';
import { EtcdStore } from '../../src/fleet/etcd/etcd-store.js';
import { FleetMember } from '../../src/fleet/member.js';
import { readFleet, startRollout } from '../../src/fleet/operator.js';
import { pushRelease, readTarget } from '../../src/fleet/releases.js';
import { systemClock } from '../../src/system/clock.js';
import { EtcdCluster } from '../lab/etcd-cluster.js';
import { ensurePackages, etcdNeeds } from '../lab/packages.js';

const agents = Number(process.argv[2] ?? 1000);

/** Seconds over which idle agents are watched. */
const IDLE = 60;

const by = { author: 'bench', time: new Date().toISOString() };
const say = (line: string): void => void process.stdout.write(`${line}\n`);

await ensurePackages(etcdNeeds);
const cluster = await EtcdCluster.start(1);
const newStore = () =>
  new EtcdStore('etcd:', '/lvs/bench/', { endpoints: cluster.endpoints, timeout: 10_000, patience: 60_000 });
const stop = new AbortController();
const operator = newStore();
/** By release: the moments at which agents applied it. */
const applied = new Map<number, number[]>();

function start(index: number): Promise<void> {
  const member = new FleetMember(
    {
      connect: newStore,
      node: `d${index}`,
      member: { labels: { site: `eu${index % 4}` }, variables: {} },
      version: 'bench',
      clock: systemClock,
      random: Math.random,
      date: () => new Date().toISOString(),
      apply: async () => {},
      condition: () => ({ converged: true, health: { up: 10, down: 0 } }),
      remember({ release }) {
        applied.set(release, [...(applied.get(release) ?? []), performance.now()]);
      },
      tell() {},
    },
    undefined,
  );
  return member.run(stop.signal);
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

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;

try {
  await pushRelease(operator, [{ name: 'web.yaml', text: 'release 1' }], by);
  const running = Array.from({ length: agents }, (_, index) => start(index));
  const joined = await until(
    async () => (await readReports(operator)).size === agents,
    'all agents to report',
  );
  say(`${agents} agents have joined after ${seconds(joined)}`);
  for (let id = 1; id <= 3; id++) {
    if (id > 1) await pushRelease(operator, [{ name: 'web.yaml', text: `release ${id}` }], by);
    const fleet = await readFleet(operator);
    const begun = performance.now();
    await startRollout(operator, fleet, id, 'release', {
      ...by,
      waves: [{ percent: 100, wait: 0 }],
      maxDown: 0,
      onFailure: 'halt',
      patience: 300_000,
      supersede: true,
    });
    await until(() => applied.get(id)?.length === agents, 'all agents to apply the release');
    const moments = (applied.get(id) ?? []).map((moment) => moment - begun).sort((a, b) => a - b);
    await until(
      async () => [...(await readReports(operator)).values()].every(({ release }) => release === id),
      'all reports',
    );
    const reported = performance.now() - begun;
    await until(async () => (await readTarget(operator)).target?.state === 'done', 'the end of the rollout');
    const done = performance.now() - begun;
    const middle = moments[Math.floor(agents / 2)] ?? 0;
    say(
      `release ${id}: applied after ${seconds(middle)} (median), ${seconds(moments.at(-1) ?? 0)} (last); reported by all after ${seconds(reported)}; done after ${seconds(done)}`,
    );
  }
  await sleep(10_000);
  const before = process.cpuUsage();
  await sleep(IDLE * 1000);
  const { user, system } = process.cpuUsage(before);
  const share = (user + system) / 1000 / (IDLE * 1000) / agents;
  say(
    `an idle agent takes ${(share * 100).toFixed(3)} % of a core, and ${(process.memoryUsage().rss / agents / 1024).toFixed(0)} KiB in this process`,
  );
  stop.abort();
  await Promise.all(running);
} finally {
  operator.close();
  await cluster.end();
}
