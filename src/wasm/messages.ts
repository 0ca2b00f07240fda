/** Netlink messages and their attributes (linux/netlink.h), as far as a dump has them; what is unusual is left to others. */

/** What became of a datagram. */
export const MORE: i32 = 0;
export const COMPLETE: i32 = 1;
/** Not as expected: nothing of it counts. */
export const ODD: i32 = 2;

const NLMSG_HEADER: usize = 16;
const GENL_HEADER: usize = 4;
const NLMSG_DONE: u32 = 3;
const NLM_F_MULTI: u32 = 0x02;
const NLM_F_DUMP_INTR: u32 = 0x10;

const NLA_HEADER: usize = 4;
/** NLA_F_NESTED and NLA_F_NET_BYTEORDER are flags in the type. */
const NLA_TYPE_MASK: u32 = 0x3fff;

function aligned(length: usize): usize {
  return (length + 3) & ~3;
}

/**
 * Goes through a datagram of a dump, whose messages answer a request of this sequence number for this port; `read` is given
 * where the attributes of each start and end, and says false where they are odd.
 */
export function eachMessage(
  at: usize,
  end: usize,
  sequence: u32,
  port: u32,
  type: u32,
  read: (at: usize, end: usize) => bool,
): i32 {
  if (at === end) return ODD;
  while (at < end) {
    if (end - at < NLMSG_HEADER) return ODD;
    const length: usize = load<u32>(at);
    if (length < NLMSG_HEADER || length > end - at) return ODD;
    if (load<u32>(at, 8) !== sequence || load<u32>(at, 12) !== port) return ODD;
    const found: u32 = load<u16>(at, 4);
    const flags: u32 = load<u16>(at, 6);
    if ((flags & (NLM_F_MULTI | NLM_F_DUMP_INTR)) !== NLM_F_MULTI) return ODD;
    if (found === NLMSG_DONE) return length >= NLMSG_HEADER + 4 && load<i32>(at, 16) === 0 ? COMPLETE : ODD;
    if (found !== type || length < NLMSG_HEADER + GENL_HEADER) return ODD;
    if (!read(at + NLMSG_HEADER + GENL_HEADER, at + length)) return ODD;
    at += aligned(length);
  }
  return MORE;
}

/** The attribute that `attribute` came to: its type, where its payload is, and how long. */
export let type: u32 = 0;
export let payload: usize = 0;
export let size: usize = 0;

/** Comes to the attribute at `at`. @returns where the next one is, or 0 where something is wrong with this one */
export function attribute(at: usize, end: usize): usize {
  if (end - at < NLA_HEADER) return 0;
  const length: usize = load<u16>(at);
  if (length < NLA_HEADER || length > end - at) return 0;
  type = load<u16>(at, 2) & NLA_TYPE_MASK;
  payload = at + NLA_HEADER;
  size = length - NLA_HEADER;
  // The last one need not be padded.
  return min(at + aligned(length), end);
}

/** Comes to the one attribute of a type that is wanted of a message; the last, where there are several. */
export function only(wanted: u32, at: usize, end: usize): bool {
  let foundAt: usize = 0;
  let foundSize: usize = 0;
  while (at < end) {
    at = attribute(at, end);
    if (at === 0) return false;
    if (type !== wanted) continue;
    foundAt = payload;
    foundSize = size;
  }
  payload = foundAt;
  size = foundSize;
  return foundAt !== 0;
}

/** 16 bits in network order. */
export function bigEndian16(at: usize): u32 {
  return bswap<u16>(load<u16>(at));
}
