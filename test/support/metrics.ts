/** Tables and files to make metrics of, and the queries of the dashboard in docs/observe. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the dashboard and the alert rules are. */
export const observeDocs = join(import.meta.dirname, '../../../docs/observe');

interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly datasource: { readonly type: string; readonly uid: string };
}

/** A dashboard of Grafana's, as far as this one needs it. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly query: string }[];
  };
  readonly panels: readonly {
    readonly id: number;
    readonly type: string;
    readonly title: string;
    /** In a grid of 24 columns. */
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets: readonly Target[];
  }[];
}

export const readDashboard = async (): Promise<Dashboard> =>
  JSON.parse(await readFile(join(observeDocs, 'grafana.json'), 'utf8'));

/** As Grafana sends them: with its variables replaced. */
export async function dashboardQueries(): Promise<string[]> {
  const { panels } = await readDashboard();
  return panels
    .flatMap(({ targets }) => targets)
    .map(({ expr }) => expr.replaceAll('$__rate_interval', '1m').replace(/\$(instance|service)/g, '.*'));
}

/** A table with every kind of series. */
export const sampleDocument = `
timeouts: {tcp: 900, tcpFin: 120, udp: 300}
sync: {master: {interface: eth0, id: 3}}
services:
  - service: tcp://192.0.2.1:80
    scheduler: mh
    schedulerFlags: [mh-port]
    persistence: {timeout: 300, netmask: 255.255.255.0}
    servers:
      - {server: 198.51.100.1, weight: 5, upperThreshold: 9}
      - {server: 198.51.100.2, method: tun, tunnel: {type: gue, port: 6080}}
  - service: udp://[2001:db8::1]:53
    onePacket: true
    servers: [{server: "[2001:db8::53]:53", weight: 0}]
  - service: sctp://192.0.2.1:5060
    servers: [{server: 198.51.100.9, method: dr}]
  - service: fwmark://7
    servers: [{server: 198.51.100.7}]
  - service: fwmark://7/inet6
    servers: [{server: "2001:db8::7"}]
  - service: tcp://192.0.2.9:1
    servers: []
`;

/** A /proc/net/ip_vs_stats. */
export const sampleTotals = `   Total Incoming Outgoing         Incoming         Outgoing
   Conns  Packets  Packets            Bytes            Bytes
      1F       2A        0 FFFFFFFFFFFFFFFF              3E8

 Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
       0        0        0                0                0
`;
