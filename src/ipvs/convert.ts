/** Converts between attributes and the model. A number that is in no table is an error. */
import { ProtocolError, ValueError } from '../errors.js';
import {
  addressBytes,
  addressLength,
  type Family,
  familyOf,
  formatAddress,
  isIpv4,
} from '../model/address.js';
import type { Daemon } from '../model/daemon.js';
import type { Destination, DestinationId } from '../model/destination.js';
import { destinationNumberNames, type ServiceSwitch, serviceSwitchNames } from '../model/fields.js';
import { schedulerFlagBits } from '../model/schedulers.js';
import {
  defaults,
  isFwmark,
  type Persistence,
  type Service,
  type ServiceId,
  serviceFamily,
} from '../model/service.js';
import { counterNames, type Stats } from '../model/stats.js';
import type { Info, ServiceEntry, Timeouts } from '../model/table.js';
import { Reader, Writer } from '../netlink/bytes.js';
import { codes, daemonStateName, familyName, protocolName, serviceFlag } from './codes.js';
import type { CommandBody, DaemonBody, DestinationBody, ServiceBody } from './schema.js';

/** union nf_inet_addr. */
const ADDRESS_UNION = 16;

/** The value of a required attribute. */
function need<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw new ProtocolError('missing', [field]);
  return value;
}

const union = (address: string): Uint8Array => {
  const bytes = new Uint8Array(ADDRESS_UNION);
  bytes.set(addressBytes(address));
  return bytes;
};

function readAddress(bytes: Uint8Array, family: Family): string {
  if (bytes.length < addressLength[family]) {
    throw new ProtocolError(`expected ${addressLength[family]} bytes, got ${bytes.length}`, ['address']);
  }
  return formatAddress(bytes, 0, family);
}

const netmaskForm: Record<Family, string> = {
  inet: 'a dotted mask, as an IPv4 service needs it',
  inet6: 'a prefix length up to 128, as an IPv6 service needs it',
};

// Netmasks: in one attribute of 4 bytes, an IPv4 mask in network order, or a prefix length in the machine's.

function netmaskBytes(netmask: string, family: Family): Uint8Array {
  if (family === 'inet' && isIpv4(netmask)) return addressBytes(netmask);
  if (family === 'inet' || !/^\d+$/.test(netmask) || Number(netmask) > 128) {
    throw new ValueError('netmask', netmask, netmaskForm[family]);
  }
  const writer = new Writer(4);
  writer.u32(Number(netmask));
  return writer.written();
}

function readNetmask(bytes: Uint8Array, family: Family): string {
  if (bytes.length < 4) throw new ProtocolError(`expected 4 bytes, got ${bytes.length}`, ['netmask']);
  return family === 'inet' ? formatAddress(bytes, 0, 'inet') : String(new Reader(bytes).u32(0));
}

/** The attributes that identify a service. */
export function serviceIdBody(id: ServiceId): ServiceBody {
  const family = codes.family[serviceFamily(id)];
  if (isFwmark(id)) return { family, fwmark: id.fwmark };
  return { family, protocol: codes.protocol[id.protocol], address: union(id.address), port: id.port };
}

export function serviceBody(service: Service): ServiceBody {
  const family = serviceFamily(service.id);
  const { persistence } = service;
  let bits = 0;
  if (persistence) bits |= serviceFlag.persistent;
  for (const name of serviceSwitchNames) if (service[name]) bits |= serviceFlag[name];
  for (const flag of service.schedulerFlags) bits |= serviceFlag[flag];
  return {
    ...serviceIdBody(service.id),
    scheduler: service.scheduler,
    flags: { bits, mask: 0xffffffff },
    timeout: persistence?.timeout ?? 0,
    netmask: netmaskBytes(persistence?.netmask ?? defaults.netmask[family], family),
    engine: persistence?.engine,
  };
}

function readServiceId(body: ServiceBody): ServiceId {
  const family = familyName(need(body.family, 'family'));
  if (body.fwmark) return { fwmark: body.fwmark, family };
  return {
    protocol: protocolName(need(body.protocol, 'protocol')),
    address: readAddress(need(body.address, 'address'), family),
    port: need(body.port, 'port'),
  };
}

