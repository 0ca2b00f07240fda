/** Services beyond one TCP port, by each method: UDP, SCTP, firewall marks, and all ports of an address at once. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { families, type ServerName, serverNames } from '../../support/cluster/addresses.js';
import { Cluster } from '../../support/cluster/cluster.js';
import { answered, assertShares } from '../../support/cluster/shares.js';

const equal = { rs1: 1, rs2: 1, rs3: 1 };

/** The web servers' ports: what a mark puts together, and FTP's control and data. */
const webPorts = { marked: [80, 443], together: [21, 30021] } as const;

let cluster: Cluster;
before(async () => {
  cluster = await Cluster.build('mixed');
  for (const port of Object.values(webPorts).flat())
    await onServers((agent, name) => agent.call('serveHttp', { name, port }));
});
after(() => cluster[Symbol.asyncDispose]());

type Agent = Awaited<ReturnType<ReturnType<Cluster['server']>['agent']>>;

const onServers = (act: (agent: Agent, name: ServerName) => Promise<unknown>) =>
  Promise.all(serverNames.map(async (name) => act(await cluster.server(name).agent(), name)));

/** How many sockets of SCTP wait on a host; none where it was never spoken there. */
const endpoints = async (agent: Agent): Promise<number> =>
  (await agent.call('read', '/proc/net/sctp/eps').catch(() => ''))
    .split('\n')
    .filter((line) => /^ *[0-9a-f]/.test(line)).length;

let marks = 0;

for (const method of ['nat', 'dr', 'tun'] as const)
  for (const family of families)
    describe(`${method}, ${family}`, () => {
      const options = { method, family } as const;
      let vip: string;
      before(async () => {
        vip = cluster.newVip(family);
        await cluster.setUpServers(vip, options);
      });
      afterEach(() => cluster.flush());
      after(() => cluster.reset());

      /** Where a server meets what is sent to the VIP; its port may be another with NAT. */
      const addressAt = (name: ServerName) => (method === 'nat' ? cluster.serverAddress(name, family) : vip);
      const portAt = (port: number, nat: number) => (method === 'nat' ? nat : port);

      describe('UDP', () => {
        const id = { protocol: 'udp', port: 53 } as const;
        const serverPort = portAt(53, 5353);
        const service = (onePacket: boolean) => ({ ...options, serverPort, service: { onePacket } });
        before(() =>
          onServers((agent, name) => agent.call('serveUdp', { name, port: serverPort }, addressAt(name))),
        );

        const datagrams = (fromPort?: number) =>
          cluster.client.call('askUdp', { address: vip, port: 53, count: 6, ...(fromPort && { fromPort }) });

        test('each client port is a connection; one client port stays with its server', async () => {
          await cluster.direct({ ...id, address: vip }, service(false));
          assertShares(answered(await datagrams()), equal);
          assert.deepEqual(Object.values(answered(await datagrams(4000))), [6]);
        });

        test('one-packet scheduling looks at each datagram anew', async () => {
          await cluster.direct({ ...id, address: vip }, service(true));
          assertShares(answered(await datagrams(4001)), equal);
        });
      });

      test('SCTP: connections are spread', { timeout: 120_000 }, async () => {
        const serverPort = portAt(9900, 9899);
        /** socat's names for what it does, by family. */
        const word = { inet: 'SCTP4', inet6: 'SCTP6' }[family];
        const bracketed = (address: string) => (address.includes(':') ? `[${address}]` : address);
        await onServers(async (agent, name) => {
          // Bound to one address: more would be announced as other ways to the server.
          const listen = `${word}-LISTEN:${serverPort},bind=${bracketed(addressAt(name))},fork`;
          const others = await endpoints(agent);
          cluster.server(name).start('socat', ['-U', listen, `EXEC:echo ${name}`], { stdio: 'inherit' });
          while ((await endpoints(agent)) === others) await sleep(50);
        });
        await cluster.direct({ protocol: 'sctp', address: vip, port: 9900 }, { ...options, serverPort });
        const from = bracketed(cluster.clientAddress(family));
        const to = `${word}-CONNECT:${bracketed(vip)}:9900,bind=${from}`;
        const answers: string[] = [];
        while (answers.length < serverNames.length)
          answers.push((await cluster.network.host('client').run('socat', ['-u', to, '-'])).trim());
        assertShares(answered({ answers, errors: [], elapsed: 0 }), equal);
      });

      test('ports that nft marks alike are one service', async () => {
        marks += 1;
        const word = { inet: 'ip', inet6: 'ip6' }[family];
        const table = `inet marks${marks}`;
        const rules = [
          `add table ${table}`,
          `add chain ${table} prerouting { type filter hook prerouting priority mangle; }`,
          `add rule ${table} prerouting ${word} daddr ${vip} tcp dport { 80, 443 } meta mark set ${marks}`,
        ];
        const director = cluster.network.host('director');
        await director.run('nft', ['-f', '-'], { input: rules.join('\n') });
        try {
          // Port 0: the real server's port is the one that the client asked for.
          await cluster.direct({ fwmark: marks, family }, { ...options, serverPort: 0 });
          const answers: string[] = [];
          for (const port of [80, 443, 80]) {
            const outcome = await cluster.client.call('ask', { address: vip, port, count: 2 });
            assert.deepEqual(outcome.errors, []);
            answers.push(...outcome.answers);
          }
          assertShares(answered({ answers, errors: [], elapsed: 0 }), equal);
          const unmarked = await cluster.client.call('ask', { address: vip, port: 8080, count: 1 });
          assert.match(unmarked.errors.join(), /ECONNREFUSED/);
        } finally {
          await director.run('nft', ['delete', 'table', ...table.split(' ')]);
        }
      });

      test("port 0: a client's control and data connections meet on one server", async () => {
        const netmask = { inet: '255.255.255.255', inet6: '128' }[family];
        await cluster.direct(
          { protocol: 'tcp', address: vip, port: 0 },
          { ...options, serverPort: 0, service: { persistence: { timeout: 300, netmask } } },
        );
        const chosen: (string | undefined)[] = [];
        for (const index of serverNames.keys()) {
          const from = cluster.clientAddress(family, index);
          const met = new Set<string>();
          for (const port of webPorts.together) {
            const { answers, errors } = await cluster.client.call('ask', {
              address: vip,
              port,
              from,
              count: 2,
            });
            assert.deepEqual(errors, []);
            for (const name of answers) met.add(name);
          }
          assert.equal(met.size, 1, 'one server for a client');
          chosen.push(...met);
        }
        assert.deepEqual(chosen.toSorted(), [...serverNames]);
      });
    });
