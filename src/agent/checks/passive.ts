/** Passive evidence against servers: connections whose handshakes do not end. Pure. */
import type { Health } from '../../model/health.js';

/** TCP connections to one server of a service. */
export interface Handshakes {
  readonly connections: number;
  /** Those of them in SYN_RECV: the client's SYN has come, and its ACK has not. */
  readonly synReceived: number;
}

export type PassivePolicy = NonNullable<Health['passive']>;

/**
 * Which servers of a service are suspect: those whose share of SYN_RECV is `factor` times that of the other servers together. A SYN
 * flood raises all shares, and makes none suspect; the only server with connections cannot be compared.
 * @param counts of all servers of the service
 */
export function areSuspect(
  counts: readonly Handshakes[],
  { factor, connections: enough }: PassivePolicy,
): boolean[] {
  const sum = (of: (one: Handshakes) => number): number => counts.reduce((total, one) => total + of(one), 0);
  const all = sum(({ connections }) => connections);
  const allWaiting = sum(({ synReceived }) => synReceived);
  return counts.map(({ connections, synReceived }) => {
    const others = all - connections;
    if (synReceived < enough || others === 0) return false;
    return synReceived / connections >= (factor * (allWaiting - synReceived)) / others;
  });
}
