/** The checks that documents give the servers of their services. */
import { type PlacedCheck, placeFor } from '../../health/run-checks.js';
import { destinationKey } from '../../model/destination.js';
import { checksOf } from '../../model/health.js';
import { formatService } from '../../model/service-uri.js';
import type { DesiredService } from '../../model/state.js';

/** One check of a server; undefined for a server without any. */
export interface ServerCheck {
  /** `tcp://192.0.2.10:443` */
  readonly service: string;
  /** `198.51.100.7:443` */
  readonly server: string;
  readonly placed: PlacedCheck | undefined;
}

/** The checks of all servers, in the order of the documents. A server with an agent beside its check has two. */
export const serverChecks = (services: readonly DesiredService[]): ServerCheck[] =>
  services.flatMap(({ service, destinations = [], checks }) =>
    destinations.flatMap((destination) => {
      const { id } = destination;
      const { check, agent } = checksOf(checks, id);
      const own = [check, agent].filter((each) => each !== undefined);
      const placed =
        own.length === 0 ? [undefined] : own.map((each) => placeFor(each, service.id, destination));
      const names = { service: formatService(service.id), server: destinationKey(id) };
      return placed.map((each) => ({ ...names, placed: each }));
    }),
  );
