/** What the scheduler chooses, for those that choose by a hash. */
import { destinationKey } from '../../model/destination.js';
import { fallbackOf } from '../../model/schedulers.js';
import { formatService } from '../../model/service-uri.js';
import type { ServiceEntry } from '../../model/table.js';
import type { HashServer } from '../../observe/placement/hash-tables.js';
import { type Placement, Placements } from '../../observe/placement/placements.js';
import { hashServersOf, type ServerTable } from '../shared/hash-servers.js';
import { type Answer, type Client, refused, unknown } from './answer.js';

export function computed(service: ServiceEntry, { address, port }: Client, servers: ServerTable): Answer {
  const placements = Placements.of(service, hashServersOf(servers));
  if (placements === undefined) return unknown(unknowable(service.scheduler));
  if (servers.entries.length === 0) return refused('the service has no servers');
  if (placements.input === 'source and port' && port === undefined) {
    return unknown(`the hash is of address and port: name the port, as in ${address}:40000`);
  }
  const placement = placements.place(address, port ?? 0);
  if (placement === undefined)
    return unknown('dh hashes the address that the client speaks to, which a mark does not tell');
  return explained(service, placement, placements.input);
}

function explained(
  { scheduler, id }: ServiceEntry,
  { slot, slots, first, server }: Placement,
  input: string,
): Answer {
  const of =
    input === 'destination' ? `the service's address` : `the client's ${input.replace('source', 'address')}`;
  const place = `slot ${slot} of ${slots} of ${scheduler}, by ${of}`;
  const found = { slot, slots };
  if (first === undefined) return { ...refused(`${place}: it has no server`), ...found };
  const owner = destinationKey(first.id);
  if (server === first) return { ...scheduled(server, 'hash', place), ...found };
  const why = first.weight === 0 ? 'weight 0' : 'its upper threshold';
  if (server !== undefined) {
    const text = `${place}: ${owner} is at ${why}, so the fallback chooses`;
    return { ...scheduled(server, 'fallback', text), ...found };
  }
  const flag = fallbackOf(scheduler);
  const without =
    flag === undefined
      ? `${scheduler} has no fallback`
      : `${formatService(id)} has no ${flag}, or no other server`;
  return { ...refused(`${place}: ${owner} is at ${why}, and ${without}`), ...found };
}

/** A server that the kernel may hold for overloaded would be passed over, or refuse the client. */
function scheduled({ id, overload }: HashServer, reason: 'hash' | 'fallback', text: string): Answer {
  const server = destinationKey(id);
  if (overload !== 'unknown') return { server, reason, text };
  return unknown(
    `${text}: ${server}, unless the kernel still holds it for overloaded (it is between its thresholds)`,
  );
}

export const unknowable = (scheduler: string): string =>
  `${scheduler} chooses by the state of servers and by earlier connections; only mh, sh and dh can be computed`;
