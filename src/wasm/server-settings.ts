/** What a server has beside its address, as a document says it. */
import { DROUTE, GRE, GUE, IPIP, REMCSUM, TUNNEL as TUN } from './codes.ts';
import { Server } from './entries.ts';
import { Word, word } from './letters.ts';
import { noteWeight } from './mould.ts';
import { enterObject, fail, is, nextMember, scalar } from './text.ts';
import { number, once, oneOf } from './values.ts';

const METHOD = word('method');
const WEIGHT = word('weight');
const UPPER_THRESHOLD = word('upperThreshold');
const LOWER_THRESHOLD = word('lowerThreshold');
const TUNNEL = word('tunnel');
const TYPE = word('type');
const PORT = word('port');
const CHECKSUM = word('checksum');

/** By their codes. */
const methods: StaticArray<Word> = [word('nat'), word('local'), word('tun'), word('dr'), word('bypass')];
const tunnelTypes: StaticArray<Word> = [word('ipip'), word('gue'), word('gre')];
const checksums: StaticArray<Word> = [word('nocsum'), word('csum'), word('remcsum')];

const LARGEST_WEIGHT: u32 = 0x7fffffff;

@unmanaged
export class ServerSettings {
  method: u32;
  weight: u32;
  upperThreshold: u32;
  lowerThreshold: u32;
  tunnelType: u32;
  tunnelPort: u32;
  tunnelFlags: u32;
  /** Whether it speaks of a tunnel itself. */
  saysTunnel: bool;
}

export function newServerSettings(): ServerSettings {
  return changetype<ServerSettings>(heap.alloc(offsetof<ServerSettings>()));
}

/** What applies where nothing is said. */
export function resetServer(to: ServerSettings): void {
  memory.fill(changetype<usize>(to), 0, offsetof<ServerSettings>());
  to.method = DROUTE;
  to.weight = 1;
}

/** What is inherited. */
export function copyServer(to: ServerSettings, from: ServerSettings): void {
  memory.copy(changetype<usize>(to), changetype<usize>(from), offsetof<ServerSettings>());
  to.saysTunnel = false;
}

/** Gives a server what follows from its settings. */
export function settleServer(server: Server, own: ServerSettings): void {
  if (own.lowerThreshold > own.upperThreshold) fail();
  server.method = own.method;
  server.weight = own.weight;
  server.upperThreshold = own.upperThreshold;
  server.lowerThreshold = own.lowerThreshold;
  if (own.method !== TUN) {
    if (own.saysTunnel) fail();
    return;
  }
  if ((own.tunnelType === GUE) !== (own.tunnelPort !== 0)) fail();
  if (own.tunnelType === IPIP && own.tunnelFlags !== 0) fail();
  if (own.tunnelType === GRE && own.tunnelFlags === REMCSUM) fail();
  server.tunnelType = own.tunnelType;
  server.tunnelPort = own.tunnelPort;
  server.tunnelFlags = own.tunnelFlags;
}

export function readServerSettings(to: ServerSettings): void {
  if (!enterObject()) return;
  let seen: u32 = 0;
  while (nextMember()) seen = readServerSetting(to, seen);
}

/** Reads the member that was come to. @returns `seen` with its bit */
export function readServerSetting(to: ServerSettings, seen: u32): u32 {
  if (is(WEIGHT)) {
    seen = once(seen, 1);
    if (!scalar()) return seen;
    noteWeight();
    to.weight = weight();
  } else if (is(METHOD)) {
    seen = once(seen, 2);
    if (scalar()) to.method = oneOf(methods);
  } else if (is(UPPER_THRESHOLD)) {
    seen = once(seen, 4);
    if (scalar()) to.upperThreshold = number(0, u32.MAX_VALUE);
  } else if (is(LOWER_THRESHOLD)) {
    seen = once(seen, 8);
    if (scalar()) to.lowerThreshold = number(0, u32.MAX_VALUE);
  } else if (is(TUNNEL)) {
    seen = once(seen, 16);
    readTunnel(to);
  } else fail();
  return seen;
}

/** The token as a weight. */
export function weight(): u32 {
  return number(0, LARGEST_WEIGHT);
}

function readTunnel(to: ServerSettings): void {
  to.saysTunnel = true;
  to.tunnelType = IPIP;
  to.tunnelPort = 0;
  to.tunnelFlags = 0;
  if (!enterObject()) return;
  let seen: u32 = 0;
  while (nextMember()) {
    if (is(TYPE)) {
      seen = once(seen, 1);
      if (scalar()) to.tunnelType = oneOf(tunnelTypes);
    } else if (is(PORT)) {
      seen = once(seen, 2);
      if (scalar()) to.tunnelPort = number(1, 65535);
    } else if (is(CHECKSUM)) {
      seen = once(seen, 4);
      if (scalar()) to.tunnelFlags = oneOf(checksums);
    } else fail();
  }
}
