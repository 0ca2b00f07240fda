/** The table as it is, in the terms of a document. */
import type { IpvsClient } from '../ipvs/client.js';
import type { DestinationCursor } from '../ipvs/source/destination-cursor.js';
import { settingFields } from '../ipvs/source/destination-records.js';
import type { Destination } from '../model/destination.js';
import { type Service, serviceKey } from '../model/service.js';
import type { DesiredService, ServiceState, State } from '../model/state.js';
import { serviceDifferences } from './compare.js';

export type Reader = Pick<IpvsClient, 'settings' | 'servers' | 'daemons' | 'timeouts'>;

export interface ReadOptions {
  /** Desired services. One that is unchanged is returned as it is desired: the same object. */
  readonly desired?: readonly DesiredService[] | undefined;
  /** Returns all other services without their servers: each service costs a request. */
  readonly onlyDesired?: boolean;
}

/** Reads the table. Not a snapshot: changes that others make meanwhile may show in part. */
export async function readState(client: Reader, options: ReadOptions = {}): Promise<State> {
  const { desired = [], onlyDesired = false } = options;
  const byKey = new Map(desired.map((each) => [serviceKey(each.service.id), each]));
  const services: ServiceState[] = [];
  const read: Service[] = [];
  for (const service of await client.settings()) {
    if (onlyDesired && !byKey.has(serviceKey(service.id))) services.push({ service, destinations: [] });
    else read.push(service);
  }
  await client.servers(
    read.map(({ id }) => id),
    (servers, index, from) => {
      const service = read[index] as Service;
      services.push(
        matchUnchanged(byKey.get(serviceKey(service.id)), service, servers, from) ?? {
          service,
          destinations: destinationsOf(servers, from),
        },
      );
      servers.drop();
    },
    settingFields,
  );
  return { services, daemons: await client.daemons(), timeouts: await client.timeouts() };
}

function matchUnchanged(
  desired: DesiredService | undefined,
  service: Service,
  servers: DestinationCursor,
  from: number,
): ServiceState | undefined {
  if (desired === undefined || serviceDifferences(service, desired.service).length > 0) return undefined;
  return desired.matchUnchanged?.(servers, from);
}

function destinationsOf(servers: DestinationCursor, from: number): Destination[] {
  const destinations: Destination[] = [];
  for (let index = from; index < servers.count; index++) {
    servers.seek(index);
    destinations.push(servers.destination());
  }
  return destinations;
}
