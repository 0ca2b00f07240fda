/**
 * Services and servers as they are kept here: all of one size, numbers in the machine's order, so that they are sorted and
 * written without a look at what they were read from. Source of the attributes: linux/ip_vs.h; src/ipvs/schema.ts has all.
 */
import { Area } from './area.ts';
import { attribute, bigEndian16, only, payload, size, type } from './messages.ts';

const AF_INET: u32 = 2;
const AF_INET6: u32 = 10;
const TCP: u32 = 6;
const UDP: u32 = 17;
const SCTP: u32 = 132;

/** IPVS_CMD_ATTR_* */
const SERVICE: u32 = 1;
const DESTINATION: u32 = 2;

/** IPVS_SVC_ATTR_* */
const SVC_FAMILY: u32 = 1;
const SVC_PROTOCOL: u32 = 2;
const SVC_ADDRESS: u32 = 3;
const SVC_PORT: u32 = 4;
const SVC_FWMARK: u32 = 5;
const SVC_SCHEDULER: u32 = 6;
const SVC_FLAGS: u32 = 7;
const SVC_TIMEOUT: u32 = 8;
const SVC_NETMASK: u32 = 9;
const SVC_ENGINE: u32 = 11;

/** IPVS_DEST_ATTR_* */
const DEST_ADDRESS: u32 = 1;
const DEST_PORT: u32 = 2;
const DEST_METHOD: u32 = 3;
const DEST_WEIGHT: u32 = 4;
const DEST_UPPER: u32 = 5;
const DEST_LOWER: u32 = 6;
const DEST_ACTIVE: u32 = 7;
const DEST_INACTIVE: u32 = 8;
const DEST_PERSISTENT: u32 = 9;
const DEST_FAMILY: u32 = 11;
const DEST_TUNNEL_TYPE: u32 = 13;
const DEST_TUNNEL_PORT: u32 = 14;
const DEST_TUNNEL_FLAGS: u32 = 15;

/** IP_VS_CONN_F_FWD_MASK, and the last of the methods in it. */
const METHOD_MASK: u32 = 7;
const BYPASS: u32 = 4;
/** The last of IP_VS_CONN_F_TUNNEL_TYPE_* and of IP_VS_TUNNEL_ENCAP_FLAG_*. */
const GRE: u32 = 2;
const REMCSUM: u32 = 2;

/** Bytes that a scheduler's or an engine's name may take: IP_VS_SCHEDNAME_MAXLEN and IP_VS_PENAME_MAXLEN. */
export const NAME: usize = 16;

/** What is sorted by, in this order: an IPv4 address is the lower half, of 32 bits. */
@unmanaged
export class Endpoint {
  rank: u32;
  port: u32;
  high: u64;
  low: u64;
}

@unmanaged
export class Service extends Endpoint {
  isIpv6: bool;
  /** Whether the servers are those of a text, so that nobody need ask for them. */
  isKnown: bool;
  /** Whether the text has it. */
  isSeen: bool;
  protocol: u32;
  /** 0 where protocol, address and port say which service is meant. */
  fwmark: u32;
  flags: u32;
  timeout: u32;
  /** IPv4: the mask. IPv6: the length of the prefix. */
  netmask: u32;
  /** Servers out of a text: the index of the first, and how many. */
  first: u32;
  count: u32;
  /** Names, of up to 16 bytes; what they do not fill is 0. */
  scheduler0: u64;
  scheduler1: u64;
  engine0: u64;
  engine1: u64;
}

@unmanaged
export class Server extends Endpoint {
  isIpv6: bool;
  method: u32;
  weight: u32;
  upperThreshold: u32;
  lowerThreshold: u32;
  activeConnections: u32;
  inactiveConnections: u32;
  tunnelType: u32;
  tunnelPort: u32;
  tunnelFlags: u32;
  /** Out of a text: where in it the columns behind the endpoint are, and how many bytes. */
  columns: u32;
  columnsLength: u32;
}

