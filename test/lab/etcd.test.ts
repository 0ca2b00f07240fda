/** The store of a fleet over real etcd servers on the loopback of this machine: what breaks, and what goes on. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError, type StoreFailure } from '../../src/errors.js';
import type { EtcdOptions } from '../../src/fleet/etcd/client.js';
import { EtcdStore } from '../../src/fleet/etcd/etcd-store.js';
import type { Change } from '../../src/fleet/store.js';
import { storeCases } from '../support/store-cases.js';
import { Authority } from './certificates.js';
import { LabUnavailable } from './errors.js';
import { EtcdCluster } from './etcd-cluster.js';
import { ensurePackages, etcdNeeds } from './packages.js';

const directory = mkdtempSync(join(tmpdir(), 'lvsadm-etcd-test-'));
let cluster: EtcdCluster;
let serial = 0;
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

after(async () => {
  await cluster?.end();
  rmSync(directory, { recursive: true });
});

storeCases(
  'etcd',
  async () => {
    const prefix = `/lvs/case${serial++}/`;
    return { open: () => storeAt(cluster, {}, prefix), pass: (milliseconds) => sleep(milliseconds) };
  },
  () => missing,
);

const storeAt = (
  { endpoints }: Pick<EtcdCluster, 'endpoints'>,
  options: Partial<EtcdOptions> = {},
  prefix = `/lvs/own${serial++}/`,
): EtcdStore => new EtcdStore('etcd:', prefix, { endpoints, ...options });

const etcdTest = (name: string, story: (t: TestContext) => Promise<void>): void =>
  void test(name, { timeout: 120_000 }, async (t) => {
    if (missing === undefined) return story(t);
    t.skip(missing);
  });

const failsAs = (kind: StoreFailure, pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof StoreError, String(error));
  assert.match(error.message, pattern);
  assert.equal(error.kind, kind, error.message);
  return true;
};

const put = (store: EtcdStore, value: string, key = 'target') =>
  store.commit({ comparisons: [], writes: [{ key, value }] });

etcdTest('members that are killed one after the other cost no call, and no lease', async (t) => {
  const store = storeAt(cluster);
  t.after(() => store.close());
  const lease = await store.lease(20);
  let serial = 0;
  for (const member of cluster.members) {
    await cluster.kill(member);
    for (let round = 0; round < 3; round++) {
      const revision = await put(store, String(++serial));
      assert.ok(revision !== undefined);
      assert.equal((await store.read('target')).entries[0]?.value, String(serial));
    }
    cluster.run(member);
    await cluster.ready(member);
  }
  await sleep(8000);
  assert.ok(!lease.lost.aborted);
});

etcdTest('a watch whose member is killed fails, and goes on from its last revision at another', async (t) => {
  const store = storeAt(cluster);
  t.after(() => store.close());
  const seen: string[] = [];
  const stop = new AbortController();
  let after = (await put(store, '0')) ?? 0;
  const watching = (async () => {
    while (!stop.signal.aborted) {
      try {
        for await (const changes of store.watch('target', after, stop.signal)) {
          for (const { value = '' } of changes) seen.push(value);
          after = Math.max(...changes.map(({ revision }: Change) => revision));
        }
      } catch (error) {
        failsAs('unreachable', /cannot watch target/)(error);
        await sleep(100);
      }
    }
  })();
  await put(store, '1');
  for (const member of cluster.members) {
    await cluster.kill(member);
    await put(store, String(seen.length + 1000));
    cluster.run(member);
    await cluster.ready(member);
  }
  await put(store, 'last');
  for (let look = 0; look < 100 && seen.at(-1) !== 'last'; look++) await sleep(100);
  stop.abort();
  await watching;
  assert.equal(seen.length, 5, seen.join());
  assert.deepEqual([seen[0], seen.at(-1)], ['1', 'last']);
});

etcdTest('without a quorum calls fail in time, with the reason', async (t) => {
  const [first, second] = cluster.members;
  assert.ok(first && second);
  const store = storeAt(cluster, { timeout: 1000, patience: 4000 });
  t.after(() => store.close());
  await put(store, '1');
  await Promise.all([cluster.kill(first), cluster.kill(second)]);
  const begun = performance.now();
  await assert.rejects(
    put(store, '2'),
    failsAs('unreachable', /cannot write target: etcd at 127\.0\.0\.1:\d+: /),
  );
  assert.ok(performance.now() - begun < 10_000);
  for (const member of [first, second]) cluster.run(member);
  await Promise.all([first, second].map((member) => cluster.ready(member)));
  assert.ok((await put(store, '3')) !== undefined);
});

etcdTest('a watch below what was compacted is told so', async (t) => {
  const store = storeAt(cluster);
  t.after(() => store.close());
  const old = (await put(store, '1')) ?? 0;
  await put(store, '2');
  const now = (await put(store, '3')) ?? 0;
  etcdctl(cluster, 'compaction', String(now));
  const watch = async () => {
    for await (const _ of store.watch('target', old - 1, new AbortController().signal))
      assert.fail('there is nothing');
  };
  await assert.rejects(watch, failsAs('compacted', /revisions before \d+ have been compacted/));
});

etcdTest('a store that is full refuses writes, and is read all the same', async (t) => {
  const small = await EtcdCluster.start(1, ['--quota-backend-bytes=3000000']);
  t.after(() => small.end());
  const store = storeAt(small);
  t.after(() => store.close());
  await put(store, 'first');
  const fill = async () => {
    for (let size = 0; size < 20; size++) await put(store, 'x'.repeat(900_000), `documents/${size}`);
  };
  await assert.rejects(fill, failsAs('full', /database space exceeded/));
  await assert.rejects(put(store, 'second'), failsAs('full', /database space exceeded/));
  assert.equal((await store.read('target')).entries[0]?.value, 'first');
});

etcdTest(
  'a user with a password: a token that has ended is renewed, a wrong password is not told',
  async (t) => {
    const guarded = await EtcdCluster.start(1, ['--auth-token-ttl=2']);
    t.after(() => guarded.end());
    etcdctl(guarded, 'user', 'add', 'root:top-secret');
    etcdctl(guarded, 'user', 'add', 'agent:very-secret');
    etcdctl(guarded, 'role', 'add', 'agent');
    etcdctl(guarded, 'role', 'grant-permission', 'agent', '--prefix=true', 'readwrite', '/lvs/');
    etcdctl(guarded, 'user', 'grant-role', 'agent', 'agent');
    etcdctl(guarded, 'auth', 'enable');
    const login = { user: 'agent', password: 'very-secret' };
    const store = storeAt(guarded, { login });
    t.after(() => store.close());
    await put(store, '1');
    await sleep(5000);
    assert.equal((await store.read('target')).entries[0]?.value, '1');
    const wrong = storeAt(guarded, { login: { user: 'agent', password: 'wrong-secret' } });
    t.after(() => wrong.close());
    await assert.rejects(put(wrong, '2'), (error: Error) => {
      assert.doesNotMatch(error.message + error.stack, /wrong-secret/);
      return failsAs('not-permitted', /cannot log in as agent: .*authentication failed/)(error);
    });
    const nobody = storeAt(guarded);
    t.after(() => nobody.close());
    await assert.rejects(nobody.read(''), failsAs('not-permitted', /user name is empty/));
    const elsewhere = storeAt(guarded, { login }, '/other/');
    t.after(() => elsewhere.close());
    await assert.rejects(elsewhere.read(''), failsAs('not-permitted', /permission denied/));
  },
);

etcdTest('TLS: both ends show certificates, and what is wrong with one is told', async (t) => {
  const authority = new Authority(directory, 'authority');
  const stranger = new Authority(directory, 'stranger');
  const server = authority.sign('server');
  const safe = await EtcdCluster.start(
    1,
    [
      `--cert-file=${server.cert}`,
      `--key-file=${server.key}`,
      '--client-cert-auth',
      `--trusted-ca-file=${authority.cert}`,
    ],
    'https',
  );
  t.after(() => safe.end());
  const text = (path: string): string => readFileSync(path, 'utf8');
  const tlsOf = (ca: Authority, client: { cert: string; key: string }) => ({
    tls: { ca: text(ca.cert), cert: text(client.cert), key: text(client.key) },
    patience: 2000,
  });
  const client = authority.sign('client');
  const attempt = async (options: Partial<EtcdOptions>): Promise<void> => {
    const store = storeAt(safe, options);
    t.after(() => store.close());
    await put(store, '1');
  };
  await attempt(tlsOf(authority, client));
  await assert.rejects(
    attempt({ tls: { ca: text(authority.cert), cert: undefined, key: undefined }, patience: 2000 }),
    failsAs('unreachable', /refuses the certificate of this client/),
  );
  await assert.rejects(
    attempt(tlsOf(stranger, client)),
    failsAs('unreachable', /unable to verify|self.signed/),
  );
  await assert.rejects(
    attempt(tlsOf(authority, stranger.sign('alien'))),
    failsAs('unreachable', /refuses the certificate of this client/),
  );
  await assert.rejects(
    attempt(tlsOf(authority, authority.sign('ended', { days: -1 }))),
    failsAs('unreachable', /refuses the certificate of this client/),
  );
  const anonymous = authority.sign('anonymous', { subject: '/O=lvsadm' });
  const files = [`--cacert=${authority.cert}`, `--cert=${client.cert}`, `--key=${client.key}`];
  etcdctl(safe, ...files, 'user', 'add', 'root:top-secret');
  etcdctl(safe, ...files, 'auth', 'enable');
  const login = { user: 'root', password: 'top-secret' };
  await attempt({ ...tlsOf(authority, anonymous), login });
  await assert.rejects(
    attempt({ ...tlsOf(authority, client), login }),
    failsAs('not-permitted', /takes no client certificate with a common name/),
  );
});

etcdTest('an endpoint of another cluster is found out', async (t) => {
  const other = await EtcdCluster.start(1);
  t.after(() => other.end());
  const store = storeAt(
    { endpoints: [...other.endpoints, ...cluster.endpoints] },
    { random: () => 0, patience: 1000 },
  );
  t.after(() => store.close());
  await put(store, '1');
  await cluster.kill(other.members[0] as (typeof other.members)[number]);
  await assert.rejects(put(store, '2'), failsAs('unreachable', /it belongs to another cluster \(\d+\) than/));
});

etcdTest('what is no etcd is told', async (t) => {
  const server = createServer((_, response) => void response.end('<html>hello</html>'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const store = storeAt({ endpoints: [{ host: '127.0.0.1', port }] }, { patience: 1000 });
  t.after(() => store.close());
  await assert.rejects(
    store.read(''),
    failsAs('unreachable', /it does not answer as etcd does \(HTTP status 200\)/),
  );
});

function etcdctl({ urls }: EtcdCluster, ...words: string[]): void {
  execFileSync('etcdctl', [`--endpoints=${urls}`, ...words], {
    env: { ...process.env, ETCDCTL_API: '3' },
    stdio: 'pipe',
  });
}
