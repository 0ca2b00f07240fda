/** What services and servers have, for those who make objects of them: src/plan/records.ts. */
import { Endpoint, Server, Service, serverAt } from './entries.ts';
import { Wanted, wantedServerAt } from './wanted.ts';

/** Room for an address in network order. */
const room = heap.alloc(16);

export function isIpv6Service(service: Service): bool {
  return service.isIpv6;
}

export function isIpv6Server(server: Server): bool {
  return server.isIpv6;
}

/** Where the 4 or 16 bytes of the address are, until the next one is asked for. */
export function addressOf(endpoint: Endpoint, isIpv6: bool): usize {
  if (isIpv6) {
    store<u64>(room, bswap(endpoint.high));
    store<u64>(room, bswap(endpoint.low), 8);
  } else store<u32>(room, bswap(<u32>endpoint.low));
  return room;
}

export function portOf(endpoint: Endpoint): u32 {
  return endpoint.port;
}

export function protocolOf(service: Service): u32 {
  return service.protocol;
}

export function markOf(service: Service): u32 {
  return service.fwmark;
}

export function flagsOf(service: Service): u32 {
  return service.flags;
}

export function timeoutOf(service: Service): u32 {
  return service.timeout;
}

export function netmaskOf(service: Service): u32 {
  return service.netmask;
}

/** Where the 16 bytes of a name are. */
export function schedulerOf(service: Service): usize {
  return changetype<usize>(service) + offsetof<Service>('scheduler0');
}

export function engineOf(service: Service): usize {
  return changetype<usize>(service) + offsetof<Service>('engine0');
}

export function countOf(service: Service): u32 {
  return service.count;
}

export function tableServerOf(service: Service, index: u32): usize {
  return changetype<usize>(serverAt(service.first + index));
}

export function wantedServerOf(service: Service, index: u32): usize {
  return changetype<usize>(wantedServerAt(service.first + index));
}

export function saysServers(service: Wanted): bool {
  return service.saysServers;
}

export function methodOf(server: Server): u32 {
  return server.method;
}

export function weightOf(server: Server): u32 {
  return server.weight;
}

export function upperThresholdOf(server: Server): u32 {
  return server.upperThreshold;
}

export function lowerThresholdOf(server: Server): u32 {
  return server.lowerThreshold;
}

export function tunnelTypeOf(server: Server): u32 {
  return server.tunnelType;
}

export function tunnelPortOf(server: Server): u32 {
  return server.tunnelPort;
}

export function tunnelFlagsOf(server: Server): u32 {
  return server.tunnelFlags;
}
