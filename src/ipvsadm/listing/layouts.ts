/** The layouts of ipvsadm's listings, as tables: headings and columns, each with its width. */
import type { DestinationCursor } from '../../ipvs/source/destination-cursor.js';
import type { DestinationField } from '../../ipvs/source/destination-records.js';
import type { ForwardingMethod, Tunnel, TunnelChecksum, TunnelType } from '../../model/destination.js';
import type { DestinationCount, DestinationNumber } from '../../model/fields.js';
import type { Stats } from '../../model/stats.js';
import type { Columns } from '../grammar/command.js';
import type { LineWriter } from './line-writer.js';

/** Cells, left-aligned. */
export interface Column {
  readonly width: number;
  /** The field of servers that it shows, besides their identity and method. */
  readonly field?: DestinationField;
  put(to: LineWriter, servers: DestinationCursor): void;
}

const numbers = (width: number, field: DestinationNumber | DestinationCount): Column => ({
  width,
  field,
  put: (to, servers) => to.number(servers.number(field)),
});

/** Rows say something about each server, or count something for services and servers alike. */
export type Layout = { readonly heading: string } & (
  | { readonly servers: readonly Column[] }
  | { readonly counters: readonly (keyof Stats)[] }
);

/** The fields of servers that a layout shows. */
export const fieldsOf = (layout: Layout): readonly DestinationField[] =>
  'counters' in layout ? layout.counters : layout.servers.flatMap(({ field }) => field ?? []);

const methodNames: Readonly<Record<ForwardingMethod, string>> = {
  nat: 'Masq',
  tun: 'Tunnel',
  dr: 'Route',
  local: 'Local',
  bypass: 'Bypass',
};

const checksumNames: Readonly<Record<TunnelChecksum, string>> = { nocsum: '-c', csum: '+c', remcsum: 'r+c' };

const tunnelInfo: Readonly<Record<TunnelType, (tunnel: Tunnel) => string>> = {
  ipip: () => 'ipip',
  gue: ({ port, checksum }) => `gue:${port}:${checksumNames[checksum]}`,
  gre: ({ checksum }) => `gre:${checksumNames[checksum]}`,
};

const method: Column = { width: 7, put: (to, servers) => to.text(methodNames[servers.method()]) };
const tunnel: Column = {
  width: 13,
  field: 'tunnel',
  put: (to, servers) => {
    const tunnel = servers.method() === 'tun' ? servers.tunnel() : undefined;
    to.text(tunnel === undefined ? 'n/a' : tunnelInfo[tunnel.type](tunnel));
  },
};
const weight = numbers(6, 'weight');
const active = numbers(10, 'activeConnections');
const inactive = numbers(10, 'inactiveConnections');

export const layouts: Readonly<Record<Columns, Layout>> = {
  plain: {
    heading: `\
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
`,
    servers: [method, weight, active, inactive],
  },
  tunnels: {
    heading: `\
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn
`,
    servers: [method, tunnel, weight, active, inactive],
  },
  thresholds: {
    heading: `\
Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n\
  -> RemoteAddress:Port
`,
    servers: [numbers(10, 'upperThreshold'), numbers(10, 'lowerThreshold'), active, inactive],
  },
  persistentConnections: {
    heading: `\
Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn \n\
  -> RemoteAddress:Port
`,
    servers: [numbers(9, 'weight'), numbers(11, 'persistentConnections'), active, inactive],
  },
  stats: {
    heading: `\
Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
`,
    counters: ['connections', 'inPackets', 'outPackets', 'inBytes', 'outBytes'],
  },
  rate: {
    heading: `\
Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS
  -> RemoteAddress:Port
`,
    counters: ['connectionRate', 'inPacketRate', 'outPacketRate', 'inByteRate', 'outByteRate'],
  },
};
