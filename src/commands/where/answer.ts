/** Which server a client gets, and why: read from the table and the connections, or computed. */
import type { Context } from '../../context.js';
import { HostError, UnavailableError } from '../../errors.js';
import type { ConnectionLine } from '../../ipvs/connections/proc.js';
import { destinationKey } from '../../model/destination.js';
import { fallbackOf } from '../../model/schedulers.js';
import { formatService } from '../../model/service-uri.js';
import type { ServiceEntry } from '../../model/table.js';
import { isTemplateOf } from '../../observe/connections/templates.js';
import { endpointText } from '../../observe/connections/text.js';
import { type Placement, Placements } from '../../observe/placement/placements.js';
import { scanTable } from '../shared/connection-table.js';
import { hashServersOf, type ServerTable } from '../shared/hash-servers.js';

/** A client: its address, and perhaps its port. */
export interface Client {
  readonly address: string;
  readonly port: number | undefined;
}

export interface Answer {
  /** Undefined: refused, or unknown. */
  readonly server: string | undefined;
  readonly reason: 'connection' | 'template' | 'hash' | 'fallback' | 'refused' | 'unknown';
  readonly text: string;
  readonly slot?: number | undefined;
  readonly slots?: number | undefined;
}

/** An entry that decides: the client's connection, or its persistence template. */
export async function answerFor(
  context: Context,
  service: ServiceEntry,
  client: Client,
  servers: ServerTable,
): Promise<Answer> {
  return (await existing(context, service, client, servers)) ?? computed(service, client, servers);
}

async function existing(
  context: Context,
  service: ServiceEntry,
  { address, port }: Client,
  servers: ServerTable,
): Promise<Answer | undefined> {
  let connection: Answer | undefined;
  let template: Answer | undefined;
  const isTemplate = isTemplateOf(service, address);
  await scanTable(context, { service: service.id }, (line) => {
    if (isTemplate(line)) template = held(line, servers) ?? template;
    else if (port !== undefined && line.client.port === port && line.client.address === address) {
      const text = `it has a connection: ${line.state}, ${line.expires} s left`;
      connection = { server: endpointText(line.destination), reason: 'connection', text };
    }
  }).catch((error: unknown) => {
    // A kernel that has no connections to show has none that decide.
    if (!(error instanceof UnavailableError || error instanceof HostError)) throw error;
  });
  return connection ?? template;
}

/** The server that a template holds its clients at; undefined if the service has it no more. */
function held({ destination, expires }: ConnectionLine, servers: ServerTable): Answer | undefined {
  const [entry, ...others] = servers.at(destination);
  if (entry === undefined) return undefined;
  if (others.length > 0) {
    return unknown(
      `its persistence template names ${destination.address}, where the service has several servers`,
    );
  }
  const text = `its persistence template names this server, for ${expires} s more`;
  return { server: destinationKey(entry.id), reason: 'template', text };
}

function computed(service: ServiceEntry, { address, port }: Client, servers: ServerTable): Answer {
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
  if (server === first) return { server: owner, reason: 'hash', text: place, ...found };
  const why = first.weight === 0 ? 'weight 0' : 'its upper threshold';
  if (server !== undefined) {
    const text = `${place}: ${owner} is at ${why}, so the fallback chooses`;
    return { server: destinationKey(server.id), reason: 'fallback', text, ...found };
  }
  const flag = fallbackOf(scheduler);
  const without =
    flag === undefined
      ? `${scheduler} has no fallback`
      : `${formatService(id)} has no ${flag}, or no other server`;
  return { ...refused(`${place}: ${owner} is at ${why}, and ${without}`), ...found };
}

const unknown = (text: string): Answer => ({ server: undefined, reason: 'unknown', text });
const refused = (text: string): Answer => ({ server: undefined, reason: 'refused', text });

export const unknowable = (scheduler: string): string =>
  `${scheduler} chooses by the state of servers and by earlier connections; only mh, sh and dh can be computed`;
