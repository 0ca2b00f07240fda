/** From what came back to the cause: whether a server answers as the virtual address, and if not, why. Pure. */

import type { ServerPath } from '../../model/server-path.js';
import type { PathFacts } from './messages.js';

/** Of each, the fault that it is about; `answered` is none. */
export type Verdict =
  /** The check succeeded. */
  | 'answered'
  /** It succeeded, but clients may come to the server without the director. */
  | 'answers-arp'
  /** It succeeded, but an echo request of the given size was not answered. */
  | 'too-large'
  /** The server answers as the virtual address, but not as the check expects. */
  | 'unexpected'
  /** It answers echo requests as the virtual address, but not the check. */
  | 'filtered'
  /** It forwards packets to the virtual address, which it does not have. */
  | 'forwards'
  /** It refuses the packets of the tunnel by ICMP. */
  | 'no-tunnel'
  /** It refuses packets to the virtual address by ICMP. */
  | 'refused'
  /** It answers at its own address alone. */
  | 'no-answer'
  /** It is there, but answers neither at the one address nor at the other. */
  | 'silent'
  /** Nothing shows that there is such a machine. */
  | 'unreachable';

export function verdictOf(facts: PathFacts, { tunnel }: Pick<ServerPath, 'tunnel'>): Verdict {
  const { received, isNeighbour, answersArp, further } = facts;
  if (further === undefined) {
    if (answersArp) return 'answers-arp';
    return facts.size?.passed === false ? 'too-large' : 'answered';
  }
  if (received.answers > 0) return 'unexpected';
  // This machine itself sends unreachable to its own programs if nobody answers ARP.
  const isRefused = received.unreachable > 0 && isNeighbour !== false;
  if (isRefused && tunnel === undefined) return 'refused';
  if (further.echo) return 'filtered';
  if (isNeighbour === false) return 'unreachable';
  if (received.timeExceeded > 0) return 'forwards';
  if (isRefused) return 'no-tunnel';
  if (further.isReachable) return 'no-answer';
  return isNeighbour ? 'silent' : 'unreachable';
}
