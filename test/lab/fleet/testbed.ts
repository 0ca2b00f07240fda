/** A fleet in namespaces, with an operator, and a client whose requests and connections are all accounted for. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Agent } from '../../support/net/agent.js';
import type { Network } from '../../support/net/network.js';
import { attempt, type Result } from '../../support/net/run.js';
import { monotonic, type SteadyRequest } from '../../support/net/steady-client.js';
import { quickLvsadm } from '../distribution.js';
import { Director } from './director.js';
import {
  buildNetwork,
  type DirectorName,
  directorNames,
  serverAddresses,
  serverNames,
  spreadOver,
  vip,
} from './network.js';
import { FleetEtcd } from './store.js';

/** Milliseconds in which all directors have a release once they reach the store. */
const CONVERGENCE = 90_000;

/** Servers in the pool of the first release. */
const POOL = 20;

/** Connections that the client keeps. */
const HELD = 12;

export interface Release {
  readonly id: number;
  /** Servers in the pool. */
  readonly size: number;
}

export class FleetTestbed implements AsyncDisposable {
  readonly directors: readonly Director[];
  private readonly client: Agent;
  private held: { readonly connection: number; readonly answer: string }[] = [];
  private pushes = 0;
  /** The release that all directors are to have. */
  current: Release = { id: 0, size: 0 };

  private constructor(
    private readonly network: Network,
    private readonly directory: string,
    readonly etcd: FleetEtcd,
    agents: readonly Agent[],
    /** From 0 to 1. */
    readonly random: () => number,
  ) {
    const [client, ...others] = agents;
    this.client = client as Agent;
    this.directors = directorNames.map(
      (name, index) => new Director(name, network.host(name), others[index] as Agent, directory, etcd),
    );
  }

