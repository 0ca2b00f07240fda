/** Fragments as one desired state. A duplicate is an error that names both locations. */
import type { Problem } from '../errors.js';
import { familyOf } from '../model/address.js';
import { type Destination, describeDestination, destinationKey } from '../model/destination.js';
import type { Health, ServiceChecks } from '../model/health.js';
import { type Service, serviceFamily, serviceKey } from '../model/service.js';
import { formatService } from '../model/service-uri.js';
import type { DesiredService, DesiredState, ServerReader, ServiceState } from '../model/state.js';
import type { Fragment, Located, LocatedServer, LocatedService, Report } from './fragment.js';
import { formatLocation } from './location.js';
import { PlainServers } from './plain-servers.js';

/** A section that all fragments lack stays undefined. */
export function mergeFragments(fragments: readonly Fragment[], report: Report): DesiredState {
  const services = section(fragments, (fragment) => fragment.services);
  const daemons = section(fragments, (fragment) => fragment.daemons);
  const timeouts = section(fragments, (fragment) => fragment.timeouts);
  const settings = section(fragments, (fragment) => fragment.settings);
  const bridge = daemons?.length ? services?.flatMap(crossFamily).at(0) : undefined;
  if (bridge) report(() => syncConflict(bridge));
  return {
    owns: section(fragments, (fragment) => fragment.owns),
    services: services && mergeServices(services, report),
    daemons:
      daemons &&
      unique(
        daemons,
        ({ value }) => value.state,
        ({ value }) => `the ${value.state} daemon`,
        report,
      ).map(({ value }) => value),
    timeouts: timeouts && valuesByName('timeout', timeouts, report),
    ...(settings && { settings: valuesByName('setting', settings, report) }),
  };
}

/** Named values as one object. */
const valuesByName = <T>(
  noun: string,
  values: readonly Located<readonly [string, T]>[],
  report: Report,
): Readonly<Record<string, T>> =>
  Object.fromEntries(
    unique(
      values,
      ({ value: [name] }) => name,
      ({ value: [name] }) => `${noun} ${name}`,
      report,
    ).map(({ value }) => value),
  );

const mergeServices = (services: readonly LocatedService[], report: Report): DesiredService[] =>
  unique(
    services,
    ({ value }) => serviceKey(value.id),
    ({ value }) => formatService(value.id),
    report,
  ).map(desiredService(report));

const desiredService =
  (report: Report) =>
  (located: LocatedService): DesiredService => {
    const { value, destinations, checks, health } = located;
    if (destinations instanceof PlainServers) {
      return new PlainService(value, destinations, checks && { usual: checks, own: new Map() }, health);
    }
    const own = ownChecks(destinations ?? []);
    return {
      service: value,
      destinations: destinations && mergeServers(value, destinations, report),
      ...((checks || own.size > 0) && { checks: { usual: checks ?? {}, own } }),
      ...(health && { health }),
    };
  };

const ownChecks = (servers: readonly LocatedServer[]): ServiceChecks['own'] =>
  new Map(servers.flatMap(({ value: { id }, checks }) => (checks ? [[destinationKey(id), checks]] : [])));

const mergeServers = (
  service: Service,
  servers: readonly Located<Destination>[],
  report: Report,
): Destination[] =>
  unique(
    servers,
    ({ value }) => destinationKey(value.id),
    ({ value }) => `${describeDestination(value.id)} of ${formatService(service.id)}`,
    report,
  ).map(({ value }) => value);

/** Makes the objects of its servers only when they are needed. */
class PlainService implements DesiredService {
  constructor(
    readonly service: Service,
    private readonly servers: PlainServers,
    readonly checks: ServiceChecks | undefined,
    readonly health: Health | undefined,
  ) {}

  get destinations(): readonly Destination[] {
    return this.servers.destinations;
  }

  get size(): number {
    return this.servers.size;
  }

  matchUnchanged(table: ServerReader, from: number): ServiceState | undefined {
    return this.servers.equal(table, from) ? this : undefined;
  }
}

/** One section of all fragments; undefined if all lack it. */
function section<T>(
  fragments: readonly Fragment[],
  of: (fragment: Fragment) => readonly T[] | undefined,
): T[] | undefined {
  const sections = fragments.map(of).filter((items) => items !== undefined);
  return sections.length === 0 ? undefined : sections.flat();
}

/** The first item of each key; another one is reported as a problem. */
function unique<T extends Located<unknown>>(
  items: readonly T[],
  key: (item: T) => string,
  name: (item: T) => string,
  report: Report,
): T[] {
  const firsts = new Map<string, T>();
  for (const item of items) {
    const itemKey = key(item);
    const first = firsts.get(itemKey);
    if (first === undefined) firsts.set(itemKey, item);
    else
      report(() => ({
        ...item.location(),
        text: `${name(item)} stands here a second time; first at ${formatLocation(first.location())}`,
      }));
  }
  return [...firsts.values()];
}

/** Servers of another family than their service's, the sorry server included; plain servers are none. */
function crossFamily(service: LocatedService): Pick<Located<unknown>, 'location'>[] {
  const { value, destinations = [], health } = service;
  const isOther = ({ id }: Destination) => familyOf(id.address) !== serviceFamily(value.id);
  const others =
    destinations instanceof PlainServers ? [] : destinations.filter((server) => isOther(server.value));
  return health?.sorry && isOther(health.sorry) ? [...others, service] : others;
}

/** The synchronization protocol cannot express such servers, and the kernel refuses whichever is added second. */
const syncConflict = (server: Pick<Located<unknown>, 'location'>): Problem => ({
  ...server.location(),
  text: "a server of another family than its service's, and sync daemons: the kernel takes one or the other",
});
