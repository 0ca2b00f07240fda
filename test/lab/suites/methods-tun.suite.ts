/**
 * IP tunneling, packet by packet: the director puts each packet into another, whatever the encapsulation and the two
 * families, and the real server, in another network, unpacks it and answers the client past the director.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import type { Family } from '../../../src/model/address.js';
import type { Tunnel } from '../../../src/model/destination.js';
import { families, serverNames } from '../../support/cluster/addresses.js';
import { Cluster } from '../../support/cluster/cluster.js';
import {
  byConnection,
  encapsulationOf,
  ethernetOf,
  ipsOf,
  transportOf,
} from '../../support/cluster/headers.js';
import { answered, assertShares } from '../../support/cluster/shares.js';
import { guePort, type Packet } from '../../support/net/packet.js';

let cluster: Cluster;
before(async () => {
  cluster = await Cluster.build('tun');
  await Promise.all([cluster.record('director', 'inside'), cluster.record('rs1', 'far')]);
});
after(() => cluster[Symbol.asyncDispose]());

type Checksum = Tunnel['checksum'];

/** What real servers are set up for; a director may then send with these checksums. */
interface Encapsulation {
  name: string;
  type: Tunnel['type'];
  checksums: readonly Checksum[];
}

const ipip: Encapsulation = { name: 'ipip', type: 'ipip', checksums: ['nocsum'] };
const gue: Encapsulation = { name: 'gue', type: 'gue', checksums: ['nocsum', 'csum', 'remcsum'] };
const gre: Encapsulation = { name: 'gre', type: 'gre', checksums: ['nocsum'] };
const greWithChecksum: Encapsulation = { name: 'gre with checksums', type: 'gre', checksums: ['csum'] };

/** Each kind where the two families are the same. Where they differ nothing else does: one of each type. */
const kinds = (inner: Family, outer: Family): Encapsulation[] =>
  inner === outer ? [ipip, gue, gre, greWithChecksum] : [ipip, { ...gue, checksums: ['csum'] }, gre];

/** A hundred for the plain tunnel of each family; the others differ in nothing that more requests could show. */
const requestsFor = (type: Tunnel['type'], inner: Family, outer: Family) =>
  type === 'ipip' && inner === outer ? 100 : 12;

const tunnelOf = (type: Tunnel['type'], checksum: Checksum): Tunnel => ({
  type,
  port: type === 'gue' ? guePort : 0,
  checksum,
});

/** Checks what stands between the two IP headers of a packet, the first of its connection or a later one. */
const checks: Record<
  Tunnel['type'],
  (between: ReturnType<typeof encapsulationOf>, checksum: Checksum, first: boolean) => void
> = {
  ipip: (between) => assert.deepEqual(between, []),
  gre: (between, checksum) => assert.deepEqual(between, [{ layer: 'gre', checksum: checksum === 'csum' }]),
  gue: ([udp, header, ...more], checksum, first) => {
    assert.deepEqual(more, []);
    assert.ok(udp?.layer === 'udp' && header?.layer === 'gue');
    assert.equal(udp.destinationPort, guePort);
    assert.equal(udp.checksum !== 0, checksum !== 'nocsum', 'a UDP checksum where one is asked for');
    // The option for remote checksum offload is missing where the client has computed the checksum itself, as Linux
    // does for a few packets at a connection's end.
    if (first || checksum !== 'remcsum') assert.equal(header.options, checksum === 'remcsum');
  },
};

const route = (packet: Packet) => `${ethernetOf(packet).source} > ${ethernetOf(packet).destination}`;
const path = (packet: Packet) => ipsOf(packet).map(({ source, destination }) => `${source} > ${destination}`);

for (const inner of families)
  for (const outer of families)
    for (const { name, type, checksums } of kinds(inner, outer))
      describe(`tunneling, ${inner} in ${outer}, ${name}`, () => {
        let vip: string;
        before(async () => {
          vip = cluster.newVip(inner);
          const tunnel = tunnelOf(type, checksums[0] ?? 'nocsum');
          await cluster.setUpServers(vip, { family: inner, outer, tunnel });
        });
        afterEach(() => cluster.flush());
        after(() => cluster.reset());

        for (const [index, checksum] of checksums.entries())
          test(checksum, async () => {
            const count = requestsFor(type, inner, outer);
            const client = cluster.clientAddress(inner, index);
            const id = { protocol: 'tcp', address: vip, port: 80 } as const;
            await cluster.direct(id, { family: inner, outer, tunnel: tunnelOf(type, checksum) });
            const outcome = await cluster.client.call('ask', { ...id, from: client, count });
            assertShares(answered(outcome), { rs1: 1, rs2: 1, rs3: 1 });

            const [router, director] = [cluster.mac('router', 'inside'), cluster.mac('director', 'inside')];
            const seen = await cluster.packetsOf([vip, client], 'director', 'inside');
            const arriving = seen.filter((packet) => ipsOf(packet).length === 1);
            const leaving = seen.filter((packet) => ipsOf(packet).length === 2);
            const request = `${client} > ${vip}`;
            for (const packet of arriving) {
              assert.equal(route(packet), `${router} > ${director}`);
              assert.deepEqual(path(packet), [request], 'no answer passes the director');
            }
            const tunnels = serverNames.map(
              (server) => `${cluster.directorAddress(outer)} > ${cluster.serverAddress(server, outer)}`,
            );
            for (const packet of leaving) {
              assert.equal(route(packet), `${director} > ${router}`);
              const [outside = '', inside] = path(packet);
              assert.ok(tunnels.includes(outside), outside);
              assert.equal(inside, request);
              checks[type](encapsulationOf(packet), checksum, transportOf(packet).flags?.syn === true);
            }
            // The inner packet is what arrived.
            const inmost = (packet: Packet) => JSON.stringify(packet.slice(-2));
            assert.deepEqual(leaving.map(inmost).sort(), arriving.map(inmost).sort());

            const connections = byConnection(
              leaving,
              ({ sourcePort }) => sourcePort,
              (packet) => path(packet)[0],
            );
            assert.equal(connections.size, count);
            for (const servers of connections.values())
              assert.equal(servers.size, 1, 'one server for a connection');

            const atServer = await cluster.packetsOf([vip, client], 'rs1', 'far');
            const answers = atServer.filter((packet) => ipsOf(packet)[0]?.source === vip);
            assert.ok(answers.length > 0);
            for (const packet of answers) {
              assert.deepEqual(path(packet), [`${vip} > ${client}`], 'the answer needs no tunnel');
              assert.equal(transportOf(packet).sourcePort, id.port);
              assert.equal(route(packet), `${cluster.mac('rs1', 'far')} > ${cluster.mac('router', 'far')}`);
            }
          });
      });