  static async build(directory: string, random: () => number): Promise<FleetTestbed> {
    const network = await buildNetwork();
    let etcd: FleetEtcd | undefined;
    try {
      etcd = await FleetEtcd.start(directory);
      const agents = await Promise.all(
        ['client', ...directorNames].map((name) => network.host(name).agent()),
      );
      for (const name of serverNames)
        await (await network.host(name).agent()).call('serveHttp', { name, port: 80 });
      const testbed = new FleetTestbed(network, directory, etcd, agents, random);
      await testbed.begin();
      return testbed;
    } catch (error) {
      await etcd?.cluster.end();
      await network[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.etcd.cluster.end();
    await this.network[Symbol.asyncDispose]();
  }

  any<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)] as T;
  }

  /** What an operator does. */
  operator(...words: string[]): Promise<Result> {
    const env = { ...process.env, ...this.etcd.environment('operator') };
    return attempt(quickLvsadm, ['fleet', ...words, ...this.etcd.options], { env });
  }

  /** Like operator. @throws AssertionError with what it says unless it ends with 0 */
  async succeeds(...words: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.operator(...words);
    assert.equal(status, 0, `fleet ${words.join(' ')}: ${stdout}${stderr}${this.logs()}`);
    return stdout;
  }

  /** Makes a release. @param scheduler of the pool */
  async push(size: number, scheduler = 'wrr'): Promise<Release> {
    const documents = join(this.directory, 'documents');
    mkdirSync(documents, { recursive: true });
    const service = (port: number, words: object, servers: readonly (string | object)[]) =>
      JSON.stringify({ services: [{ service: `tcp://${vip}:${port}`, ...words, servers }] });
    const web = { scheduler: 'mh', schedulerFlags: ['mh-port'] };
    // Each release changes the servers of the client's requests, too, and not where they go.
    const upperThreshold = 10_000 + ++this.pushes;
    const servers = Object.values(serverAddresses).map((server) => ({ server, upperThreshold }));
    writeFileSync(join(documents, 'web.json'), service(80, web, servers));
    const members = Array.from({ length: size }, (_, index) => `198.18.0.${index + 1}`);
    writeFileSync(join(documents, 'pool.json'), service(81, { scheduler }, members));
    const comment = `push ${this.pushes}`;
    const { release } = JSON.parse(
      await this.succeeds('push', '-f', documents, '--json', '--comment', comment),
    );
    return { id: release, size };
  }

  /** Makes a release with another number of servers, within what a director takes. */
  pushNext(): Promise<Release> {
    const sizes = [POOL - 2, POOL - 1, POOL, POOL + 1].filter((size) => size !== this.current.size);
    return this.push(this.any(sizes));
  }

  /** Makes a release, and has the directors run it. @param wait until all do */
  async release(wait = true): Promise<Release> {
    const release = await this.pushNext();
    await this.succeeds('release', String(release.id), '--supersede', ...(wait ? ['--wait'] : []));
    this.current = release;
    return release;
  }

  /** Waits until directors have the servers of the current release. @returns milliseconds that it took */
  untilTables(directors = this.directors): Promise<number> {
    const { size } = this.current;
    return this.until(async () => {
      const counts = await Promise.all(directors.map((director) => director.counts()));
      if (counts.every((each) => each.at(-1) === size)) return undefined;
      const found = directors.map(({ name }, index) => `${name}: ${counts[index]?.join(' ')}`).join('; ');
      return `${size} are expected, ${found}`;
    });
  }

  /** Waits until the fleet is well. @returns milliseconds that it took */
  async untilWell(): Promise<number> {
    const taken = await this.until(async () => {
      const { status, stdout, stderr } = await this.operator('status');
      return status === 0 ? undefined : stdout + stderr;
    });
    return taken + (await this.untilTables());
  }

  /** Differences that another program made on a director, as it reports them. */
  async driftOn(name: DirectorName): Promise<number> {
    const { directors } = JSON.parse((await this.operator('status', '--json')).stdout) as {
      directors: { name: string; drift: number | null }[];
    };
    return directors.find((each) => each.name === name)?.drift ?? 0;
  }

  /** @param lacking says what is not yet as it has to be. @returns milliseconds until nothing was lacking */
  async until(lacking: () => Promise<string | undefined>): Promise<number> {
    const begun = monotonic();
    for (;;) {
      const lack = await lacking();
      if (lack === undefined) return monotonic() - begun;
      assert.ok(monotonic() - begun < CONVERGENCE, lack + this.logs());
      await sleep(300);
    }
  }

  /** The fleet is as a fault finds it: well, with the client's connections. The tables are watched from now on. */
  async begun(): Promise<void> {
    await this.untilWell();
    await this.requireHeld();
    await Promise.all(this.directors.map((director) => director.watch()));
  }

  /** What becomes of the requests of the client while the work is done. */
  async during(work: () => Promise<unknown>): Promise<SteadyRequest[]> {
    await this.client.call('startRequests', { address: vip, port: 80, every: 250, timeout: 3000 });
    try {
      await work();
    } catch (error) {
      await this.client.call('endRequests');
      throw error;
    }
    return this.client.call('endRequests');
  }

  /** The connections that the client keeps are answered by the servers that they began with. */
  async requireHeld(): Promise<void> {
    const answers = await Promise.all(
      this.held.map(({ connection }) => this.client.call('repeat', connection, 5000)),
    );
    assert.deepEqual(
      answers,
      this.held.map(({ answer }) => answer),
    );
  }

  /** Has the router spread clients over these directors. */
  async spread(names: readonly DirectorName[]): Promise<void> {
    await this.network.host('router').ip([`route replace ${spreadOver(names)}`]);
  }

  /** The ends of what the agents have written, for messages. */
  logs(): string {
    return this.directors.map(({ name, output }) => `\n${name}:\n${output.slice(-1500)}`).join('');
  }

  private async begin(): Promise<void> {
    this.current = await this.push(POOL);
    for (const director of this.directors) {
      // The first look loads the kernel's module.
      await director.watch();
      await director.prepare();
      director.start();
    }
    const end = monotonic() + CONVERGENCE;
    while (!/^4 directors$/m.test((await this.operator('status')).stdout))
      if (monotonic() > end) throw new Error(`the directors do not join:${this.logs()}`);
    await this.succeeds('release', '--wait');
    await this.untilTables();
    for (let index = 0; index < HELD; index++)
      this.held.push(await this.client.call('hold', { address: vip, port: 80 }));
  }
}
