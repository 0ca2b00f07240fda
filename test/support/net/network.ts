// A network of namespaces, built from a plan and taken down again.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { Host } from './host.js';
import {
  cableLines,
  hostLines,
  hostsOf,
  macOf,
  type NetworkPlan,
  portOf,
  switches,
  switchLines,
} from './plan.js';
import { ip } from './run.js';

/**
 * Hosts, each a network namespace of its own, on switches. Use with `await using`: the end of the scope ends the
 * processes that were started in it and removes it. So does the end of this process, unless SIGKILL ends it.
 */
export class Network implements AsyncDisposable {
  private readonly hosts = new Map<string, Host>();
  private readonly removeAtExit = () => this.removeNamespacesNow();

  private constructor(
    private readonly plan: NetworkPlan,
    private readonly prefix: string,
  ) {
    for (const name of hostsOf(plan)) this.hosts.set(name, new Host(name, this.namespaceOf(name)));
    process.on('exit', this.removeAtExit);
  }

  static async build(plan: NetworkPlan): Promise<Network> {
    // Random, because a process id is unique only within its own namespace, and the names are everybody's.
    const network = new Network(plan, `lvs-${randomBytes(4).toString('hex')}`);
    try {
      await network.build();
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
    return network;
  }

  host(name: string): Host {
    const host = this.hosts.get(name);
    if (!host) throw new Error(`the network has no host '${name}'`);
    return host;
  }

  /** The MAC address of a host's interface. */
  mac(host: string, segment: string): string {
    return macOf(this.plan, host, segment);
  }

  /** The switches' end of a host's cable. */
  portOf(host: string, segment: string): string {
    return portOf(this.plan, host, segment);
  }

  /** The host that a MAC address belongs to. */
  hostOf(mac: string): string | undefined {
    return Object.entries(this.plan).find(([host, { on }]) =>
      Object.keys(on).some((segment) => this.mac(host, segment) === mac),
    )?.[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.hosts.values()].map((host) => host.stop()));
    process.off('exit', this.removeAtExit);
    this.removeNamespacesNow();
  }

  private readonly namespaceOf = (host: string): string => `${this.prefix}-${host}`;

  private async build(): Promise<void> {
    await ip(undefined, cableLines(this.plan, this.namespaceOf));
    await this.host(switches).ip(switchLines(this.plan));
    await Promise.all(
      Object.entries(this.plan).map(async ([name, host]) => {
        await this.host(name).sysctl(host.sysctls ?? {});
        await this.host(name).ip(hostLines(this.plan, name));
      }),
    );
  }

  /** Synchronous, because it must do at the end of the process, too. What was never made is no error. */
  private removeNamespacesNow(): void {
    const lines = [...this.hosts.values()].map((host) => `netns delete ${host.namespace}\n`);
    spawnSync('ip', ['-force', '-batch', '-'], {
      input: lines.join(''),
      stdio: ['pipe', 'ignore', 'ignore'],
    });
  }
}
