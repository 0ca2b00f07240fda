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
afterEach(() => cluster.reset());
after(() => cluster[Symbol.asyncDispose]());

interface Encapsulation {
  name: string;
  tunnel: Tunnel;
  /** Checks what stands between the two IP headers of a packet, the first of its connection or a later one. */
  check(between: ReturnType<typeof encapsulationOf>, first: boolean): void;
}

const gre = (checksum: 'nocsum' | 'csum'): Encapsulation => ({
  name: `gre ${checksum}`,
  tunnel: { type: 'gre', port: 0, checksum },
  check: (between) => assert.deepEqual(between, [{ layer: 'gre', checksum: checksum === 'csum' }]),
});

const gue = (checksum: Tunnel['checksum']): Encapsulation => ({
  name: `gue ${checksum}`,
  tunnel: { type: 'gue', port: guePort, checksum },
  check: ([udp, header, ...more], first) => {
    assert.deepEqual(more, []);
    assert.ok(udp?.layer === 'udp' && header?.layer === 'gue');
    assert.equal(udp.destinationPort, guePort);
    assert.equal(udp.checksum !== 0, checksum !== 'nocsum', 'a UDP checksum where one is asked for');
    // The option for remote checksum offload is missing where the client has computed the checksum itself, as Linux
    // does for a few packets at a connection's end.
    if (first || checksum !== 'remcsum') assert.equal(header.options, checksum === 'remcsum');
  },
});

const encapsulations: Encapsulation[] = [
  {
    name: 'ipip',
    tunnel: { type: 'ipip', port: 0, checksum: 'nocsum' },
    check: (between) => assert.deepEqual(between, []),
  },
  gue('nocsum'),
  gue('csum'),
  gue('remcsum'),
  gre('nocsum'),
  gre('csum'),
];

/** A hundred for the plain tunnel of each family; the others differ in nothing that more requests could show. */
const requestsFor = ({ tunnel }: Encapsulation, inner: Family, outer: Family) =>
  tunnel.type === 'ipip' && inner === outer ? 100 : 12;

const route = (packet: Packet) => `${ethernetOf(packet).source} > ${ethernetOf(packet).destination}`;
const path = (packet: Packet) => ipsOf(packet).map(({ source, destination }) => `${source} > ${destination}`);

for (const inner of families)
  for (const outer of families)
    describe(`tunneling, ${inner} in ${outer}`, () => {
      for (const encapsulation of encapsulations)
        test(encapsulation.name, async () => {
          const { tunnel } = encapsulation;
          const count = requestsFor(encapsulation, inner, outer);
          const { vip, port } = await cluster.addService({ family: inner, outer, tunnel });
          const client = cluster.clientAddress(inner);
          const shares = answered(
            await cluster.client.call('ask', { address: vip, port, from: client, count }),
          );
          assertShares(shares, { rs1: 1, rs2: 1, rs3: 1 });

          const [router, director] = [cluster.mac('router', 'inside'), cluster.mac('director', 'inside')];
          const seen = await cluster.packetsOf(vip, 'director', 'inside');
          const arriving = seen.filter((packet) => ipsOf(packet).length === 1);
          const leaving = seen.filter((packet) => ipsOf(packet).length === 2);
          const request = `${client} > ${vip}`;
          for (const packet of arriving) {
            assert.equal(route(packet), `${router} > ${director}`);
            assert.deepEqual(path(packet), [request], 'no answer passes the director');
          }
          const tunnels = serverNames.map(
            (name) => `${cluster.directorAddress(outer)} > ${cluster.serverAddress(name, outer)}`,
          );
          for (const packet of leaving) {
            assert.equal(route(packet), `${director} > ${router}`);
            const [outside = '', inside] = path(packet);
            assert.ok(tunnels.includes(outside), outside);
            assert.equal(inside, request);
            encapsulation.check(encapsulationOf(packet), transportOf(packet).flags?.syn === true);
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

          const atServer = await cluster.packetsOf(vip, 'rs1', 'far');
          const answers = atServer.filter((packet) => ipsOf(packet)[0]?.source === vip);
          assert.ok(answers.length > 0);
          for (const packet of answers) {
            assert.deepEqual(path(packet), [`${vip} > ${client}`], 'the answer needs no tunnel');
            assert.equal(transportOf(packet).sourcePort, port);
            assert.equal(route(packet), `${cluster.mac('rs1', 'far')} > ${cluster.mac('router', 'far')}`);
          }
        });
    });
