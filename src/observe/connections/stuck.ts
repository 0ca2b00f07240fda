/** Servers whose connections do not get beyond their first packet. */
import type { ConnectionGroup } from './groups.js';

/** The state of a TCP connection whose client has sent its SYN, and no ACK yet. */
const WAITING = 'SYN_RECV';

/** Shares of connections in SYN_RECV: below the first a server is well, from the second on it is stuck. */
const SOME = 0.2;
const MOST = 0.5;
/** Connections from which on a share means something. */
const ENOUGH = 5;

export interface StuckServer {
  readonly server: string;
  readonly connections: number;
  readonly synReceived: number;
  /** 0 to 1. */
  readonly share: number;
  readonly verdict: 'ok' | 'slow' | 'stuck' | 'few';
}

export const verdictTexts: Readonly<Record<StuckServer['verdict'], string>> = {
  ok: 'well',
  slow: 'many clients wait: the server is slow, its backlog is full, or packets are lost',
  stuck: 'does not answer, or its answers do not reach the clients',
  few: `fewer than ${ENOUGH} connections`,
};

/** What it means that all servers are stuck. */
export const allStuckText =
  'All servers are stuck: look at what they share. With NAT their answers must come back through the director; with DR and TUN each needs ' +
  'the VIP; a SYN flood looks the same. lvsadm doctor checks this machine.';

/** The servers with the largest shares first. @param groups of connections by server */
export function stuckServers(groups: readonly ConnectionGroup[]): StuckServer[] {
  return groups.map(assess).sort((a, b) => b.share - a.share || b.connections - a.connections);
}

/** Entries that may be of other servers have no states, and no part in the share. */
function assess({ name, entries, error, states }: ConnectionGroup): StuckServer {
  const synReceived = states.find(([state]) => state === WAITING)?.[1] ?? 0;
  const share = synReceived / (entries - error);
  return { server: name, connections: entries, synReceived, share, verdict: verdictOf(entries, share) };
}

function verdictOf(connections: number, share: number): StuckServer['verdict'] {
  if (connections < ENOUGH) return share < SOME ? 'ok' : 'few';
  return share >= MOST ? 'stuck' : share >= SOME ? 'slow' : 'ok';
}

/** Whether there are several servers with enough connections, and all of them are stuck. */
export function areAllStuck(servers: readonly StuckServer[]): boolean {
  const judged = servers.filter(({ connections }) => connections >= ENOUGH);
  return judged.length > 1 && judged.every(({ verdict }) => verdict === 'stuck');
}
