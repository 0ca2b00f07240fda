/**
 * Documents and the table compared, compiled: what src/plan/compiled.ts does with the bytes of both. First the texts, then
 * the services of the table, then the servers of each that is asked for; what is settled by then is only counted. The caller
 * writes to the places that it is told, none of which outlasts the next call.
 */
import { Area } from './area.ts';
import { ask, input, room, takeServers, takeServices } from './dump.ts';
import { Server, Service, serverCount, servers, serviceAt, serviceCount, services } from './entries.ts';
import { askCounts, askOption, optionStart, takeCounts, takeOption } from './options.ts';
import { find, isEqual, sort } from './order.ts';
import { isSettled } from './settled.ts';
import { BEHIND } from './text.ts';
import {
  order,
  readText,
  servicesEnd,
  servicesStart,
  settleWanted,
  Wanted,
  wanted,
  wantedAt,
  wantedCount,
} from './wanted.ts';

export { askCounts, optionStart, room, takeCounts, takeServers, takeServices };

/** Indexes of the services whose servers are asked for. */
const asked: Area = new Area(1024);
const tableOrder: Area = new Area(1024);
/** Services and servers that are as they should be. */
let kept: u32 = 0;

/** Where to write a text of so many bytes. */
export function textRoom(bytes: i32): usize {
  const at = room(bytes + <i32>BEHIND);
  memory.fill(at + bytes, 0, BEHIND);
  return at;
}

/** Takes the text that was written. False where it is not plain. */
export function takeText(): bool {
  return readText(input.start, input.end - BEHIND);
}

/** Where the value of `services` started in the text, and where it ended. */
export function cutStart(): i32 {
  return servicesEnd === 0 ? 0 : <i32>(servicesStart - input.start);
}

export function cutEnd(): i32 {
  return servicesEnd === 0 ? 0 : <i32>(servicesEnd - input.start);
}

/** All texts are there. False where they ask for one service twice. */
export function settleTexts(): bool {
  return settleWanted();
}

/** The table is read, for the first time or again. */
export function begin(): void {
  services.clear();
  servers.clear();
  asked.clear();
  kept = 0;
  for (let i: u32 = 0; i < wantedCount(); i++) wantedAt(i).isSettled = false;
}

/**
 * All services are there.
 * @param onlyWanted leaves out the servers of the others
 * @returns how many services there are whose servers must be asked for; -1 where one is there twice
 */
export function choose(onlyWanted: bool): i32 {
  const count = serviceCount();
  tableOrder.clear();
  sort(tableOrder.take(count * 4), count, services.start, offsetof<Service>());
  for (let i: u32 = 1; i < count; i++) {
    const one = serviceAt(load<u32>(tableOrder.start + (i - 1) * 4));
    if (isEqual(one, serviceAt(load<u32>(tableOrder.start + i * 4)))) return -1;
  }
  for (let i: u32 = 0; i < count; i++) {
    if (!onlyWanted || wish(serviceAt(i)) !== null) store<u32>(asked.take(4), i);
  }
  return <i32>(asked.length / 4);
}

/** The option that tells the servers of a service of those; what is taken next are these. @returns how many bytes; 0 where none does */
export function optionQuestion(index: u32): i32 {
  const service = askedAt(index);
  service.first = serverCount();
  return askOption(service);
}

/** The option is there: like `compare`. @returns false, with nothing compared, where it does not tell the servers */
export function compareOption(index: u32): bool {
  if (!takeOption(askedAt(index), false)) return false;
  compare(index);
  return true;
}

/** The payload of the request for the servers of a service of those; what is taken next are these. @returns how many bytes */
export function question(index: u32): i32 {
  const service = askedAt(index);
  service.first = serverCount();
  return ask(service);
}

/** The service's servers are all there: they are forgotten where it is settled. */
export function compare(index: u32): void {
  const service = askedAt(index);
  service.count = serverCount() - service.first;
  const found = wish(service);
  if (found === null || !isSettled(service, found)) return;
  found.isSettled = true;
  service.isSeen = true;
  kept += 1 + service.count;
  servers.end = servers.start + <usize>service.first * offsetof<Server>();
}

export function keptCount(): u32 {
  return kept;
}

export function tableCount(): u32 {
  return serviceCount();
}

/** Where a service of the table is; 0 where it is settled. */
export function unsettledAt(index: u32): usize {
  const service = serviceAt(index);
  return service.isSeen ? 0 : changetype<usize>(service);
}

export function wishCount(): u32 {
  return wantedCount();
}

/** The same of what the documents want. */
export function unsettledWishAt(index: u32): usize {
  const service = wantedAt(index);
  return service.isSettled ? 0 : changetype<usize>(service);
}

function askedAt(index: u32): Service {
  return serviceAt(load<u32>(asked.start + index * 4));
}

/** What the documents want of a service. */
function wish(service: Service): Wanted | null {
  const count = wantedCount();
  const index = find(order.start, count, service, wanted.start, offsetof<Wanted>());
  return index === count ? null : wantedAt(index);
}
