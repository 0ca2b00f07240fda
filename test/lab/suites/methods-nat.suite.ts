/**
 * Network address translation, packet by packet: the director rewrites the destination on the way in and the source on the
 * way out, and both ways lead through it.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { families, serverNames } from '../../support/cluster/addresses.js';
import { Cluster, httpPorts } from '../../support/cluster/cluster.js';
import { byConnection, ethernetOf, ipsOf, transportOf } from '../../support/cluster/headers.js';
import { answered, assertShares } from '../../support/cluster/shares.js';
import type { Packet } from '../../support/net/packet.js';

const requests = 100;
const serverPort = httpPorts.nat;

let cluster: Cluster;
before(async () => {
  cluster = await Cluster.build('nat');
  await Promise.all([
    cluster.record('director', 'outside'),
    cluster.record('director', 'inside'),
    cluster.record('rs1', 'inside'),
  ]);
});
afterEach(() => cluster.reset());
after(() => cluster[Symbol.asyncDispose]());

/** `192.0.2.1:80 > 198.51.100.101`: the client's port is another each time. */
function ends(packet: Packet, client: string): string {
  const [ip, none] = ipsOf(packet);
  const { sourcePort, destinationPort } = transportOf(packet);
  assert.ok(ip && !none, 'one IP header: no tunnel');
  const end = (address: string, port: number) => (address === client ? 'client' : `${address} ${port}`);
  return `${end(ip.source, sourcePort)} > ${end(ip.destination, destinationPort)}`;
}

for (const family of families) {
  describe(`NAT, ${family}`, () => {
    test('a hundred requests: addresses rewritten both ways, by the director', async () => {
      const { vip, port } = await cluster.addService({ family });
      const client = cluster.clientAddress(family);
      const shares = answered(
        await cluster.client.call('ask', { address: vip, port, from: client, count: requests }),
      );
      assertShares(shares, { rs1: 1, rs2: 1, rs3: 1 });

      const outside = await cluster.packetsOf([vip], 'director', 'outside');
      const toVip = `client > ${vip} ${port}`;
      const fromVip = `${vip} ${port} > client`;
      assert.deepEqual(new Set(outside.map((packet) => ends(packet, client))), new Set([toVip, fromVip]));

      const inside = await cluster.packetsOf([client], 'director', 'inside');
      const servers = serverNames.map((name) => `${cluster.serverAddress(name, family)} ${serverPort}`);
      assert.deepEqual(
        new Set(inside.map((packet) => ends(packet, client))),
        new Set(servers.flatMap((server) => [`client > ${server}`, `${server} > client`])),
      );

      // The director passes each packet on, changed: as many on one side as on the other.
      assert.equal(inside.length, outside.length);
      const macs = new Set([cluster.mac('rs1', 'inside'), cluster.mac('director', 'inside')]);
      for (const packet of await cluster.packetsOf([client], 'rs1', 'inside'))
        assert.deepEqual(new Set([ethernetOf(packet).source, ethernetOf(packet).destination]), macs);

      const toServers = inside.filter((packet) => transportOf(packet).destinationPort === serverPort);
      const perConnection = byConnection(
        toServers,
        ({ sourcePort }) => sourcePort,
        (packet) => ipsOf(packet)[0]?.destination,
      );
      assert.equal(perConnection.size, requests);
      for (const [, seen] of perConnection) assert.equal(seen.size, 1, 'one server for a connection');
    });
  });
}
