/** What is measured: every case is the base case with one thing changed. */
import type { Family } from '../../../src/model/address.js';
import { type ForwardingMethod, plainTunnel, type Tunnel } from '../../../src/model/destination.js';
import { guePort } from '../../support/net/packet.js';

interface Forwarding {
  readonly method: ForwardingMethod;
  readonly tunnel: Tunnel;
}

const tunnel = (type: Tunnel['type'], checksum: Tunnel['checksum'] = 'nocsum'): Forwarding => ({
  method: 'tun',
  tunnel: { type, port: type === 'gue' ? guePort : 0, checksum },
});

export const methods = {
  NAT: { method: 'nat', tunnel: plainTunnel },
  ipip: tunnel('ipip'),
  gue: tunnel('gue'),
  gre: tunnel('gre'),
  DR: { method: 'dr', tunnel: plainTunnel },
  'gue, checksum': tunnel('gue', 'csum'),
  'gre, checksum': tunnel('gre', 'csum'),
} as const satisfies Record<string, Forwarding>;

export type Method = keyof typeof methods;

/** Families of the service and of the server's address. IPVS takes unequal ones with tunnels only. */
export const families = {
  IPv4: { service: 'inet', server: 'inet' },
  IPv6: { service: 'inet6', server: 'inet6' },
  'IPv4 in IPv6': { service: 'inet', server: 'inet6' },
  'IPv6 in IPv4': { service: 'inet6', server: 'inet' },
} as const satisfies Record<string, { service: Family; server: Family }>;

export type Families = keyof typeof families;

export interface Variables {
  readonly family: Families;
  readonly servers: number;
  /** Length of the body of each answer. */
  readonly bytes: number;
  /** Connections in the director's table beside those of the requests. */
  readonly held: number;
}

export interface Case extends Variables {
  readonly method: Method;
}

export const nameOf = ({ method, family, servers, bytes, held }: Case): string =>
  `${method}, ${family}, servers ${servers}, answer ${bytes} bytes, held ${held}`;

export const base: Variables = { family: 'IPv4', servers: 1, bytes: 1000, held: 10 };

/** The port of answers of a length is 8000 and the place in this list. */
export const answerBytes = [100, 1000, 10_000, 100_000, 1_000_000] as const;
export const serverCounts = [1, 2, 4, 8] as const;
/** In ascending order: connections are added, never removed. */
export const heldCounts = [10, 1000, 10_000, 100_000] as const;

export const compared = ['NAT', 'ipip', 'gue', 'gre', 'DR'] as const satisfies Method[];
const tunnels = ['ipip', 'gue', 'gre'] as const satisfies Method[];

const each = (methods: readonly Method[], changes: readonly Partial<Variables>[]): Case[] =>
  changes.flatMap((change) => methods.map((method) => ({ ...base, ...change, method })));

const without = <Value>(values: readonly Value[], value: Value): Value[] =>
  values.filter((one) => one !== value);

/** In the order in which they are measured. */
export const cases: readonly Case[] = [
  ...each(compared, [{}, { family: 'IPv6' }]),
  ...each(tunnels, [{ family: 'IPv4 in IPv6' }, { family: 'IPv6 in IPv4' }]),
  ...each(['gue, checksum', 'gre, checksum'], [{}]),
  ...each(
    compared,
    without<number>(serverCounts, base.servers).map((servers) => ({ servers })),
  ),
  ...each(
    compared,
    without<number>(answerBytes, base.bytes).map((bytes) => ({ bytes })),
  ),
  ...each(
    compared,
    without<number>(heldCounts, base.held).map((held) => ({ held })),
  ),
];

/** Requests of a sample: few suffice where instructions are counted. */
export const requestsOf = ({ bytes }: Variables): number => (bytes > 50_000 ? 6 : 20);
