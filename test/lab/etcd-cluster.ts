/** etcd servers of Debian on addresses of this machine, each with a directory that is removed at the end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Member {
  readonly name: string;
  readonly address: string;
  readonly clientPort: number;
  readonly words: readonly string[];
  process: ChildProcess | undefined;
  log: string;
}

/** Milliseconds for a member to answer. */
const PATIENCE = 60_000;

export class EtcdCluster {
  private constructor(
    private readonly directory: string,
    readonly members: readonly Member[],
    private readonly scheme: 'http' | 'https',
  ) {}

  get endpoints(): { host: string; port: number }[] {
    return this.members.map(({ address, clientPort }) => ({ host: address, port: clientPort }));
  }

  /** For etcdctl(1). */
  get urls(): string {
    return this.endpoints.map(({ host, port }) => `${this.scheme}://${host}:${port}`).join(',');
  }

  /**
   * @param options of etcd(1) for all members, such as `--quota-backend-bytes=...`
   * @param addresses of the members (default: the loopback's)
   */
  static async start(
    size: number,
    options: readonly string[] = [],
    scheme: 'http' | 'https' = 'http',
    addresses: readonly string[] = [],
  ): Promise<EtcdCluster> {
    const directory = mkdtempSync(join(tmpdir(), 'lvsadm-etcd-'));
    const ports = await freePorts(2 * size);
    const names = Array.from({ length: size }, (_, index) => `m${index}`);
    const addressOf = (index: number): string => addresses[index] ?? '127.0.0.1';
    const peer = (index: number): string => `http://${addressOf(index)}:${ports[2 * index + 1]}`;
    const all = names.map((name, index) => `${name}=${peer(index)}`).join(',');
    const members = names.map((name, index): Member => {
      const client = `${scheme}://${addressOf(index)}:${ports[2 * index]}`;
      const words = [
        `--name=${name}`,
        `--data-dir=${join(directory, name)}`,
        `--listen-client-urls=${client}`,
        `--advertise-client-urls=${client}`,
        `--listen-peer-urls=${peer(index)}`,
        `--initial-advertise-peer-urls=${peer(index)}`,
        `--initial-cluster=${all}`,
        '--initial-cluster-state=new',
        ...options,
      ];
      const clientPort = ports[2 * index] as number;
      return { name, address: addressOf(index), clientPort, words, process: undefined, log: '' };
    });
    const cluster = new EtcdCluster(directory, members, scheme);
    for (const member of members) cluster.run(member);
    await Promise.all(members.map((member) => cluster.ready(member)));
    return cluster;
  }

  run(member: Member): void {
    member.log = '';
    const child = spawn('etcd', member.words, { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.on('data', (chunk) => {
      member.log = (member.log + chunk).slice(-10_000);
    });
    member.process = child;
  }

  /** Ends a member as a crash would. */
  async kill(member: Member): Promise<void> {
    const { process } = member;
    member.process = undefined;
    if (process === undefined || process.exitCode !== null) return;
    process.kill('SIGKILL');
    await new Promise((resolve) => process.once('exit', resolve));
  }

  /** Starts the members that were killed. */
  async revive(): Promise<void> {
    const killed = this.members.filter(({ process }) => process === undefined);
    for (const member of killed) this.run(member);
    await Promise.all(killed.map((member) => this.ready(member)));
  }

  async ready(member: Member): Promise<void> {
    const end = Date.now() + PATIENCE;
    for (;;) {
      if (
        this.scheme === 'https'
          ? member.log.includes('ready to serve client requests')
          : await isHealthy(member)
      )
        return;
      if (Date.now() > end) throw new Error(`etcd ${member.name} does not start:\n${member.log}`);
      await sleep(100);
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.members.map((member) => this.kill(member)));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

async function isHealthy({ address, clientPort }: Member): Promise<boolean> {
  try {
    const answer = await fetch(`http://${address}:${clientPort}/health`, {
      signal: AbortSignal.timeout(2000),
    });
    return ((await answer.json()) as { health?: string }).health === 'true';
  } catch {
    return false;
  }
}

/** Ports that nothing listens on now; all are taken at once so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
