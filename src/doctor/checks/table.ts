/** The IPVS table and its connections, restricted to the scope of a diagnosis. */
import { familyOf } from '../../model/address.js';
import { type DestinationId, describeDestination } from '../../model/destination.js';
import { describeService, type EndpointId, isFwmark, type ServiceId } from '../../model/service.js';
import type { DestinationEntry } from '../../model/table.js';
import type { ConnectionGroup, MachineFacts, Scope, ServiceFacts } from '../facts/facts.js';

/** The services of the scope's VIPs, or all. A firewall mark has no VIP and is always included. */
export function servicesOf({ ipvs }: MachineFacts, { vips }: Scope): readonly ServiceFacts[] {
  const services = ipvs?.services ?? [];
  if (vips.length === 0) return services;
  return services.filter(({ id }) => isFwmark(id) || vips.includes(id.address));
}

export interface ServerEntry {
  readonly service: ServiceFacts;
  readonly server: DestinationEntry;
}

export const serversOf = (facts: MachineFacts, scope: Scope): ServerEntry[] =>
  servicesOf(facts, scope).flatMap((service) => service.destinations.map((server) => ({ service, server })));

/** Connections of a service to one of its servers. For a firewall mark, all connections to the server in its family. */
export function connectionsTo({ ipvs }: MachineFacts, { service, server }: ServerEntry): ConnectionGroup[] {
  return (ipvs?.connections ?? []).filter(
    (group) => sameEndpoint(group.destination, server.id) && belongsTo(group, service.id),
  );
}

export const sameEndpoint = (a: DestinationId, b: DestinationId): boolean =>
  a.port === b.port && a.address === b.address;

/** A service with port 0 takes every port. */
function belongsTo(group: ConnectionGroup, id: ServiceId): boolean {
  if (isFwmark(id)) return familyOf(group.virtual.address) === id.family;
  return (
    group.protocol === id.protocol.toUpperCase() &&
    group.virtual.address === id.address &&
    (id.port === 0 || group.virtual.port === id.port)
  );
}

/** The service with an address that the connections belong to. */
export const serviceOf = ({ ipvs }: MachineFacts, group: ConnectionGroup): ServiceFacts | undefined =>
  ipvs?.services.find(({ id }) => isEndpoint(id) && belongsTo(group, id));

/** Number of connections. */
export const count = (groups: readonly ConnectionGroup[]): number =>
  groups.flatMap(({ states }) => Object.values(states)).reduce((sum, number) => sum + number, 0);

export const isEndpoint = (id: ServiceId): id is EndpointId => !isFwmark(id);

/** Undefined for a firewall mark. */
export const vipOf = (id: ServiceId): string | undefined => (isEndpoint(id) ? id.address : undefined);

/** `TCP 192.0.2.10:80 -> 10.1.0.7:80` */
export const nameOf = ({ service, server }: ServerEntry): string =>
  `${describeService(service.id)} -> ${describeDestination(server.id)}`;
