/** A client, a director and four servers whose faults a test chooses; what becomes of requests and weights meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceId } from '../../../src/model/service.js';
import type { Agent } from '../../support/net/agent.js';
import type { WeightsAt } from '../../support/net/agent-ipvs.js';
import type { Host } from '../../support/net/host.js';
import { Network } from '../../support/net/network.js';
import type { NetworkPlan } from '../../support/net/plan.js';
import { monotonic, type SteadyRequest } from '../../support/net/steady-client.js';
import type { Fault } from './faults.js';

export const vips = { inet: '192.0.2.1', inet6: '2001:db8::1' } as const;
export const serverPort = 8080;

export const servers = {
  alpha: { inet: '10.0.0.11', inet6: 'fd00::11' },
  beta: { inet: '10.0.0.12', inet6: 'fd00::12' },
  gamma: { inet: '10.0.0.13', inet6: 'fd00::13' },
  delta: { inet: '10.0.0.14', inet6: 'fd00::14' },
} as const;
export type ServerName = keyof typeof servers;
export const serverNames = Object.keys(servers) as ServerName[];

export const serviceAt = (port: number, family: keyof typeof vips = 'inet'): ServiceId => ({
  protocol: 'tcp',
  address: vips[family],
  port,
});

const plan: NetworkPlan = {
  client: {
    on: { outside: ['198.51.100.2/24', '2001:db8:1::2/64'] },
    routes: [`${vips.inet} via 198.51.100.1`, `${vips.inet6} via 2001:db8:1::1`],
  },
  director: {
    on: {
      outside: ['198.51.100.1/24', '2001:db8:1::1/64', `${vips.inet}/32`, `${vips.inet6}/128`],
      inside: ['10.0.0.1/24', 'fd00::1/64'],
    },
    sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 },
  },
  ...Object.fromEntries(
    Object.entries(servers).map(([name, { inet, inet6 }]) => [
      name,
      {
        on: { inside: [`${inet}/24`, `${inet6}/64`] },
        routes: ['default via 10.0.0.1', 'default via fd00::1'],
      },
    ]),
  ),
};

/** Milliseconds from one request of the steady client to the next, and for its answer. */
const EVERY = 100;
const PATIENCE = 1000;

/** What became of one fault. Times are milliseconds from its beginning, or its end. */
export interface Incident {
  readonly detected: number;
  readonly recovered: number;
  /** Requests that failed, and those of them that were sent after the detection. */
  readonly failed: number;
  readonly failedAfterwards: number;
  /** Every answer or error after the detection, for messages. */
  readonly requests: readonly SteadyRequest[];
}

export class Testbed implements AsyncDisposable {
  private constructor(
    private readonly network: Network,
    readonly director: Agent,
    private readonly client: Agent,
    private readonly agents: Readonly<Record<ServerName, Agent>>,
  ) {}

  static async build(): Promise<Testbed> {
    const network = await Network.build(plan);
    try {
      const [director, client, ...agents] = await Promise.all(
        ['director', 'client', ...serverNames].map((name) => network.host(name).agent()),
      );
      const byName = Object.fromEntries(serverNames.map((name, index) => [name, agents[index]]));
      const testbed = new Testbed(
        network,
        director as Agent,
        client as Agent,
        byName as Record<ServerName, Agent>,
      );
      await Promise.all(
        serverNames.map((name) => testbed.server(name).call('serveFaulty', { name, port: serverPort })),
      );
      return testbed;
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.network[Symbol.asyncDispose]();
  }

  host(name: 'client' | 'director' | ServerName): Host {
    return this.network.host(name);
  }

  server(name: ServerName): Agent {
    return this.agents[name];
  }

  /** Begins a fault at the moment that is the worst for its detection: a health check has just been answered. */
  async beginAfterCheck(fault: Fault, server: ServerName): Promise<number> {
    await this.server(server).call('nextCheck', serverPort);
    const began = monotonic();
    await fault.begin(this, server);
    return began;
  }

  /** The first moment since which the weights of the watched service are so. @throws Error if that takes too long */
  async untilWeights(
    holds: (weights: WeightsAt['weights']) => boolean,
    since: number,
    seconds: number,
    what: string,
  ): Promise<number> {
    const end = monotonic() + seconds * 1000;
    for (;;) {
      const log = await this.director.call('weightLog');
      const found = log.find(({ at, weights }, index) => {
        const isLast = index === log.length - 1;
        return (at >= since || isLast) && holds(weights);
      });
      if (found !== undefined) return Math.max(found.at, since);
      if (monotonic() > end)
        throw new Error(`${what}: not within ${seconds} s: ${JSON.stringify(log.at(-1))}`);
      await sleep(100);
    }
  }

  /** What becomes of the requests to a port of the VIP while the work is done. */
  async during(work: () => Promise<unknown>, port = 80): Promise<SteadyRequest[]> {
    await this.client.call('startRequests', { address: vips.inet, port, every: EVERY, timeout: PATIENCE });
    try {
      await work();
    } catch (error) {
      await this.client.call('endRequests');
      throw error;
    }
    return this.client.call('endRequests');
  }

  /** A fault of one server of the watched service, from its beginning to the recovery. */
  async incident(fault: Fault, server: ServerName, seconds: number): Promise<Incident> {
    const endpoint = `${servers[server].inet}:${serverPort}`;
    const isIn = (weights: WeightsAt['weights']): boolean => (weights[endpoint] ?? 0) > 0;
    let [detected, recovered, detectedAt] = [0, 0, 0];
    const requests = await this.during(async () => {
      const began = await this.beginAfterCheck(fault, server);
      try {
        detectedAt = await this.untilWeights((weights) => !isIn(weights), began, seconds, fault.name);
        detected = detectedAt - began;
        await sleep(1000);
      } finally {
        await fault.end(this, server);
      }
      const ended = monotonic();
      recovered = (await this.untilWeights(isIn, ended, seconds, `the end of ${fault.name}`)) - ended;
    });
    const failures = requests.filter(({ error }) => error !== undefined);
    return {
      detected,
      recovered,
      failed: failures.length,
      failedAfterwards: failures.filter(({ at }) => at > detectedAt).length,
      requests,
    };
  }
}
