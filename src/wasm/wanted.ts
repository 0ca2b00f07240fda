/**
 * The services that documents ask for, as the kernel would report them. What a document may hold, and what follows from it,
 * is told by src/document/schema.ts and src/document/convert.ts; here is as much of it as is usual, and what is not is `bad`:
 * names of hosts and ports, servers of the other family, mistakes of all kinds.
 */
import { Area } from './area.ts';
import { SCTP, TCP, UDP } from './codes.ts';
import { placeEndpoint, placeMark, Server, Service } from './entries.ts';
import { word } from './letters.ts';
import {
  beginMould,
  endMould,
  fits,
  forgetMoulds,
  hasWeight,
  noteAddress,
  sample,
  toEnd,
  toWeight,
} from './mould.ts';
import { isEqual, sort } from './order.ts';
import {
  copyServer,
  newServerSettings,
  readServerSetting,
  readServerSettings,
  resetServer,
  settleServer,
  weight,
} from './server-settings.ts';
import {
  copyService,
  newServiceSettings,
  readServiceSetting,
  resetService,
  settleService,
} from './service-settings.ts';
import {
  bad,
  enterList,
  enterObject,
  fail,
  is,
  isScalarItem,
  isWhole,
  nextItem,
  nextMember,
  openText,
  place,
  placeBehind,
  scalar,
  skip,
  token,
} from './text.ts';
import { endpoint, hasPort, isIpv6, mark, once } from './values.ts';

@unmanaged
export class Wanted extends Service {
  /** Whether the document says which servers there are to be. */
  saysServers: bool;
  /** Whether the table has the service as it is wanted, its servers included. */
  isSettled: bool;
}

export const wanted: Area = new Area(64 * offsetof<Wanted>());
export const wantedServers: Area = new Area(256 * offsetof<Server>());
/** Indexes of each service's servers, counted from its first, in their order. */
export const serverOrder: Area = new Area(1024);
/** Indexes of services, in their order. */
export const order: Area = new Area(1024);

export function wantedAt(index: u32): Wanted {
  return changetype<Wanted>(wanted.start + <usize>index * offsetof<Wanted>());
}

export function wantedCount(): u32 {
  return <u32>(wanted.length / offsetof<Wanted>());
}

export function wantedServerAt(index: u32): Server {
  return changetype<Server>(wantedServers.start + <usize>index * offsetof<Server>());
}

const SERVICES = word('services');
const DEFAULTS = word('defaults');
const SERVICE = word('service');
const SERVERS = word('servers');
const SERVER = word('server');

const SLASH: u8 = 0x2f;

const TCP_URL = word('tcp://');
const UDP_URL = word('udp://');
const SCTP_URL = word('sctp://');
const MARK_URL = word('fwmark://');

const serviceDefaults = newServiceSettings();
const serverDefaults = newServerSettings();
const settings = newServiceSettings();
/** What the servers of a service inherit, and what one of them has. */
const inherited = newServerSettings();
const own = newServerSettings();

/** Where the value of `services` starts and ends: the rest of the text is others' to read. Both 0 where there is none. */
export let servicesStart: usize = 0;
export let servicesEnd: usize = 0;

/** Adds the services of a text. False where it is not as plain as it must be, or something is wrong. */
export function readText(start: usize, end: usize): bool {
  resetService(serviceDefaults);
  resetServer(serverDefaults);
  servicesStart = 0;
  servicesEnd = 0;
  forgetMoulds();
  openText(start, end);
  while (nextMember()) {
    if (is(SERVICES)) {
      if (servicesEnd !== 0) fail();
      servicesStart = place();
      if (!enterList()) break;
      while (nextItem()) readService();
      servicesEnd = placeBehind();
    } else if (is(DEFAULTS)) {
      // They would have had to be known before.
      if (servicesEnd !== 0) fail();
      readDefaults();
    } else skip();
  }
  return isWhole();
}

/** All texts have been read. False where they ask for one service twice. */
export function settleWanted(): bool {
  const count = wantedCount();
  order.clear();
  sort(order.take(count * 4), count, wanted.start, offsetof<Wanted>());
  for (let i: u32 = 1; i < count; i++) {
    const one = wantedAt(load<u32>(order.start + (i - 1) * 4));
    if (isEqual(one, wantedAt(load<u32>(order.start + i * 4)))) return false;
  }
  return true;
}

function readDefaults(): void {
  if (!enterObject()) return;
  let seen: u32 = 0;
  while (nextMember()) {
    if (is(SERVICE)) {
      seen = once(seen, 1);
      if (!enterObject()) return;
      let inner: u32 = 0;
      while (nextMember()) inner = readServiceSetting(serviceDefaults, inner);
    } else if (is(SERVER)) {
      seen = once(seen, 2);
      readServerSettings(serverDefaults);
    } else fail();
  }
}

/** Bits of the members of a service that are no settings; those of settings are below. */
const HAS_SERVICE: u32 = 0x100;
const HAS_DEFAULTS: u32 = 0x200;
const HAS_SERVERS: u32 = 0x400;