function readPersistence(body: ServiceBody, family: Family): Persistence {
  return {
    timeout: body.timeout ?? 0,
    netmask: body.netmask ? readNetmask(body.netmask, family) : defaults.netmask[family],
    engine: body.engine || undefined,
  };
}

export const readService = (body: ServiceBody): ServiceEntry => ({
  ...readSettings(body),
  stats: readStats(body),
});

/** A service without its counters. */
export function readSettings(body: ServiceBody): Service {
  const id = readServiceId(body);
  const bits = body.flags?.bits ?? 0;
  const switches = {} as Record<ServiceSwitch, boolean>;
  for (const name of serviceSwitchNames) switches[name] = (bits & serviceFlag[name]) !== 0;
  return {
    id,
    scheduler: need(body.scheduler, 'scheduler'),
    schedulerFlags: schedulerFlagBits.filter((flag) => bits & serviceFlag[flag]),
    persistence: bits & serviceFlag.persistent ? readPersistence(body, serviceFamily(id)) : undefined,
    ...switches,
  };
}

export function destinationIdBody(id: DestinationId): DestinationBody {
  return { family: codes.family[familyOf(id.address)], address: union(id.address), port: id.port };
}

/** No objects but the body: a restore makes tens of thousands of these. */
export function destinationBody(destination: Destination): DestinationBody {
  const { id, method, tunnel } = destination;
  const body: { -readonly [K in keyof DestinationBody]: DestinationBody[K] } = {
    family: codes.family[familyOf(id.address)],
    address: union(id.address),
    port: id.port,
    method: codes.method[method],
  };
  for (const name of destinationNumberNames) body[name] = destination[name];
  if (method === 'tun') {
    body.tunnelType = codes.tunnelType[tunnel.type];
    body.tunnelPort = tunnel.port;
    body.tunnelFlags = codes.tunnelChecksum[tunnel.checksum];
  }
  return body;
}

/** The 64-bit counters if the kernel has them; kernels before 4.1 count connections and packets modulo 2^32. */
function readStats({ stats64, stats }: Pick<ServiceBody, 'stats' | 'stats64'>): Stats {
  const from = stats64 ?? stats ?? {};
  const read = {} as Record<keyof Stats, bigint>;
  for (const counter of counterNames) read[counter] = BigInt(from[counter] ?? 0);
  return read;
}

export function daemonBody(daemon: Pick<Daemon, 'state'> & Partial<Daemon>): DaemonBody {
  const { group } = daemon;
  return {
    state: codes.daemonState[daemon.state],
    interface: daemon.interface,
    syncId: daemon.syncId,
    maxLength: daemon.maxLength,
    ...(group && { [familyOf(group) === 'inet' ? 'group' : 'group6']: addressBytes(group) }),
    port: daemon.port,
    ttl: daemon.ttl,
  };
}

export function readDaemon(body: DaemonBody): Daemon {
  const group = body.group6
    ? readAddress(body.group6, 'inet6')
    : body.group && readAddress(body.group, 'inet');
  return {
    state: daemonStateName(need(body.state, 'state')),
    interface: need(body.interface, 'interface'),
    syncId: need(body.syncId, 'syncId'),
    maxLength: body.maxLength,
    group,
    port: body.port,
    ttl: body.ttl,
  };
}

export const timeoutsBody = ({ tcp, tcpFin, udp }: Timeouts): CommandBody => ({
  tcpTimeout: tcp,
  tcpFinTimeout: tcpFin,
  udpTimeout: udp,
});

/** A kernel built without TCP or UDP support leaves their timeouts out: 0. */
export const readTimeouts = (body: CommandBody): Timeouts => ({
  tcp: body.tcpTimeout ?? 0,
  tcpFin: body.tcpFinTimeout ?? 0,
  udp: body.udpTimeout ?? 0,
});

/** `version` holds one byte each for major, minor and patch. */
export function readInfo(body: {
  version?: number | undefined;
  connectionTableSize?: number | undefined;
}): Info {
  const version = need(body.version, 'version');
  return {
    version: { major: (version >> 16) & 0xff, minor: (version >> 8) & 0xff, patch: version & 0xff },
    connectionTableSize: need(body.connectionTableSize, 'connectionTableSize'),
  };
}
