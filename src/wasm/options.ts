/**
 * Servers by getsockopt(2), the interface that IPVS had before netlink: one call tells those of a service, in a tenth of the
 * time of a dump. It knows only IPv4, leaves servers of the other family out, and says of a tunnel that it is one. So what it
 * tells counts only where it tells as many servers as it counts, and for who asks no more of tunnels. The structures are
 * those of linux/ip_vs.h, as 64-bit machines align them.
 */
import { Area } from './area.ts';
import { BYPASS, METHOD_MASK, TUNNEL } from './codes.ts';
import { Server, Service, servers, serviceAt, serviceCount } from './entries.ts';

/** struct ip_vs_get_services: how many, and as many of struct ip_vs_service_entry. */
const SERVICES: i32 = 8;
const SERVICE: i32 = 104;
const SERVICE_COUNT: usize = 44;

/** What services have at the same places: protocol, IPv4 address, port, and firewall mark. */
const ADDRESS: usize = 4;
const PORT: usize = 8;
const FWMARK: usize = 12;

/** struct ip_vs_get_dests: which service, how many, and as many of struct ip_vs_dest_entry. */
const SERVERS: i32 = 24;
const SERVERS_LIMIT: usize = 16;
const SERVER: i32 = 96;
const SERVER_PORT: usize = 4;
const SERVER_FLAGS: usize = 8;
const SERVER_WEIGHT: usize = 12;
const SERVER_UPPER: usize = 16;
const SERVER_LOWER: usize = 20;
const SERVER_ACTIVE: usize = 24;
const SERVER_INACTIVE: usize = 28;

/** Flags of an entry that the kernel has not written. */
const UNWRITTEN: u32 = 0xffffffff;

/** A service that has more servers is asked for by netlink. */
const MOST: u32 = 65_535;

const value: Area = new Area(1024);

/** How many servers are asked for at once: as many as any service has, and one by which it is seen if there are more. */
let limit: u32 = 0;

export function optionStart(): usize {
  return value.start;
}

/** All services are there: leaves the value of IP_VS_SO_GET_SERVICES at `optionStart`. @returns how many bytes */
export function askCounts(): i32 {
  const count = serviceCount();
  const length = clear(SERVICES + <i32>count * SERVICE, 0);
  store<u32>(value.start, count);
  return length;
}

/** The value is filled in, in the order in which netlink tells the services: as far as that is so, they are counted. */
export function takeCounts(): void {
  let at = value.start + SERVICES;
  limit = 1;
  for (let i: u32 = 0; i < serviceCount(); i++) {
    const service = serviceAt(i);
    if (service.isIpv6) continue;
    if (!isOf(at, service)) break;
    const count = load<u32>(at, SERVICE_COUNT);
    service.isCounted = count <= MOST;
    service.counted = count;
    if (service.isCounted) limit = max(limit, count + 1);
    at += SERVICE;
  }
  clear(SERVERS + <i32>limit * SERVER, 0xff);
}

/** Leaves the value of IP_VS_SO_GET_DESTS at `optionStart`. @returns how many bytes; 0 where it would not tell the servers */
export function askOption(service: Service): i32 {
  if (!service.isCounted) return 0;
  const at = value.start;
  store<u16>(at, <u16>service.protocol);
  store<u32>(at, service.fwmark === 0 ? bswap(<u32>service.low) : 0, ADDRESS);
  store<u16>(at, bswap(<u16>service.port), PORT);
  store<u32>(at, service.fwmark, FWMARK);
  store<u32>(at, limit, SERVERS_LIMIT);
  return SERVERS + <i32>limit * SERVER;
}

/**
 * The value is filled in: adds the servers.
 * @param withTunnels where nothing else of tunnels is asked than that they are some
 * @returns false, with nothing added, where these are not all, or not all that is asked of them
 */
export function takeOption(service: Service, withTunnels: bool): bool {
  const before = servers.length;
  const end = value.end;
  let isTold = true;
  let count: u32 = 0;
  for (let at = value.start + SERVERS; at < end; at += SERVER) {
    if (load<u32>(at, SERVER_FLAGS) === UNWRITTEN) break;
    isTold = isTold && addServer(at, withTunnels);
    store<u32>(at, UNWRITTEN, SERVER_FLAGS);
    count++;
  }
  if (isTold && count === service.counted) return true;
  servers.end = servers.start + before;
  return false;
}

function addServer(at: usize, withTunnels: bool): bool {
  const method = load<u32>(at, SERVER_FLAGS) & METHOD_MASK;
  if (method > BYPASS || (method === TUNNEL && !withTunnels)) return false;
  const place = servers.take(offsetof<Server>());
  memory.fill(place, 0, offsetof<Server>());
  const server = changetype<Server>(place);
  server.low = bswap(load<u32>(at));
  server.port = bswap(load<u16>(at, SERVER_PORT));
  server.method = method;
  server.weight = load<u32>(at, SERVER_WEIGHT);
  server.upperThreshold = load<u32>(at, SERVER_UPPER);
  server.lowerThreshold = load<u32>(at, SERVER_LOWER);
  server.activeConnections = load<u32>(at, SERVER_ACTIVE);
  server.inactiveConnections = load<u32>(at, SERVER_INACTIVE);
  return true;
}

/** Whether the service entry there is this one's. */
function isOf(at: usize, service: Service): bool {
  if (at >= value.end) return false;
  const fwmark = load<u32>(at, FWMARK);
  if (fwmark !== 0 || service.fwmark !== 0) return fwmark === service.fwmark;
  return (
    load<u16>(at) === <u16>service.protocol &&
    bswap(load<u32>(at, ADDRESS)) === <u32>service.low &&
    bswap(load<u16>(at, PORT)) === <u16>service.port
  );
}

/** Makes the value so many bytes, all of them this one. */
function clear(bytes: i32, byte: u8): i32 {
  value.clear();
  memory.fill(value.take(bytes), byte, bytes);
  return bytes;
}