function readService(): void {
  const at = wanted.take(offsetof<Wanted>());
  memory.fill(at, 0, offsetof<Wanted>());
  const service = changetype<Wanted>(at);
  service.first = <u32>(wantedServers.length / offsetof<Server>());
  copyService(settings, serviceDefaults);
  copyServer(inherited, serverDefaults);
  if (!enterObject()) return;
  let seen: u32 = 0;
  while (nextMember()) {
    if (is(SERVICE)) {
      seen = once(seen, HAS_SERVICE);
      if (scalar()) readIdentity(service);
    } else if (is(SERVERS)) {
      // Which they are depends on the service and on the defaults.
      if ((seen & HAS_SERVICE) === 0) fail();
      seen = once(seen, HAS_SERVERS);
      service.saysServers = true;
      readServers(service);
    } else if (is(DEFAULTS)) {
      if ((seen & HAS_SERVERS) !== 0) fail();
      seen = once(seen, HAS_DEFAULTS);
      readServerSettings(inherited);
      forgetMoulds();
    } else seen = readServiceSetting(settings, seen);
  }
  if ((seen & HAS_SERVICE) === 0) fail();
  if ((seen & HAS_DEFAULTS) !== 0) forgetMoulds();
  if (!bad) settleService(service, settings);
}

/** `tcp://192.0.2.1:80`, `fwmark://7/inet6` */
function readIdentity(service: Wanted): void {
  const start = load<u64>(token);
  if (start === MARK_URL.low && load<u8>(token, 8) === SLASH) {
    service.fwmark = mark(9);
    service.isIpv6 = isIpv6;
    placeMark(service);
    return;
  }
  let prefix: usize = 6;
  const six = start & 0xffffffffffff;
  if (six === TCP_URL.low) service.protocol = TCP;
  else if (six === UDP_URL.low) service.protocol = UDP;
  else if ((start & 0xffffffffffffff) === SCTP_URL.low) {
    service.protocol = SCTP;
    prefix = 7;
  } else {
    fail();
    return;
  }
  endpoint(service, prefix);
  if (!hasPort) fail();
  service.isIpv6 = isIpv6;
  placeEndpoint(service);
}

/** Bits of the members of a server that are no settings. */
const HAS_ADDRESS: u32 = 0x100;

function readServers(service: Wanted): void {
  if (!enterList()) return;
  for (;;) {
    const index = <u32>(wantedServers.length / offsetof<Server>());
    if (fits()) {
      readAsMoulded(service, addServer());
      if (bad) break;
      continue;
    }
    beginMould();
    if (!nextItem()) break;
    readServer(service, addServer());
    endMould(index);
  }
  if (!bad) sortServers(service);
}

function addServer(): Server {
  const at = wantedServers.take(offsetof<Server>());
  memory.fill(at, 0, offsetof<Server>());
  return changetype<Server>(at);
}

/** A server like one before, but for its address and weight. */
function readAsMoulded(service: Wanted, server: Server): void {
  memory.copy(changetype<usize>(server), changetype<usize>(wantedServerAt(sample())), offsetof<Server>());
  readServerAddress(service, server);
  if (hasWeight()) {
    toWeight();
    server.weight = weight();
  }
  toEnd();
}

function readServer(service: Wanted, server: Server): void {
  copyServer(own, inherited);
  if (isScalarItem()) {
    if (scalar()) noteServerAddress(service, server);
  } else {
    if (!enterObject()) return;
    let seen: u32 = 0;
    while (nextMember()) {
      if (is(SERVER)) {
        seen = once(seen, HAS_ADDRESS);
        if (scalar()) noteServerAddress(service, server);
      } else seen = readServerSetting(own, seen);
    }
    if ((seen & HAS_ADDRESS) === 0) fail();
  }
  settleServer(server, own);
}

function noteServerAddress(service: Wanted, server: Server): void {
  noteAddress();
  readServerAddress(service, server);
}

function readServerAddress(service: Wanted, server: Server): void {
  endpoint(server, 0);
  if (!hasPort) server.port = service.port;
  // Only a tunnel carries packets to the other family: that is for others to judge.
  if (isIpv6 !== service.isIpv6) fail();
  server.isIpv6 = isIpv6;
  server.rank = isIpv6 ? 1 : 0;
}

/** Fails where one server is there twice. */
function sortServers(service: Wanted): void {
  const first = service.first;
  const count = <u32>(wantedServers.length / offsetof<Server>()) - first;
  service.count = count;
  // The places of all before it are as many.
  const sorted = serverOrder.take(count * 4);
  const from = changetype<usize>(wantedServerAt(first));
  sort(sorted, count, from, offsetof<Server>());
  for (let i: u32 = 1; i < count; i++) {
    const one = wantedServerAt(first + load<u32>(sorted + (i - 1) * 4));
    if (isEqual(one, wantedServerAt(first + load<u32>(sorted + i * 4)))) fail();
  }
}
