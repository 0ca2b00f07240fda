/** A director of the fleet: its agent, and what becomes of its table. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceId } from '../../../src/model/service.js';
import type { Agent } from '../../support/net/agent.js';
import type { Host } from '../../support/net/host.js';
import { Program } from '../../support/net/program.js';
import { quickLvsadm } from '../distribution.js';
import { type DirectorName, vip } from './network.js';
import type { FleetEtcd } from './store.js';

const WEB_PORT = 80;

/** The service that the client sends its requests to. */
export const web: ServiceId = { protocol: 'tcp', address: vip, port: WEB_PORT };

/** The service whose servers the releases change. */
export const pool: ServiceId = { protocol: 'tcp', address: vip, port: 81 };

/** Milliseconds between two looks at the table: four directors share an emulated processor. */
const LOOK = 250;

export class Director {
  private program: Program | undefined;
  private earlier = '';

  constructor(
    readonly name: DirectorName,
    readonly host: Host,
    private readonly agent: Agent,
    private readonly directory: string,
    private readonly etcd: FleetEtcd,
  ) {}

  /** What its agents have written. */
  get output(): string {
    return this.earlier + (this.program?.output ?? '');
  }

  /** Has connections of others go on here. */
  async prepare(): Promise<void> {
    await this.host.sysctl({ 'net.ipv4.vs.sloppy_tcp': 1 });
  }

  /** Watches the servers of the pool from now on: {@link counts}. */
  async watch(): Promise<void> {
    await this.agent.call('watchWeights', pool, LOOK);
  }

  /** @param variables of the agent's environment, besides those of the store */
  start(variables: NodeJS.ProcessEnv = {}): void {
    const { name, etcd } = this;
    const own = join(this.directory, name);
    mkdirSync(own, { recursive: true });
    const env = {
      ...process.env,
      ...etcd.environment('agent'),
      ...variables,
      LVSADM_RUN: own,
      LVSADM_STATE_DIR: own,
    };
    const words = ['run', ...etcd.options, '--node', name, '--label', 'site=eu1', '--prune'];
    this.program = new Program(this.host, quickLvsadm, words, env);
  }

  async kill(): Promise<void> {
    await this.program?.end('SIGKILL');
    this.earlier = `${this.output}(killed)\n`;
    this.program = undefined;
  }

  /** @throws Error if its agent does not say it within a minute */
  async says(words: string | RegExp, from: number): Promise<void> {
    await this.program?.says(words, from - this.earlier.length);
  }

  pause(): void {
    process.kill(this.program?.pid as number, 'SIGSTOP');
  }

  goOn(): void {
    process.kill(this.program?.pid as number, 'SIGCONT');
  }

  /** Numbers of servers in the pool: when the watch began, and after each change that was seen. */
  async counts(): Promise<number[]> {
    const log = await this.agent.call('weightLog');
    return log.map(({ weights }) => Object.keys(weights).length);
  }

  /** Connections of the client that it has scheduled, or taken over, since its start. */
  async connections(): Promise<bigint> {
    const table = await this.agent.call('readTable');
    return table.find(({ id }) => 'port' in id && id.port === WEB_PORT)?.stats.connections ?? 0n;
  }

  /** Removes the client's service, as another program would. */
  async removeWeb(): Promise<void> {
    await this.agent.call('applyChanges', [{ do: 'deleteService', id: web }]);
  }
}
