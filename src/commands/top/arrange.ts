/** The lines of top: services and below each its servers, filtered, sorted and folded. */
import { destinationKey } from '../../model/destination.js';
import type { RatedServer, RatedService, RatedTable } from '../../observe/table/rates.js';
import { measures } from './measures.js';

export interface Line {
  readonly service: RatedService;
  /** Undefined on the line of the service itself. */
  readonly server?: RatedServer;
}

/** Columns to sort by; `name` is the order of protocols, addresses and ports. */
export const sortNames = ['name', ...measures.map(({ name }) => name)] as const;

export interface Arrangement {
  /** One of `sortNames`. Numbers: the largest first, services and the servers of each. */
  readonly sort: string;
  readonly reversed: boolean;
  /** Part of the name of a service, which is shown with all its servers, or of a server. */
  readonly filter: string;
  /** Names of services whose servers are not shown. */
  readonly folded: ReadonlySet<string>;
}

export function arrange(table: RatedTable, { sort, reversed, filter, folded }: Arrangement): Line[] {
  const measure = measures.find(({ name }) => name === sort);
  const lines: Line[] = [];
  const shown = filtered(table.services, filter.toLowerCase());
  for (const { service, servers } of ordered(
    shown,
    measure && (({ service }) => measure.ofService(service)),
    reversed,
  )) {
    lines.push({ service });
    if (folded.has(service.name)) continue;
    for (const server of ordered(servers, measure?.ofServer, reversed)) lines.push({ service, server });
  }
  return lines;
}

interface Shown {
  readonly service: RatedService;
  readonly servers: readonly RatedServer[];
}

/** @param part of a name, in lower case */
function filtered(services: readonly RatedService[], part: string): Shown[] {
  return services.flatMap((service): Shown[] => {
    if (service.name.includes(part)) return [{ service, servers: service.servers }];
    const servers = service.servers.filter(({ id }) => destinationKey(id).includes(part));
    return servers.length === 0 ? [] : [{ service, servers }];
  });
}

/** By a number, the largest first and those without one last; without a number as they are. */
function ordered<T>(
  items: readonly T[],
  quantity: ((item: T) => number | undefined) | undefined,
  reversed: boolean,
): readonly T[] {
  if (quantity === undefined) return reversed ? [...items].reverse() : items;
  const direction = reversed ? -1 : 1;
  return items
    .map((item) => ({ item, key: quantity(item) ?? -1 }))
    .sort((a, b) => direction * (b.key - a.key))
    .map(({ item }) => item);
}

/** Names the line, in notices and as what is selected while the order changes: `198.51.100.7:80 of tcp://192.0.2.10:80`. */
export const lineName = ({ service, server }: Line): string =>
  server === undefined ? service.name : `${destinationKey(server.id)} of ${service.name}`;

/** Where the line is among others; undefined if it is gone. */
export function positionOf(line: Line | undefined, lines: readonly Line[]): number | undefined {
  const found = lines.findIndex(
    ({ service, server }) =>
      service.name === line?.service.name &&
      server?.id.address === line.server?.id.address &&
      server?.id.port === line.server?.id.port,
  );
  return found < 0 ? undefined : found;
}
