/**
 * Services and servers as they are kept here: all of one size, numbers in the machine's order, so that they are sorted and
 * written without a look at what they were read from.
 */
import { Area } from './area.ts';
import { SCTP, TCP, UDP } from './codes.ts';

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
  /** How many servers the kernel counts, where it has told. */
  isCounted: bool;
  counted: u32;
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

/** Ranks a service that has its family and its protocol: by the one, then by the other. False for an unknown protocol. */
export function placeEndpoint(to: Service): bool {
  to.rank = to.isIpv6 ? 3 : 0;
  if (to.protocol === UDP) to.rank += 1;
  else if (to.protocol === SCTP) to.rank += 2;
  else if (to.protocol !== TCP) return false;
  return true;
}

/** Ranks a service of a firewall mark behind all others: by mark, then by family. */
export function placeMark(to: Service): void {
  to.rank = 6;
  to.high = to.fwmark;
  to.low = to.isIpv6 ? 1 : 0;
  to.port = 0;
}