export const services: Area = new Area(64 * offsetof<Service>());
export const servers: Area = new Area(256 * offsetof<Server>());

export function serviceAt(index: u32): Service {
  return changetype<Service>(services.start + index * offsetof<Service>());
}

export function serverAt(index: u32): Server {
  return changetype<Server>(servers.start + index * offsetof<Server>());
}

export function serviceCount(): u32 {
  return <u32>(services.length / offsetof<Service>());
}

export function serverCount(): u32 {
  return <u32>(servers.length / offsetof<Server>());
}

/** Adds the service whose attributes these are. False, and nothing added, where they are not as expected. */
export function addService(at: usize, end: usize): bool {
  if (!only(SERVICE, at, end)) return false;
  const place = services.room(offsetof<Service>());
  memory.fill(place, 0, offsetof<Service>());
  if (!readService(changetype<Service>(place), payload, payload + size)) return false;
  services.take(offsetof<Service>());
  return true;
}

/** The same for a server; older kernels do not repeat the service's family for each. */
export function addServer(at: usize, end: usize): bool {
  if (!only(DESTINATION, at, end)) return false;
  const place = servers.room(offsetof<Server>());
  memory.fill(place, 0, offsetof<Server>());
  const server = changetype<Server>(place);
  server.isIpv6 = familyOfService;
  if (!readServer(server, payload, payload + size)) return false;
  servers.take(offsetof<Server>());
  return true;
}

/** Whether the servers that are added are an IPv6 service's. */
let familyOfService: bool = false;

export function expectServersOf(service: Service): void {
  familyOfService = service.isIpv6;
}

/** Attributes that have been seen, a bit for each type. */
let seen: u32 = 0;
let address: usize = 0;
let addressSize: usize = 0;

function has(wanted: u32): bool {
  return (seen & (1 << wanted)) !== 0;
}

function readService(to: Service, at: usize, end: usize): bool {
  seen = 0;
  let family: u32 = 0;
  while (at < end) {
    at = attribute(at, end);
    if (at === 0) return false;
    if (type < 32) seen |= 1 << type;
    switch (type) {
      case SVC_FAMILY:
        if (size < 2) return false;
        family = load<u16>(payload);
        break;
      case SVC_PROTOCOL:
        if (size < 2) return false;
        to.protocol = load<u16>(payload);
        break;
      case SVC_ADDRESS:
        address = payload;
        addressSize = size;
        break;
      case SVC_PORT:
        if (size < 2) return false;
        to.port = bigEndian16(payload);
        break;
      case SVC_FWMARK:
        if (size < 4) return false;
        to.fwmark = load<u32>(payload);
        break;
      case SVC_SCHEDULER:
        if (!readName(changetype<usize>(to) + offsetof<Service>('scheduler0'))) return false;
        break;
      case SVC_FLAGS:
        if (size < 8) return false;
        to.flags = load<u32>(payload);
        break;
      case SVC_TIMEOUT:
        if (size < 4) return false;
        to.timeout = load<u32>(payload);
        break;
      case SVC_NETMASK:
        if (size < 4) return false;
        to.netmask = load<u32>(payload);
        break;
      case SVC_ENGINE:
        if (!readName(changetype<usize>(to) + offsetof<Service>('engine0'))) return false;
        break;
    }
  }
  to.isIpv6 = family === AF_INET6;
  if (
    (!to.isIpv6 && family !== AF_INET) ||
    load<u8>(changetype<usize>(to), offsetof<Service>('scheduler0')) === 0
  ) {
    return false;
  }
  if (!has(SVC_NETMASK)) to.netmask = to.isIpv6 ? 128 : 0xffffffff;
  else if (!to.isIpv6) to.netmask = bswap(to.netmask);
  return to.fwmark === 0 ? placeEndpoint(to) : placeMark(to);
}

