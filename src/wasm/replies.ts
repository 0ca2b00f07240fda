/** Replies of the kernel, read into entries. Whatever is not as expected is odd: false, and nothing is added. */
import {
  AF_INET,
  AF_INET6,
  BYPASS,
  DEST_ACTIVE,
  DEST_ADDRESS,
  DEST_FAMILY,
  DEST_INACTIVE,
  DEST_LOWER,
  DEST_METHOD,
  DEST_PORT,
  DEST_TUNNEL_FLAGS,
  DEST_TUNNEL_PORT,
  DEST_TUNNEL_TYPE,
  DEST_UPPER,
  DEST_WEIGHT,
  DESTINATION,
  GRE,
  METHOD_MASK,
  NAME,
  REMCSUM,
  SERVICE,
  SVC_ADDRESS,
  SVC_ENGINE,
  SVC_FAMILY,
  SVC_FLAGS,
  SVC_FWMARK,
  SVC_NETMASK,
  SVC_PORT,
  SVC_PROTOCOL,
  SVC_SCHEDULER,
  SVC_TIMEOUT,
} from './codes.ts';
import { Endpoint, placeEndpoint, placeMark, Server, Service, servers, services } from './entries.ts';
import { attribute, bigEndian16, only, payload, size, type } from './messages.ts';

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

/** How long attributes are at least, by their types; those that are not numbers say for themselves. */
const serviceSizes = memory.data<u8>([0, 2, 2, 0, 2, 4, 0, 8, 4, 4, 0, 0, 0, 0, 0, 0]);
const serverSizes = memory.data<u8>([0, 0, 2, 4, 4, 4, 4, 4, 4, 4, 0, 2, 0, 1, 2, 2]);
const SIZES: u32 = 16;

/** Comes to the next attribute, and notes that it was seen. @returns where the one behind is, or 0 where this one is odd */
function next(at: usize, end: usize, sizes: usize): usize {
  const behind = attribute(at, end);
  if (behind === 0 || type >= SIZES) return behind;
  seen |= 1 << type;
  return size < load<u8>(sizes + type) ? 0 : behind;
}

function readService(to: Service, at: usize, end: usize): bool {
  seen = 0;
  let family: u32 = 0;
  while (at < end) {
    at = next(at, end, serviceSizes);
    if (at === 0) return false;
    switch (type) {
      case SVC_FAMILY:
        family = load<u16>(payload);
        break;
      case SVC_PROTOCOL:
        to.protocol = load<u16>(payload);
        break;
      case SVC_ADDRESS:
        address = payload;
        addressSize = size;
        break;
      case SVC_PORT:
        to.port = bigEndian16(payload);
        break;
      case SVC_FWMARK:
        to.fwmark = load<u32>(payload);
        break;
      case SVC_SCHEDULER:
        if (!readName(changetype<usize>(to) + offsetof<Service>('scheduler0'))) return false;
        break;
      case SVC_FLAGS:
        to.flags = load<u32>(payload);
        break;
      case SVC_TIMEOUT:
        to.timeout = load<u32>(payload);
        break;
      case SVC_NETMASK:
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
  if (to.fwmark !== 0) {
    placeMark(to);
    return true;
  }
  if (!has(SVC_PROTOCOL) || !has(SVC_ADDRESS) || !has(SVC_PORT)) return false;
  return placeEndpoint(to) && readAddress(to, to.isIpv6);
}

function readServer(to: Server, at: usize, end: usize): bool {
  seen = 0;
  let family: u32 = 0;
  while (at < end) {
    at = next(at, end, serverSizes);
    if (at === 0) return false;
    switch (type) {
      case DEST_ADDRESS:
        address = payload;
        addressSize = size;
        break;
      case DEST_PORT:
        to.port = bigEndian16(payload);
        break;
      case DEST_METHOD:
        to.method = load<u32>(payload) & METHOD_MASK;
        break;
      case DEST_WEIGHT:
        to.weight = load<u32>(payload);
        break;
      case DEST_UPPER:
        to.upperThreshold = load<u32>(payload);
        break;
      case DEST_LOWER:
        to.lowerThreshold = load<u32>(payload);
        break;
      case DEST_ACTIVE:
        to.activeConnections = load<u32>(payload);
        break;
      case DEST_INACTIVE:
        to.inactiveConnections = load<u32>(payload);
        break;
      case DEST_FAMILY:
        family = load<u16>(payload);
        break;
      case DEST_TUNNEL_TYPE:
        to.tunnelType = load<u8>(payload);
        break;
      case DEST_TUNNEL_PORT:
        to.tunnelPort = bigEndian16(payload);
        break;
      case DEST_TUNNEL_FLAGS:
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
