/**
 * Direct routing, packet by packet: the director changes the destination MAC address and nothing else, and the real server
 * answers the client past it.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { families, serverNames } from '../../support/cluster/addresses.js';
import { Cluster } from '../../support/cluster/cluster.js';
import { byConnection, ethernetOf, ipsOf, transportOf } from '../../support/cluster/headers.js';
import { answered, assertShares } from '../../support/cluster/shares.js';
import type { Packet } from '../../support/net/packet.js';

const requests = 100;

let cluster: Cluster;
before(async () => {
  cluster = await Cluster.build('dr');
  await Promise.all([cluster.record('director', 'inside'), cluster.record('rs1', 'inside')]);
});
afterEach(() => cluster.reset());
after(() => cluster[Symbol.asyncDispose]());

/** All of a packet but its MAC addresses. */
const beyondMac = ([, ...headers]: Packet) => JSON.stringify(headers);

const route = (packet: Packet) => `${ethernetOf(packet).source} > ${ethernetOf(packet).destination}`;

for (const family of families) {
  describe(`direct routing, ${family}`, () => {
    test('a hundred requests: only the MAC address changes, answers go past the director', async () => {
      const { vip, port } = await cluster.addService({ family });
      const client = cluster.clientAddress(family);
      const shares = answered(
        await cluster.client.call('ask', { address: vip, port, from: client, count: requests }),
      );
      assertShares(shares, { rs1: 1, rs2: 1, rs3: 1 });

      const [router, director] = [cluster.mac('router', 'inside'), cluster.mac('director', 'inside')];
      const serverMacs = serverNames.map((name) => cluster.mac(name, 'inside'));
      const seen = await cluster.packetsOf([vip], 'director', 'inside');
      const arriving = seen.filter((packet) => route(packet) === `${router} > ${director}`);
      const leaving = seen.filter((packet) => ethernetOf(packet).source === director);
      assert.equal(arriving.length + leaving.length, seen.length, 'nothing else passes the director');
      assert.deepEqual(arriving.map(beyondMac).sort(), leaving.map(beyondMac).sort());
      assert.deepEqual(new Set(leaving.map((packet) => ethernetOf(packet).destination)), new Set(serverMacs));
      for (const packet of seen) {
        assert.deepEqual(
          ipsOf(packet).map(({ source, destination }) => ({ source, destination })),
          [{ source: client, destination: vip }],
        );
        assert.equal(transportOf(packet).destinationPort, port);
      }

      const connections = byConnection(
        leaving,
        ({ sourcePort }) => sourcePort,
        (packet) => ethernetOf(packet).destination,
      );
      assert.equal(connections.size, requests);
      for (const servers of connections.values())
        assert.equal(servers.size, 1, 'one server for a connection');

      const atServer = await cluster.packetsOf([vip], 'rs1', 'inside');
      const answers = atServer.filter((packet) => ipsOf(packet)[0]?.source === vip);
      assert.ok(answers.length > 0);
      assert.deepEqual(new Set(answers.map(route)), new Set([`${serverMacs[0]} > ${router}`]));
    });
  });
}
