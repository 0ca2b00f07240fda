/**
 * Rows of the IPVS in memory: what identifies a service or a server, its counters, and the replies that tell of it. A row is
 * replaced when it changes, never changed itself.
 */
import { codes } from '../../src/ipvs/codes.js';
import {
  CommandAttributes,
  type DaemonBody,
  type DestinationBody,
  type ServiceBody,
} from '../../src/ipvs/schema.js';
import { formatAddress } from '../../src/model/address.js';
import { destinationCounts } from '../../src/model/fields.js';
import { counterNames, type Stats } from '../../src/model/stats.js';
import type { AttributeSet, Infer } from '../../src/netlink/attributes.js';
import { Writer } from '../../src/netlink/bytes.js';

/** Positive errno values that IPVS answers with. */
export const E = {
  NOENT: 2,
  SRCH: 3,
  EXIST: 17,
  NODEV: 19,
  INVAL: 22,
  RANGE: 34,
  AFNOSUPPORT: 97,
  NETUNREACH: 101,
} as const;

/** Thrown by a rule that refuses; the socket makes an answer of it. */
export class Refused extends Error {
  constructor(readonly errno: number) {
    super(`errno ${errno}`);
  }
}

export const refuseUnless = (condition: unknown, errno: number): void => {
  if (!condition) throw new Refused(errno);
};

export interface FakeService {
  body: ServiceBody;
  readonly destinations: Map<string, DestinationBody>;
}

/** A reply: its command, and its attributes as bytes. */
export type FakeReply = readonly [command: number, attributes: Uint8Array];

const families: readonly number[] = Object.values(codes.family);

export function serviceKey(service: ServiceBody | undefined): string {
  const { family, fwmark, protocol, address, port } = service ?? {};
  if (family === undefined) throw new Refused(E.INVAL);
  refuseUnless(families.includes(family), E.AFNOSUPPORT);
  if (fwmark) return `${family} ${fwmark}`;
  if (protocol === undefined || address === undefined || port === undefined) throw new Refused(E.INVAL);
  return `${family} ${protocol} ${addressText(family, address)} ${port}`;
}

export function destinationId(service: ServiceBody, asked: DestinationBody | undefined): DestinationBody {
  const { address, port, family = service.family } = asked ?? {};
  if (address === undefined || port === undefined) throw new Refused(E.INVAL);
  return { family, address, port };
}

export const destinationKey = ({ family, address, port }: DestinationBody): string =>
  `${family} ${addressText(family, address)} ${port}`;

/** As text: of an IPv4 address in its union only four bytes count. */
export const addressText = (family: number | undefined, address: Uint8Array = new Uint8Array(16)): string =>
  formatAddress(address, 0, family === codes.family.inet6 ? 'inet6' : 'inet');

/** Whether a real server may have the address: it is no multicast, broadcast, unspecified, link-local or mapped one. */
export const isHostAddress = (address: string): boolean =>
  !/^(0\.0\.0\.0$|22[4-9]\.|23\d\.|255\.255\.255\.255$|::$|ff|fe[89ab].:|::ffff:)/.test(address);

/** Length of sync messages, in bytes: of UDP in IPv4 or IPv6, within a packet of the MTU where none was asked for. */
export function syncMaxLength({ state, group6, maxLength }: DaemonBody, mtu: number): number {
  const headers = group6 ? 48 : 28;
  const largest = 65535 - headers;
  if (!maxLength) return Math.min(Math.max(mtu, 1500) - headers, largest);
  return Math.min(Math.max(maxLength, state === codes.daemonState.backup ? 1024 : 1), largest);
}

/** Both sets of counters, the 32-bit ones as they wrap in the kernel. */
export function counters(
  counted: Partial<Stats>,
  before: DestinationBody['stats64'] = {},
): Pick<DestinationBody, 'stats' | 'stats64'> {
  const exact = counterNames.map((name) => [name, (before[name] ?? 0n) + (counted[name] ?? 0n)] as const);
  const narrow = exact.map(([name, value]) => [
    name,
    name === 'inBytes' || name === 'outBytes' ? value : Number(BigInt.asUintN(32, value)),
  ]);
  return { stats: Object.fromEntries(narrow), stats64: Object.fromEntries(exact) };
}

export const untouched = counters({});
export const fresh: DestinationBody = {
  ...Object.fromEntries(destinationCounts.map((name) => [name, 0])),
  ...untouched,
};

export function zero(service: FakeService): void {
  service.body = { ...service.body, ...untouched };
  for (const [key, body] of service.destinations) service.destinations.set(key, { ...body, ...untouched });
}

export const serviceReply = (service: ServiceBody): FakeReply =>
  reply(1, CommandAttributes, { service }, service);

const writer = new Writer();

export function encode<S extends AttributeSet>(set: S, body: Infer<S>): Uint8Array {
  writer.clear();
  set.put(writer, body as never);
  return writer.written().slice();
}

/** Replies by the row that they tell: rows are replaced, never changed. */
const encoded = new WeakMap<object, FakeReply>();

export function reply<S extends AttributeSet>(
  command: number,
  set: S,
  body: Infer<S>,
  row: object = body,
): FakeReply {
  const known = encoded.get(row) ?? [command, encode(set, body)];
  encoded.set(row, known);
  return known;
}
