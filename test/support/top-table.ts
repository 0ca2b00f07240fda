/** A table for top: everything that it paints, counters that grow by known rates, and connections. */
import assert from 'node:assert/strict';
import { main } from '../../src/cli/main.js';
import type { Context } from '../../src/context.js';
import type { DestinationId } from '../../src/model/destination.js';
import type { ServiceId } from '../../src/model/service.js';
import type { Stats } from '../../src/model/stats.js';
import { Captured } from './captured.js';
import { formatConnection, header } from './connection-table.js';
import { chunks, contextWith } from './context.js';
import type { FakeIpvs } from './fake-ipvs.js';

export const web: ServiceId = { protocol: 'tcp', address: '192.0.2.10', port: 80 };
const dns: ServiceId = { protocol: 'udp', address: '2001:db8::53', port: 53 };

export const document = `
services:
  - service: tcp://192.0.2.10:80
    scheduler: wrr
    servers:
      - {server: 198.51.100.1, method: nat, weight: 3}
      - {server: 198.51.100.2, method: nat, weight: 1}
      - {server: 198.51.100.3, method: nat, weight: 5, upperThreshold: 40}
      - {server: 198.51.100.4, method: nat, weight: 0}
  - service: tcp://192.0.2.10:443
    servers: []
  - service: udp://[2001:db8::53]:53
    scheduler: rr
    servers: [{server: "2001:db8:0:1:aaaa:bbbb:cccc:1", method: dr}]
  - service: fwmark://7
    servers: [{server: 198.51.100.7, weight: 0}]
`;

/** Makes this table of an empty one. */
export async function fillTable(ipvs: FakeIpvs, env?: Context['env']): Promise<void> {
  const said = new Captured();
  const client = await ipvs.client();
  const stdin = chunks(document);
  const status = await main(
    ['apply', '-f', '-'],
    contextWith({ out: said, err: said, stdin, client: async () => client, ...(env && { env }) }),
  );
  assert.equal(status, 0, said.text);
  client.close();
}

/** What grows in a second. */
const growth: readonly {
  readonly of: ServiceId;
  readonly server: DestinationId;
  readonly connections: number;
  readonly inBytes: number;
}[] = [
  { of: web, server: { address: '198.51.100.1', port: 80 }, connections: 300, inBytes: 1_200_000 },
  { of: web, server: { address: '198.51.100.2', port: 80 }, connections: 100, inBytes: 400_000 },
  { of: dns, server: { address: '2001:db8:0:1:aaaa:bbbb:cccc:1', port: 53 }, connections: 20, inBytes: 1600 },
];

/** Counts what clients do in so many seconds: answers have ten times the bytes of requests. */
export function grow(ipvs: FakeIpvs, seconds: number): void {
  const times = (number: number) => BigInt(Math.round(number * seconds));
  for (const { of, server, connections, inBytes } of growth) {
    const counted: Partial<Stats> = {
      connections: times(connections),
      inPackets: times(5 * connections),
      outPackets: times(4 * connections),
      inBytes: times(inBytes),
      outBytes: times(10 * inBytes),
    };
    ipvs.count(of, counted);
    ipvs.count(of, counted, server);
  }
}

/** Connections that servers have: the third one of the first service is at its upper threshold. */
export function connect(ipvs: FakeIpvs): void {
  const server = (last: number): DestinationId => ({ address: `198.51.100.${last}`, port: 80 });
  ipvs.connect(web, server(1), { activeConnections: 61, inactiveConnections: 12 });
  ipvs.connect(web, server(2), { activeConnections: 20, inactiveConnections: 3 });
  ipvs.connect(web, server(3), { activeConnections: 38, inactiveConnections: 2 });
}

/** /proc/net/ip_vs_conn: clients of the first service. */
export function connectionTable(): string {
  const clients = ['203.0.113.9', '203.0.113.9', '203.0.113.77'];
  const lines = clients.map((address, index) =>
    formatConnection({
      protocol: 'TCP',
      client: { address, port: 40_000 + index },
      virtual: { address: '192.0.2.10', port: 80 },
      destination: { address: '198.51.100.1', port: 80 },
      state: index === 0 ? 'SYN_RECV' : 'ESTABLISHED',
      expires: 60,
    }),
  );
  return header + lines.join('');
}
