/** Echo requests of a given size that no machine on the way may fragment. The ping(8) of iputils sends them. */
import { HostError } from '../../errors.js';
import { runGroup } from '../../system/programs/process-group.js';
import type { CheckTarget } from '../checks/check.js';
import { failureOf } from '../checks/command.js';

/** Milliseconds that ping(8) has to start. */
export const START = 1000;

/**
 * Whether an echo request is answered.
 * @param size bytes after the ICMP header: the packet has 28 more with IPv4, 48 more with IPv6
 * @param timeout in milliseconds
 * @throws HostError if it cannot be sent
 */
export async function passesWhole(
  { address, bind }: CheckTarget,
  size: number,
  timeout: number,
): Promise<boolean> {
  const patience = String(Math.ceil(timeout / 1000));
  const from = bind === undefined ? [] : ['-I', bind];
  const how = ['-n', '-q', '-c', '1', '-W', patience, '-M', 'do', '-s', String(size)];
  const signal = AbortSignal.timeout(timeout + START);
  const end = await runGroup(['ping', ...how, ...from, address], { env: process.env, signal });
  // A packet that is too large for a link of this machine is refused at once.
  const isTooLarge = end.err === '' || /message too long/i.test(end.err);
  if (end.status === 0 || signal.aborted || (end.status === 1 && isTooLarge)) return end.status === 0;
  throw new HostError(`send an echo request of ${size} bytes`, `ping: ${failureOf(end)}`);
}

/** The largest size below this one that passes, by bisection; undefined if none does. */
export async function largestBelow(
  size: number,
  passes: (size: number) => Promise<boolean>,
): Promise<number | undefined> {
  let [largest, tooLarge] = [-1, size];
  while (tooLarge - largest > 1) {
    // No smaller one is needed to know that none passes.
    const middle = largest < 0 && tooLarge === size ? Math.min(SMALL, size - 1) : (largest + tooLarge) >> 1;
    if (await passes(middle)) largest = middle;
    else if (largest < 0) return undefined;
    else tooLarge = middle;
  }
  return largest < 0 ? undefined : largest;
}

/** Passes wherever any does. */
const SMALL = 56;
