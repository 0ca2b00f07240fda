/** The table of IPVS and its connections, as the director's checks look at them. */
import { familyOf } from '../../model/address.js';
import { describeDestination, destinationKey } from '../../model/destination.js';
import { describeService, type EndpointId, isFwmark, type ServiceId } from '../../model/service.js';
import type { DestinationEntry } from '../../model/table.js';
import type { ConnectionGroup, MachineFacts, Scope, ServiceFacts } from '../facts/facts.js';

/** The services in question: those of the scope's VIPs, or all. A firewall mark has no VIP: it is always one of them. */
export function servicesOf({ ipvs }: MachineFacts, { vips }: Scope): readonly ServiceFacts[] {
  const services = ipvs?.services ?? [];
  if (vips.length === 0) return services;
  return services.filter(({ id }) => isFwmark(id) || vips.includes(id.address));
}

export interface Server {
  readonly service: ServiceFacts;
  readonly server: DestinationEntry;
}

export function* serversOf(facts: MachineFacts, scope: Scope): Generator<Server> {
  for (const service of servicesOf(facts, scope))
    for (const server of service.destinations) yield { service, server };
}

/** The VIPs of the services in question, each once. */
export const vipsOf = (facts: MachineFacts, scope: Scope): string[] => [
  ...new Set(servicesOf(facts, scope).flatMap(({ id }) => (isFwmark(id) ? [] : [id.address]))),
];

/** Connections of a service to one of its servers. Those of a firewall mark are known by the server only. */
export function connectionsTo({ ipvs }: MachineFacts, { service, server }: Server): ConnectionGroup[] {
  return (ipvs?.connections ?? []).filter(
    (group) => sameEndpoint(group.destination, server.id) && belongsTo(group, service.id),
  );
}

export const sameEndpoint = (
  a: { address: string; port: number },
  b: { address: string; port: number },
): boolean => destinationKey(a) === destinationKey(b);

/** Port 0 is a service of every port. */
export function belongsTo(group: ConnectionGroup, id: ServiceId): boolean {
  if (isFwmark(id)) return familyOf(group.virtual.address) === id.family;
  return (
    group.protocol === id.protocol.toUpperCase() &&
    group.virtual.address === id.address &&
    (id.port === 0 || group.virtual.port === id.port)
  );
}

/** The service, if there is one, that connections to a virtual endpoint are of. */
export const serviceOf = ({ ipvs }: MachineFacts, group: ConnectionGroup): ServiceFacts | undefined =>
  ipvs?.services.find(({ id }) => !isFwmark(id) && belongsTo(group, id));

export const count = ({ states }: ConnectionGroup): number =>
  Object.values(states).reduce((sum, number) => sum + number, 0);

export const isEndpoint = (id: ServiceId): id is EndpointId => !isFwmark(id);

/** A firewall mark has none. */
export const vipOf = (id: ServiceId): string | undefined => (isEndpoint(id) ? id.address : undefined);

/** `TCP 192.0.2.10:80 -> 10.1.0.7:80` */
export const nameOf = ({ service, server }: Server): string =>
  `${describeService(service.id)} -> ${describeDestination(server.id)}`;
