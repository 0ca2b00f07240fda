/** What a service has beside its identity and its servers, as a document says it. */
import { ONE_PACKET as OPS, PERSISTENT, SCHED1, SCHED2, SCHED3 } from './codes.ts';
import { Service } from './entries.ts';
import { Word, word } from './letters.ts';
import {
  enterList,
  enterObject,
  fail,
  high,
  is,
  isCollection,
  isQuoted,
  low,
  nextItem,
  nextMember,
  scalar,
} from './text.ts';
import { boolean, dottedMask, isName, number, once, oneOf, quotedDigits } from './values.ts';

const SCHEDULER = word('scheduler');
const SCHEDULER_FLAGS = word('schedulerFlags');
const PERSISTENCE = word('persistence');
const TIMEOUT = word('timeout');
const NETMASK = word('netmask');
const ENGINE = word('engine');
const ONE_PACKET = word('onePacket');
const TRUE = word('true');
const FALSE = word('false');

const WLC = word('wlc');
const SH = word('sh');
const MH = word('mh');

const LONGEST_PERSISTENCE: u32 = 2678400;

const flagWords: StaticArray<Word> = [
  word('flag-1'),
  word('flag-2'),
  word('flag-3'),
  word('sh-fallback'),
  word('sh-port'),
  word('mh-fallback'),
  word('mh-port'),
];
const flagBits: StaticArray<u32> = [SCHED1, SCHED2, SCHED3, SCHED1, SCHED2, SCHED1, SCHED2];

/** How a mask of persistence was given: as a prefix length, or with dots. */
const NO_MASK: u32 = 0;
const PREFIX: u32 = 1;
const DOTTED: u32 = 2;

/** What a service has beside its identity; of the defaults, or of one service. */
@unmanaged
export class ServiceSettings {
  flags: u32;
  timeout: u32;
  mask: u32;
  maskForm: u32;
  /** Whether a flag is by a name that sh has for it, or mh. */
  isOfSh: bool;
  isOfMh: bool;
  scheduler0: u64;
  scheduler1: u64;
  engine0: u64;
  engine1: u64;
}

export function newServiceSettings(): ServiceSettings {
  return changetype<ServiceSettings>(heap.alloc(offsetof<ServiceSettings>()));
}

/** What applies where nothing is said. */
export function resetService(to: ServiceSettings): void {
  memory.fill(changetype<usize>(to), 0, offsetof<ServiceSettings>());
  to.scheduler0 = WLC.low;
}

export function copyService(to: ServiceSettings, from: ServiceSettings): void {
  memory.copy(changetype<usize>(to), changetype<usize>(from), offsetof<ServiceSettings>());
}

/** Gives a service of which the identity is known what follows from its settings. */
export function settleService(service: Service, settings: ServiceSettings): void {
  const flags = settings.flags;
  const maskForm = settings.maskForm;
  const mask = settings.mask;
  service.flags = flags;
  service.scheduler0 = settings.scheduler0;
  service.scheduler1 = settings.scheduler1;
  if (settings.isOfSh && settings.scheduler0 !== SH.low) fail();
  if (settings.isOfMh && settings.scheduler0 !== MH.low) fail();
  const isPersistent = (flags & PERSISTENT) !== 0;
  if (service.fwmark === 0 && service.port === 0 && !isPersistent) fail();
  if (!isPersistent) return;
  service.timeout = settings.timeout;
  service.engine0 = settings.engine0;
  service.engine1 = settings.engine1;
  if (service.isIpv6) {
    if (maskForm === DOTTED || (maskForm === PREFIX && mask === 0)) fail();
    service.netmask = maskForm === NO_MASK ? 128 : mask;
  } else if (maskForm === NO_MASK) service.netmask = 0xffffffff;
  else if (maskForm === DOTTED) service.netmask = mask;
  else {
    if (mask > 32) fail();
    service.netmask = mask === 0 ? 0 : 0xffffffff << (32 - mask);
  }
}

/** Reads the member that was come to. @returns `seen` with its bit */
export function readServiceSetting(to: ServiceSettings, seen: u32): u32 {
  if (is(SCHEDULER)) {
    seen = once(seen, 1);
    if (!scalar() || !isName()) fail();
    to.scheduler0 = low;
    to.scheduler1 = high;
  } else if (is(SCHEDULER_FLAGS)) {
    seen = once(seen, 2);
    readFlags(to);
  } else if (is(PERSISTENCE)) {
    seen = once(seen, 4);
    readPersistence(to);
  } else if (is(ONE_PACKET)) {
    seen = once(seen, 8);
    to.flags &= ~OPS;
    if (scalar() && boolean()) to.flags |= OPS;
  } else fail();
  return seen;
}

function readFlags(to: ServiceSettings): void {
  to.flags &= ~(SCHED1 | SCHED2 | SCHED3);
  to.isOfSh = false;
  to.isOfMh = false;
  if (!enterList()) return;
  while (nextItem()) {
    if (!scalar()) return;
    const word = oneOf(flagWords);
    to.flags |= flagBits[word];
    if (word === 3 || word === 4) to.isOfSh = true;
    if (word >= 5) to.isOfMh = true;
  }
}

function readPersistence(to: ServiceSettings): void {
  to.flags |= PERSISTENT;
  to.timeout = 360;
  to.maskForm = NO_MASK;
  to.engine0 = 0;
  to.engine1 = 0;
  if (!isCollection()) {
    if (!scalar()) return;
    if (is(FALSE) || is(TRUE)) {
      if (!boolean()) to.flags &= ~PERSISTENT;
    } else to.timeout = number(1, LONGEST_PERSISTENCE);
    return;
  }
  if (!enterObject()) return;
  let seen: u32 = 0;
  while (nextMember()) {
    if (is(TIMEOUT)) {
      seen = once(seen, 1);
      if (scalar()) to.timeout = number(1, LONGEST_PERSISTENCE);
    } else if (is(NETMASK)) {
      seen = once(seen, 2);
      if (scalar()) readMask(to);
    } else if (is(ENGINE)) {
      seen = once(seen, 4);
      if (!scalar() || !isName()) fail();
      to.engine0 = low;
      to.engine1 = high;
    } else fail();
  }
}

/** `24`, `"24"`, `255.255.255.0` */
function readMask(to: ServiceSettings): void {
  const length = quotedDigits();
  to.maskForm = length < 0 ? DOTTED : PREFIX;
  if (length < 0) to.mask = dottedMask();
  else to.mask = isQuoted ? length : number(0, 128);
  if (length > 128) fail();
}