/** By family, then by protocol in this order. */
function placeEndpoint(to: Service): bool {
  if (!has(SVC_PROTOCOL) || !has(SVC_ADDRESS) || !has(SVC_PORT)) return false;
  to.rank = to.isIpv6 ? 3 : 0;
  if (to.protocol === UDP) to.rank += 1;
  else if (to.protocol === SCTP) to.rank += 2;
  else if (to.protocol !== TCP) return false;
  return readAddress(to, to.isIpv6);
}

/** Behind all others, by mark and then by family. */
function placeMark(to: Service): bool {
  to.rank = 6;
  to.high = to.fwmark;
  to.low = to.isIpv6 ? 1 : 0;
  to.port = 0;
  return true;
}

function readServer(to: Server, at: usize, end: usize): bool {
  seen = 0;
  let family: u32 = 0;
  while (at < end) {
    at = attribute(at, end);
    if (at === 0) return false;
    if (type < 32) seen |= 1 << type;
    switch (type) {
      case DEST_ADDRESS:
        address = payload;
        addressSize = size;
        break;
      case DEST_PORT:
        if (size < 2) return false;
        to.port = bigEndian16(payload);
        break;
      case DEST_METHOD:
        if (size < 4) return false;
        to.method = load<u32>(payload) & METHOD_MASK;
        break;
      case DEST_WEIGHT:
        if (size < 4) return false;
        to.weight = load<u32>(payload);
        break;
      case DEST_UPPER:
        if (size < 4) return false;
        to.upperThreshold = load<u32>(payload);
        break;
      case DEST_LOWER:
        if (size < 4) return false;
        to.lowerThreshold = load<u32>(payload);
        break;
      case DEST_ACTIVE:
        if (size < 4) return false;
        to.activeConnections = load<u32>(payload);
        break;
      case DEST_INACTIVE:
        if (size < 4) return false;
        to.inactiveConnections = load<u32>(payload);
        break;
      // Shown by no listing here; whoever lists in general reads it, and says what is wrong with it.
      case DEST_PERSISTENT:
        if (size < 4) return false;
        break;
      case DEST_FAMILY:
        if (size < 2) return false;
        family = load<u16>(payload);
        break;
      case DEST_TUNNEL_TYPE:
        if (size < 1) return false;
        to.tunnelType = load<u8>(payload);
        break;
      case DEST_TUNNEL_PORT:
        if (size < 2) return false;
        to.tunnelPort = bigEndian16(payload);
        break;
      case DEST_TUNNEL_FLAGS:
        if (size < 2) return false;
        to.tunnelFlags = load<u16>(payload);
        break;
    }
  }
  if (!has(DEST_ADDRESS) || !has(DEST_PORT) || !has(DEST_METHOD) || !has(DEST_WEIGHT)) return false;
  if (family !== 0) {
    to.isIpv6 = family === AF_INET6;
    if (!to.isIpv6 && family !== AF_INET) return false;
  }
  to.rank = to.isIpv6 ? 1 : 0;
  return (
    to.method <= BYPASS && to.tunnelType <= GRE && to.tunnelFlags <= REMCSUM && readAddress(to, to.isIpv6)
  );
}

function readAddress(to: Endpoint, isIpv6: bool): bool {
  if (isIpv6) {
    if (addressSize < 16) return false;
    to.high = bswap(load<u64>(address));
    to.low = bswap(load<u64>(address, 8));
  } else {
    if (addressSize < 4) return false;
    to.low = bswap(load<u32>(address));
  }
  return true;
}

/** The text that the attribute has, up to a 0: nothing but what a name is made of. */
function readName(to: usize): bool {
  memory.fill(to, 0, NAME);
  for (let i: usize = 0; i < size; i++) {
    const letter = load<u8>(payload + i);
    if (letter === 0) return true;
    if (i === NAME || letter <= 0x20 || letter >= 0x7f) return false;
    store<u8>(to + i, letter);
  }
  return true;
}
