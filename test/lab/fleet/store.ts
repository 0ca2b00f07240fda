/** The store of the fleet: three etcd servers with TLS, users and the roles that docs/fleet.md gives them, and little room. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, type Result, run } from '../../support/net/run.js';
import { Authority, type Certificate } from '../certificates.js';
import { EtcdCluster } from '../etcd-cluster.js';
import { memberAddresses } from './network.js';

export const PREFIX = '/lvs/eu1/';

/** Bytes that the store takes. */
export const QUOTA = 8_000_000;

const ROOT_PASSWORD = 'root-secret';

/** For processors that are emulated: slower than etcd's defaults of 100 and 1000 ms, and logins that cost less than 70 ms. */
const pace = ['--heartbeat-interval=500', '--election-timeout=5000', '--bcrypt-cost=4'];

export type User = 'agent' | 'operator';

export class FleetEtcd {
  private constructor(
    private readonly directory: string,
    readonly cluster: EtcdCluster,
    private readonly authority: Authority,
    private readonly client: Certificate,
  ) {}

  static async start(directory: string): Promise<FleetEtcd> {
    const authority = new Authority(directory, 'authority');
    const server = authority.sign('server', { addresses: memberAddresses });
    const options = [
      ...pace,
      `--quota-backend-bytes=${QUOTA}`,
      `--cert-file=${server.cert}`,
      `--key-file=${server.key}`,
      '--client-cert-auth',
      `--trusted-ca-file=${authority.cert}`,
    ];
    const cluster = await EtcdCluster.start(3, options, 'https', memberAddresses);
    const etcd = new FleetEtcd(directory, cluster, authority, clientCertificate(authority, 2));
    await etcd.addUsers();
    return etcd;
  }

  get url(): string {
    return `etcds://${this.cluster.endpoints.map(({ host, port }) => `${host}:${port}`).join(',')}${PREFIX}`;
  }

  /** The options of lvsadm that lead to the store. */
  get options(): string[] {
    const { cert, key } = this.client;
    return ['--store', this.url, '--store-ca', this.authority.cert, '--store-cert', cert, '--store-key', key];
  }

  environment(user: User): NodeJS.ProcessEnv {
    return { LVSADM_STORE_USER: `lvs-${user}`, LVSADM_STORE_PASSWORD_FILE: this.passwordFile(user) };
  }

  /** Puts another certificate where the clients have theirs. @param days of its life; a negative number: it has ended */
  renewCertificate(days: number): void {
    clientCertificate(this.authority, days);
  }

  writePassword(user: User, password: string): void {
    writeFileSync(this.passwordFile(user), `${password}\n`);
  }

  /** @throws Error with what it says if it fails */
  ctl(words: readonly string[], input = ''): Promise<string> {
    return run('etcdctl', [...this.ctlOptions, ...words], { input, env: ctlEnvironment });
  }

  tryCtl(words: readonly string[], input = ''): Promise<Result> {
    return attempt('etcdctl', [...this.ctlOptions, ...words], { input, env: ctlEnvironment });
  }

  /** Keys and values below the prefix, without those under leases. */
  async entries(): Promise<readonly (readonly [key: string, value: string])[]> {
    const text = await this.ctl(['get', '--prefix', PREFIX, '-w', 'json']);
    const { kvs } = JSON.parse(text) as { kvs: { key: string; value: string; lease?: number }[] };
    return kvs
      .filter(({ lease }) => lease === undefined)
      .map(({ key, value }) => [decoded(key), decoded(value)]);
  }

  async compact(): Promise<void> {
    const [{ Status: status }] = JSON.parse(await this.ctl(['endpoint', 'status', '-w', 'json'])) as [
      { Status: { header: { revision: number } } },
    ];
    await this.ctl(['compaction', String(status.header.revision)]);
  }

  /** Kills members one after the other, and starts each again: all connections are made anew. */
  async restart(): Promise<void> {
    const { cluster } = this;
    for (const member of cluster.members) {
      await cluster.kill(member);
      cluster.run(member);
      await cluster.ready(member);
    }
  }

  private async addUsers(): Promise<void> {
    this.writePassword('agent', 'agent-secret');
    this.writePassword('operator', 'operator-secret');
    const grant = (role: string, kind: string, key: string) => [
      ...['role', 'grant-permission', role],
      ...(key.endsWith('/') ? ['--prefix=true'] : []),
      ...[kind, PREFIX + key],
    ];
    const lines = [
      ['user', 'add', `root:${ROOT_PASSWORD}`],
      ['user', 'add', 'lvs-agent:agent-secret'],
      ['user', 'add', 'lvs-operator:operator-secret'],
      ['role', 'add', 'lvs-agent'],
      ['role', 'grant-permission', 'lvs-agent', '--prefix=true', 'read', PREFIX],
      ...['nodes/', 'members/', 'conductor', 'target'].map((key) => grant('lvs-agent', 'readwrite', key)),
      ['role', 'add', 'lvs-operator'],
      ['role', 'grant-permission', 'lvs-operator', '--prefix=true', 'readwrite', PREFIX],
      ['user', 'grant-role', 'lvs-agent', 'lvs-agent'],
      ['user', 'grant-role', 'lvs-operator', 'lvs-operator'],
      ['auth', 'enable'],
    ];
    for (const words of lines) await run('etcdctl', [...this.tlsOptions, ...words], { env: ctlEnvironment });
  }

  private get tlsOptions(): string[] {
    const { cert, key } = this.client;
    const files = [`--cacert=${this.authority.cert}`, `--cert=${cert}`, `--key=${key}`];
    return [`--endpoints=${this.cluster.urls}`, ...files, '--command-timeout=20s'];
  }

  private get ctlOptions(): string[] {
    return [...this.tlsOptions, `--user=root:${ROOT_PASSWORD}`];
  }

  private readonly passwordFile = (user: User): string => join(this.directory, `${user}.password`);
}

/** An etcd with users takes none with a common name. */
const clientCertificate = (authority: Authority, days: number): Certificate =>
  authority.sign('client', { days, subject: '/O=lvsadm' });

const ctlEnvironment = { ...process.env, ETCDCTL_API: '3' };

const decoded = (text: string): string => Buffer.from(text, 'base64').toString();
