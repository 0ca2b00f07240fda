/** Several parts as one desired state. What is said twice is an error that names both places. */
import type { Problem } from '../errors.js';
import { familyOf } from '../model/address.js';
import { type Destination, describeDestination, destinationKey } from '../model/destination.js';
import { type Service, serviceFamily, serviceKey } from '../model/service.js';
import { formatService } from '../model/service-uri.js';
import type { DesiredService, DesiredState, ServerReader, ServiceState } from '../model/state.js';
import type { Timeouts } from '../model/table.js';
import type { Part, Report, Said, SaidService } from './fragment.js';
import { formatPlace } from './location.js';
import { PlainServers } from './plain.js';

/** A section that no part mentions stays undefined. The order is the texts', which means nothing. */
export function mergeParts(parts: readonly Part[], report: Report): DesiredState {
  const services = section(parts, (part) => part.services);
  const daemons = section(parts, (part) => part.daemons);
  const timeouts = section(parts, (part) => part.timeouts);
  const bridge = daemons?.length ? services?.flatMap(crossFamily).at(0) : undefined;
  if (bridge) report(syncConflict(bridge));
  return {
    services: services && mergeServices(services, report),
    daemons:
      daemons &&
      unique(
        daemons,
        ({ value }) => value.state,
        ({ value }) => `the ${value.state} daemon`,
        report,
      ).map(({ value }) => value),
    timeouts:
      timeouts &&
      (Object.fromEntries(
        unique(
          timeouts,
          ({ value: [name] }) => name,
          ({ value: [name] }) => `timeout ${name}`,
          report,
        ).map(({ value }) => value),
      ) as Partial<Timeouts>),
  };
}

const mergeServices = (services: readonly SaidService[], report: Report): DesiredService[] =>
  unique(
    services,
    ({ value }) => serviceKey(value.id),
    ({ value }) => formatService(value.id),
    report,
  ).map(({ value, destinations }) =>
    destinations instanceof PlainServers
      ? new PlainService(value, destinations)
      : {
          service: value,
          destinations:
            destinations &&
            unique(
              destinations,
              (destination) => destinationKey(destination.value.id),
              (destination) => `${describeDestination(destination.value.id)} of ${formatService(value.id)}`,
              report,
            ).map((destination) => destination.value),
        },
  );

/** Its servers are made only when somebody asks for them: for most services of a large table nobody does. */
class PlainService implements DesiredService {
  constructor(
    readonly service: Service,
    private readonly servers: PlainServers,
  ) {}

  get destinations(): readonly Destination[] {
    return this.servers.destinations;
  }

  get size(): number {
    return this.servers.size;
  }

  recognise(table: ServerReader, from: number): ServiceState | undefined {
    return this.servers.areJust(table, from) ? this : undefined;
  }
}

/** What the parts say of one section together; undefined if none mentions it. */
function section<T>(parts: readonly Part[], of: (part: Part) => readonly T[] | undefined): T[] | undefined {
  const saying = parts.map(of).filter((said) => said !== undefined);
  return saying.length === 0 ? undefined : saying.flat();
}

/** Each thing once, as it is said first; where it is said again is a problem. */
function unique<T extends Said<unknown>>(
  said: readonly T[],
  key: (item: T) => string,
  name: (item: T) => string,
  report: Report,
): T[] {
  const firsts = new Map<string, T>();
  for (const item of said) {
    const itemKey = key(item);
    const first = firsts.get(itemKey);
    if (first === undefined) firsts.set(itemKey, item);
    else
      report({
        ...item.place(),
        text: `${name(item)} stands here a second time; first at ${formatPlace(first.place())}`,
      });
  }
  return [...firsts.values()];
}

/** Servers of another family than their service's. */
const crossFamily = ({ value, destinations = [] }: SaidService) =>
  destinations instanceof PlainServers
    ? []
    : destinations.filter(({ value: { id } }) => familyOf(id.address) !== serviceFamily(value.id));

/** The synchronization protocol has no words for it, and the kernel refuses the one that comes second. */
const syncConflict = (server: Said<unknown>): Problem => ({
  ...server.place(),
  text: "a server of another family than its service's, and sync daemons: the kernel takes one or the other",
});
