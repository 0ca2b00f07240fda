/** Services beyond one TCP port: UDP, SCTP, firewall marks, and all ports of an address at once. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Family } from '../../../src/model/address.js';
import { families, serverNames } from '../../support/cluster/addresses.js';
import { Cluster } from '../../support/cluster/cluster.js';
import { answered, assertShares } from '../../support/cluster/shares.js';

const equal = { rs1: 1, rs2: 1, rs3: 1 };

let cluster: Cluster;
before(async () => {
  cluster = await Cluster.build('nat');
});
afterEach(() => cluster.reset());
after(() => cluster[Symbol.asyncDispose]());

/** Starts another web server on every real server. */
const serveHttp = (port: number) =>
  Promise.all(
    serverNames.map(async (name) => (await cluster.server(name).agent()).call('serveHttp', { name, port })),
  );

describe('UDP', () => {
  const serverPort = 5353;

  const serve = (family: Family) =>
    Promise.all(
      serverNames.map(async (name) => {
        const agent = await cluster.server(name).agent();
        await agent.call('serveUdp', { name, port: serverPort }, cluster.serverAddress(name, family));
      }),
    );

  const datagrams = (vip: string, fromPort?: number) =>
    cluster.client.call('askUdp', { address: vip, port: 53, count: 12, ...(fromPort && { fromPort }) });

  for (const family of families)
    describe(family, () => {
      const options = { family, protocol: 'udp', port: 53, serverPort } as const;
      before(() => serve(family));

      test('each client port is a connection', async () => {
        const { vip } = await cluster.addService(options);
        assertShares(answered(await datagrams(vip)), equal);
      });

      test('one client port stays with its server', async () => {
        const { vip } = await cluster.addService(options);
        assert.deepEqual(Object.values(answered(await datagrams(vip, 4000))), [12]);
      });

      test('one-packet scheduling looks at each datagram anew', async () => {
        const { vip } = await cluster.addService({ ...options, service: { onePacket: true } });
        assertShares(answered(await datagrams(vip, 4001)), equal);
      });
    });
});

describe('SCTP', () => {
  const serverPort = 9899;
  /** socat's names for what it does, by family. */
  const words = { inet: 'SCTP4', inet6: 'SCTP6' } as const;
  const bracketed = (address: string) => (address.includes(':') ? `[${address}]` : address);

  /** Each answers a connection with its name. Bound to one address: more would be announced as other ways to it. */
  async function serve(family: Family): Promise<void> {
    for (const name of serverNames) {
      const listen = `${words[family]}-LISTEN:${serverPort},bind=${bracketed(cluster.serverAddress(name, family))},fork`;
      cluster.server(name).start('socat', ['-U', listen, `EXEC:echo ${name}`], { stdio: 'inherit' });
      const agent = await cluster.server(name).agent();
      const listens = async () =>
        (await agent.call('read', '/proc/net/sctp/eps')).includes(` ${serverPort} `);
      while (!(await listens().catch(() => false))) await sleep(50);
    }
  }

  for (const family of families)
    test(`${family}: connections are spread`, { timeout: 120_000 }, async () => {
      await serve(family);
      const { vip } = await cluster.addService({ family, protocol: 'sctp', port: 9900, serverPort });
      const from = bracketed(cluster.clientAddress(family));
      const to = `${words[family]}-CONNECT:${bracketed(vip)}:9900,bind=${from}`;
      const answers: string[] = [];
      while (answers.length < 6)
        answers.push((await cluster.network.host('client').run('socat', ['-u', to, '-'])).trim());
      assertShares(answered({ answers, errors: [], elapsed: 0 }), equal);
    });
});

describe('firewall marks', () => {
  before(() => Promise.all([serveHttp(80), serveHttp(443)]));

  for (const family of families)
    test(`${family}: ports that nft marks alike are one service`, async () => {
      const vip = cluster.newVip(family);
      const word = { inet: 'ip', inet6: 'ip6' }[family];
      const rules = [
        'add table inet marks',
        'add chain inet marks prerouting { type filter hook prerouting priority mangle; }',
        `add rule inet marks prerouting ${word} daddr ${vip} tcp dport { 80, 443 } meta mark set 7`,
      ];
      await cluster.network.host('director').run('nft', ['-f', '-'], { input: rules.join('\n') });
      await cluster.setUpServers(vip, { family });
      // Port 0: the real server's port is the one that the client asked for.
      await cluster.direct({ fwmark: 7, family }, { family, serverPort: 0 });
      const answers = [];
      for (const port of [80, 443, 80, 443, 80, 443]) {
        const outcome = await cluster.client.call('ask', { address: vip, port, count: 2 });
        assert.deepEqual(outcome.errors, []);
        answers.push(...outcome.answers);
      }
      assertShares(answered({ answers, errors: [], elapsed: 0 }), equal);
      const unmarked = await cluster.client.call('ask', { address: vip, port: 8080, count: 1 });
      assert.match(unmarked.errors.join(), /ECONNREFUSED/);
    });
});

describe('all ports of an address', () => {
  before(() => Promise.all([serveHttp(21), serveHttp(30021)]));

  for (const family of families)
    test(`${family}: a client's control and data connections meet on one server`, async () => {
      const netmask = { inet: '255.255.255.255', inet6: '128' }[family];
      const { vip } = await cluster.addService({
        family,
        port: 0,
        serverPort: 0,
        service: { persistence: { timeout: 300, netmask } },
      });
      const chosen = [];
      for (const index of [0, 1, 2]) {
        const from = cluster.clientAddress(family, index);
        const control = await cluster.client.call('ask', { address: vip, port: 21, from, count: 2 });
        const data = await cluster.client.call('ask', { address: vip, port: 30021, from, count: 2 });
        const [server, ...others] = new Set([...control.answers, ...data.answers]);
        assert.deepEqual([...control.errors, ...data.errors, ...others], []);
        chosen.push(server);
      }
      assert.deepEqual(chosen.toSorted(), [...serverNames]);
    });
});
