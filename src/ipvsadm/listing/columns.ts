/** The layouts of ipvsadm's listings, as tables: headings and columns, each with its width. */
import type { DestinationCursor } from '../../ipvs/source/destination-cursor.js';
import type { DestinationField } from '../../ipvs/source/destination-records.js';
import type { ForwardingMethod, Tunnel, TunnelChecksum, TunnelType } from '../../model/destination.js';
import type { DestinationCount, DestinationNumber } from '../../model/fields.js';
import type { Stats } from '../../model/stats.js';
import type { Columns } from '../grammar/command.js';

/** A cell, left-aligned: a number, or a word. */
export type Column = { readonly width: number } & (
  | { readonly number: DestinationNumber | DestinationCount }
  | { readonly word: (servers: DestinationCursor) => string; readonly field?: DestinationField }
);

/** Rows say something about each server, or count something for services and servers alike. */
export type Layout = { readonly heading: string } & (
  | { readonly servers: readonly Column[] }
  | { readonly counters: readonly (keyof Stats)[] }
);

/** The fields of servers that a layout shows. */
export const fieldsOf = (layout: Layout): readonly DestinationField[] =>
  'counters' in layout
    ? layout.counters
    : layout.servers.flatMap((column) => ('number' in column ? column.number : (column.field ?? [])));

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

const method: Column = { width: 7, word: (servers) => methodNames[servers.method()] };
const tunnel: Column = {
  width: 13,
  field: 'tunnel',
  word: (servers) => {
    if (servers.method() !== 'tun') return 'n/a';
    const tunnel = servers.tunnel();
    return tunnelInfo[tunnel.type](tunnel);
  },
};
const weight: Column = { width: 6, number: 'weight' };
const active: Column = { width: 10, number: 'activeConnections' };
const inactive: Column = { width: 10, number: 'inactiveConnections' };

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
    servers: [
      { width: 10, number: 'upperThreshold' },
      { width: 10, number: 'lowerThreshold' },
      active,
      inactive,
    ],
  },
  persistentConnections: {
    heading: `\
Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn \n\
  -> RemoteAddress:Port
`,
    servers: [
      { width: 9, number: 'weight' },
      { width: 11, number: 'persistentConnections' },
      active,
      inactive,
    ],
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

/** Below this a counter is the same number in the same 9 columns, abbreviated or in full. */
export const SHORT = 10 ** 8;

/** Units of abbreviated counters: below `under`, a counter is given in whole multiples of `unit`. */
const abbreviations = [
  { under: 10n ** 8n, unit: 1n, suffix: '' },
  { under: 10n ** 9n, unit: 10n ** 3n, suffix: 'K' },
  { under: 10n ** 11n, unit: 10n ** 6n, suffix: 'M' },
  { under: 10n ** 14n, unit: 10n ** 9n, suffix: 'G' },
  { under: 10n ** 30n, unit: 10n ** 12n, suffix: 'T' },
] as const;

/** A counter in 9 columns, rounded down where it has more than 8 digits: `  123456K`. */
export function abbreviated(count: bigint): string {
  const { unit, suffix } = abbreviations.find(({ under }) => count < under) ?? abbreviations[4];
  return `${count / unit}${suffix}`.padStart(9);
}

/** A counter in full, in 9 columns or as many as it takes; always apart from the one before. */
export const exact = (count: bigint): string => ` ${String(count).padStart(8)}`;
