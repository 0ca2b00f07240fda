/**
 * Numeric listings of tables, compiled: what src/ipvsadm/compiled.ts does with the kernel's bytes. The caller writes what it
 * received to `room`, says what it was, and reads the lines at `outputStart`; none of these places outlasts the next call.
 */
import { Area } from './area.ts';
import { ask, room, takeServers, takeServices } from './dump.ts';
import {
  Server,
  Service,
  serverAt,
  serverCount,
  servers,
  serviceAt,
  serviceCount,
  services,
} from './entries.ts';
import { kernelsText, readText, SLACK } from './kernels-text.ts';
import { rulesOf, serverLine, serverLineOf, serverRule, serviceLine } from './lines.ts';
import { askCounts, askOption, optionStart, takeCounts, takeOption } from './options.ts';
import { sort } from './order.ts';
import { output } from './output.ts';

export { askCounts, optionStart, room, takeCounts, takeServers, takeServices };

/** Indexes of services: as they are listed, and in their order. */
const listed: Area = new Area(1024);
const ordered: Area = new Area(1024);
const order: Area = new Area(1024);

/** Where to write so many bytes of /proc/net/ip_vs, behind those that are there. */
export function textRoom(bytes: i32): usize {
  kernelsText.room(<usize>bytes + SLACK);
  return kernelsText.take(bytes);
}

/** All services are there. @returns how many */
export function settle(isSorted: bool): u32 {
  const count = serviceCount();
  sort(ordered.take(count * 4), count, services.start, offsetof<Service>());
  listed.take(count * 4);
  if (isSorted) memory.copy(listed.start, ordered.start, count * 4);
  else for (let i: u32 = 0; i < count; i++) store<u32>(listed.start + i * 4, i);
  return count;
}

/** All of /proc/net/ip_vs is there. */
export function takeText(): bool {
  return readText(ordered.start, serviceCount());
}

/**
 * Writes the services from the one at `from` on, with their servers, as far as these are known.
 * @returns the index of the next one whose servers must be asked for; how many there are where none must
 */
export function writeKnown(from: u32, isSorted: bool): u32 {
  const count = serviceCount();
  for (let i = from; i < count; i++) {
    const service = listedAt(i);
    if (!service.isKnown) return i;
    serviceLine(service);
    sortServers(service.first, service.count, isSorted);
    for (let k: u32 = 0; k < service.count; k++) {
      serverLineOf(serverAt(service.first + load<u32>(order.start + k * 4)), kernelsText.start);
    }
  }
  return count;
}

/** The option that tells a service's servers; what is taken next are these. @returns how many bytes; 0 where none does */
export function optionQuestion(index: u32): i32 {
  firstAsked = serverCount();
  return askOption(listedAt(index));
}

/** The option is there: like `writeAsked`. @returns false, with nothing written, where it does not tell the servers */
export function writeOption(index: u32, isRules: bool, isSorted: bool): bool {
  if (!takeOption(listedAt(index), !isRules)) return false;
  writeAsked(index, isRules, isSorted);
  return true;
}

/** The payload of the request for a service's servers; what is taken next are these. @returns how many bytes */
export function question(index: u32): i32 {
  firstAsked = serverCount();
  return ask(listedAt(index));
}

/** Index of the first server that was asked for; those before it are out of the text. */
let firstAsked: u32 = 0;

/** Writes a service and the servers that were taken for it, and forgets these: lines, or rules. */
export function writeAsked(index: u32, isRules: bool, isSorted: bool): void {
  const service = listedAt(index);
  const count = serverCount() - firstAsked;
  sortServers(firstAsked, count, isSorted);
  if (isRules) rulesOf(service);
  else serviceLine(service);
  for (let k: u32 = 0; k < count; k++) {
    const server = serverAt(firstAsked + load<u32>(order.start + k * 4));
    if (isRules) serverRule(server);
    else serverLine(server);
  }
  servers.end = servers.start + firstAsked * offsetof<Server>();
}

export function outputStart(): usize {
  return output.start;
}

export function outputLength(): i32 {
  return <i32>output.length;
}

function listedAt(index: u32): Service {
  return serviceAt(load<u32>(listed.start + index * 4));
}

/** Leaves the order of the servers from `first` on in `order`. */
function sortServers(first: u32, count: u32, isSorted: bool): void {
  order.clear();
  order.room(count * 4);
  if (isSorted) sort(order.start, count, servers.start + first * offsetof<Server>(), offsetof<Server>());
  else for (let k: u32 = 0; k < count; k++) store<u32>(order.start + k * 4, k);
}
