/** The connection table, counted by service and server; takes memory for the groups, not for the connections. */
import { scanConnections } from '../../ipvs/connections/proc.js';
import type { ConnectionGroup } from './facts.js';

/** A group while its connections are counted. */
interface Group extends ConnectionGroup {
  states: Record<string, number>;
  templates: number;
  clients: string[];
  shortestLeft?: number;
}

const CLIENTS = 3;

/** @throws ProtocolError if the text is no connection table */
export async function groupConnections(chunks: AsyncIterable<Uint8Array>): Promise<ConnectionGroup[]> {
  const groups = new Map<string, Group>();
  await scanConnections(chunks, (line) => {
    const { protocol, virtual, destination, client, state } = line;
    const key = `${protocol} ${virtual.address} ${virtual.port} ${destination.address} ${destination.port}`;
    let group = groups.get(key);
    if (group === undefined) {
      group = {
        protocol,
        virtual: { address: virtual.address, port: virtual.port },
        destination: { address: destination.address, port: destination.port },
        states: {},
        templates: 0,
        clients: [],
      };
      groups.set(key, group);
    }
    if (line.isTemplate) {
      group.templates++;
      return;
    }
    group.states[state] = (group.states[state] ?? 0) + 1;
    if (group.clients.length < CLIENTS) {
      const { address } = client;
      if (!group.clients.includes(address)) group.clients.push(address);
    }
    if (state === 'ESTABLISHED') group.shortestLeft = Math.min(group.shortestLeft ?? Infinity, line.expires);
  });
  // The table comes in the order of its hash keys.
  return [...groups.keys()].sort().map((key) => groups.get(key) as Group);
}
