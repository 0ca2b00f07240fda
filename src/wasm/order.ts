/** Sorts indexes, those of equal ones as they were: by merging ever longer runs. */
import { Area } from './area.ts';
import { Endpoint } from './entries.ts';

/** Below this, putting each in its place is all there is to do. */
const RUN: u32 = 12;

const spare: Area = new Area(1024);

function entryAt(from: usize, index: u32, size: usize): Endpoint {
  return changetype<Endpoint>(from + <usize>index * size);
}

/** Whether `b` belongs before `a`. */
function isBefore(b: Endpoint, a: Endpoint): bool {
  if (a.rank !== b.rank) return b.rank < a.rank;
  if (a.high !== b.high) return b.high < a.high;
  if (a.low !== b.low) return b.low < a.low;
  return b.port < a.port;
}

/** Whether both are the same. */
export function isEqual(a: Endpoint, b: Endpoint): bool {
  return a.low === b.low && a.port === b.port && a.high === b.high && a.rank === b.rank;
}

/** Writes the indexes from 0 up to `count` to `to`, in the order of the entries of `size` bytes that start at `from`. */
export function sort(to: usize, count: u32, from: usize, size: usize): void {
  for (let start: u32 = 0; start < count; start += RUN)
    insert(to, start, min(start + RUN, count), from, size);
  if (count <= RUN) return;
  spare.clear();
  let source = to;
  let target = spare.room(count * 4);
  for (let run = RUN; run < count; run *= 2) {
    for (let start: u32 = 0; start < count; start += 2 * run) {
      merge(source, target, start, min(start + run, count), min(start + 2 * run, count), from, size);
    }
    const written = target;
    target = source;
    source = written;
  }
  if (source !== to) memory.copy(to, source, count * 4);
}

/** The index of the entry that is equal, of those in order; `count` where there is none. */
export function find(sorted: usize, count: u32, wanted: Endpoint, from: usize, size: usize): u32 {
  let low: u32 = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(entryAt(from, load<u32>(sorted + middle * 4), size), wanted)) low = middle + 1;
    else high = middle;
  }
  if (low === count) return count;
  const index = load<u32>(sorted + low * 4);
  return isBefore(wanted, entryAt(from, index, size)) ? count : index;
}

function insert(to: usize, start: u32, end: u32, from: usize, size: usize): void {
  for (let next = start; next < end; next++) {
    const entry = entryAt(from, next, size);
    let at = next;
    while (at > start) {
      const before = load<u32>(to + (at - 1) * 4);
      if (!isBefore(entry, entryAt(from, before, size))) break;
      store<u32>(to + at * 4, before);
      at--;
    }
    store<u32>(to + at * 4, next);
  }
}

function merge(
  source: usize,
  target: usize,
  start: u32,
  middle: u32,
  end: u32,
  from: usize,
  size: usize,
): void {
  let left = start;
  let right = middle;
  for (let at = start; at < end; at++) {
    let takesRight = right < end;
    if (takesRight && left < middle) {
      const a = entryAt(from, load<u32>(source + left * 4), size);
      const b = entryAt(from, load<u32>(source + right * 4), size);
      takesRight = isBefore(b, a);
    }
    store<u32>(target + at * 4, load<u32>(source + (takesRight ? right++ : left++) * 4));
  }
}
