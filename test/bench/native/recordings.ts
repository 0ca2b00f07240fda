/** Recorded answers of a kernel, indexed by request in the form that replay.c reads. */

/** Sent, received, socket option: see replay.c. */
const SENT = 1;
const RECEIVED = 2;
const OPTION = 3;

interface Item {
  readonly kind: number;
  /** Descriptor, or option. */
  readonly of: number;
  readonly first: Uint8Array;
  readonly second: Uint8Array;
}

function* itemsOf(log: Uint8Array): Generator<Item> {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  const number = (at: number) => view.getUint32(at, true);
  for (let at = 0; at + 16 <= log.length; ) {
    const [middle, end] = [at + 16 + number(at + 8), at + 16 + number(at + 8) + number(at + 12)];
    const [first, second] = [log.subarray(at + 16, middle), log.subarray(middle, end)];
    yield { kind: number(at), of: number(at + 4), first, second };
    at = end;
  }
}

/** A batch is not looked up: replay.c acknowledges it. */
const isAlone = (request: Uint8Array): boolean =>
  new DataView(request.buffer, request.byteOffset).getUint32(0, true) + 3 >= request.length;

/** A request without sequence number and port id. */
function keyOf(request: Uint8Array): Uint8Array {
  const key = request.slice();
  key.fill(0, 8, 16);
  return key;
}

/** FNV-1a in 64 bits; 0 marks a free slot. */
export function hashOf(...parts: readonly Uint8Array[]): bigint {
  let hash = 14695981039346656037n;
  for (const part of parts)
    for (const byte of part) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 1099511628211n);
  return hash || 1n;
}

const word = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);

/** What answers each request: of several recordings of the same request the first. */
function answersIn(logs: readonly Uint8Array[]): Map<bigint, Uint8Array[]> {
  const answers = new Map<bigint, Uint8Array[]>();
  for (const log of logs) {
    /** Where the datagrams that a descriptor receives belong. */
    const open = new Map<number, Uint8Array[]>();
    for (const { kind, of, first, second } of itemsOf(log)) {
      if (kind === RECEIVED) open.get(of)?.push(first);
      else if (kind === OPTION) {
        const hash = hashOf(word(of), first);
        if (!answers.has(hash)) answers.set(hash, [second]);
      } else if (kind === SENT) {
        open.delete(of);
        const hash = isAlone(first) ? hashOf(keyOf(first)) : undefined;
        if (hash === undefined || answers.has(hash)) continue;
        const datagrams: Uint8Array[] = [];
        answers.set(hash, datagrams);
        open.set(of, datagrams);
      }
    }
  }
  return answers;
}

/** A hash table with open addressing, the places of all datagrams, and the datagrams. */
export function indexOf(logs: readonly Uint8Array[]): {
  readonly index: Uint8Array;
  readonly data: Uint8Array;
} {
  const answers = answersIn(logs);
  const datagrams = [...answers.values()].flat();
  const slots = 2 ** Math.max(4, Math.ceil(Math.log2(answers.size * 2)));
  const parts = 16 + 16 * slots;
  const view = new DataView(new ArrayBuffer(parts + 16 * datagrams.length));
  view.setUint32(0, 0x1234, true);
  view.setUint32(4, slots, true);
  view.setUint32(8, datagrams.length, true);
  let first = 0;
  for (const [hash, { length }] of answers) {
    const place = (slot: number): number => 16 + 16 * slot;
    let slot = Number(hash & BigInt(slots - 1));
    while (view.getBigUint64(place(slot), true) !== 0n) slot = (slot + 1) % slots;
    view.setBigUint64(place(slot), hash, true);
    view.setUint32(place(slot) + 8, first, true);
    view.setUint32(place(slot) + 12, length, true);
    first += length;
  }
  let offset = 0;
  datagrams.forEach(({ length }, at) => {
    view.setBigUint64(parts + 16 * at, BigInt(offset), true);
    view.setUint32(parts + 16 * at + 8, length, true);
    offset += length;
  });
  return { index: new Uint8Array(view.buffer), data: Buffer.concat(datagrams) };
}
