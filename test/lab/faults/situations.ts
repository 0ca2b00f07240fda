/** What is compared between programs that keep a table: each situation is played for both, and gives numbers of which less is better. */
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonic, type SteadyRequest } from '../../support/net/steady-client.js';
import type { Balancer, Setup } from './balancer.js';
import { checksFail, type Fault, faults, oneOfThree } from './faults.js';
import { serverNames, serverPort, servers, serviceAt, type Testbed } from './testbed.js';

/** Numbers by what they count, in the order of the table. */
export type Measured = Readonly<Record<string, number>>;

export interface Situation {
  readonly name: string;
  /** The program has started with the usual settings, and all servers are in. */
  measure(testbed: Testbed, balancer: Balancer, tell: Tell): Promise<Measured>;
}

export const usual: Setup = {
  ports: [80],
  servers: ['alpha', 'beta', 'gamma'],
  every: 1000,
  timeout: 1000,
  fastEvery: 500,
  fall: 3,
  rise: 1,
};

/** Seconds that a detection or a recovery may take. */
const LIMIT = 20;

type Tell = (line: string) => void;

const failedOf = (requests: readonly SteadyRequest[]): SteadyRequest[] =>
  requests.filter(({ error }) => error !== undefined);

const failuresOf = (requests: readonly SteadyRequest[]): number => failedOf(requests).length;

const ofFault = (fault: Fault): Situation => ({
  name: fault.name,
  async measure(testbed) {
    const { detected, recovered, failed } = await testbed.incident(fault, 'alpha', LIMIT);
    return { detected: detected / 1000, recovered: recovered / 1000, failed };
  },
});

/** While a server is down: what the work makes of the requests of clients. */
const whileDown = (
  name: string,
  work: (balancer: Balancer, testbed: Testbed) => Promise<unknown>,
): Situation => ({
  name,
  async measure(testbed, balancer, tell) {
    const endpoint = `${servers.alpha.inet}:${serverPort}`;
    await faults.dropped.begin(testbed, 'alpha');
    await testbed.untilWeights((weights) => !weights[endpoint], monotonic(), LIMIT, 'the fault before');
    const requests = await testbed.during(async () => {
      await sleep(1000);
      await work(balancer, testbed);
      await sleep(6000);
    });
    await faults.dropped.end(testbed, 'alpha');
    await balancer.reload(usual);
    const isWhole = (weights: Readonly<Record<string, number>>): boolean =>
      usual.servers.every((server) => (weights[`${servers[server].inet}:${serverPort}`] ?? 0) > 0);
    await testbed.untilWeights(isWhole, monotonic(), LIMIT, 'the end of the fault');
    for (const { at, error } of failedOf(requests)) tell(`  failed at ${at} ms: ${error}`);
    return { failed: failuresOf(requests) };
  },
});

const halfDead: Situation = {
  name: 'a server answers one request of three, for 20 s',
  async measure(testbed, balancer) {
    // The default of documents.
    await balancer.reload({ ...usual, rise: 2 });
    await sleep(3000);
    const began = monotonic();
    const requests = await testbed.during(async () => {
      await oneOfThree.begin(testbed, 'alpha');
      await sleep(20_000);
      await oneOfThree.end(testbed, 'alpha');
    });
    const log = await testbed.director.call('weightLog');
    const changes = log.filter(({ at }) => at > began).length;
    await balancer.reload(usual);
    await sleep(3000);
    return { changes, failed: failuresOf(requests) };
  },
};

const wrongChecks: Situation = {
  name: 'the health checks of all servers fail, and clients are answered, for 8 s',
  async measure(testbed) {
    const all = (change: 'begin' | 'end') =>
      Promise.all(usual.servers.map((server) => checksFail[change](testbed, server)));
    const requests = await testbed.during(async () => {
      await all('begin');
      await sleep(8000);
      await all('end');
    });
    await sleep(3000);
    return { failed: failuresOf(requests) };
  },
};

const threeServices: Situation = {
  name: 'three services with the same server, for 10 s',
  async measure(testbed, balancer) {
    await balancer.reload({ ...usual, ports: [80, 81, 82] });
    await sleep(3000);
    const count = () => testbed.server('beta').call('checksAt', serverPort);
    const before = await count();
    await sleep(10_000);
    const checks = (await count()) - before;
    await balancer.reload(usual);
    await sleep(3000);
    return { checks };
  },
};

export const situations: readonly Situation[] = [
  ...Object.values(faults).map(ofFault),
  whileDown('reload that changes nothing, while a server is down', (balancer) => balancer.reload(usual)),
  whileDown('reload that adds a server, while a server is down', (balancer) =>
    balancer.reload({ ...usual, servers: serverNames }),
  ),
  whileDown('restart, while a server is down', async (balancer) => {
    await balancer.stop();
    await balancer.start(usual);
  }),
  whileDown('kill -9 and start, while a server is down', async (balancer) => {
    await balancer.kill();
    await balancer.start(usual);
  }),
  halfDead,
  wrongChecks,
  threeServices,
];

/** Plays all situations with one program. */
export async function play(
  testbed: Testbed,
  balancer: Balancer,
  tell: Tell,
): Promise<ReadonlyMap<string, Measured>> {
  const results = new Map<string, Measured>();
  await balancer.start(usual);
  await testbed.director.call('watchWeights', serviceAt(80));
  try {
    for (const { name, measure } of situations) {
      const before = balancer.output.length;
      const measured = await measure(testbed, balancer, tell);
      results.set(name, measured);
      tell(`${balancer.name}: ${name}: ${JSON.stringify(measured)}`);
      if (measured['failed']) tell(balancer.output.slice(before));
    }
    return results;
  } catch (error) {
    throw new Error(`${balancer.name}: ${(error as Error).message}\n${balancer.output.slice(-3000)}`);
  } finally {
    await balancer.kill();
    await testbed.director.call('applyChanges', [{ do: 'flush' }]);
  }
}
