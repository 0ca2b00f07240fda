/** Several parts as one desired state. What is said twice is an error that names both places. */
import type { Problem } from '../errors.js';
import { familyOf } from '../model/address.js';
import { describeDestination, destinationKey } from '../model/destination.js';
import { formatService } from '../model/notation.js';
import { destinationOrder, serviceOrder, sortedBy } from '../model/order.js';
import { serviceFamily, serviceKey } from '../model/service.js';
import type { DesiredService, DesiredState } from '../model/state.js';
import type { Timeouts } from '../model/table.js';
import type { Part, Report, Said, SaidService } from './part.js';
import { formatPlace } from './place.js';

/** A section that no part mentions stays undefined. The result is sorted: the order of the text means nothing. */
export function mergeParts(parts: readonly Part[], report: Report): DesiredState {
  const services = section(parts, (part) => part.services);
  const daemons = section(parts, (part) => part.daemons);
  const timeouts = section(parts, (part) => part.timeouts);
  const once = <T>(said: readonly T[], key: (item: T) => string, name: (item: T) => string): T[] => [
    ...unique(said as readonly (T & Said<unknown>)[], key, name, report).values(),
  ];
  const bridges = services?.flatMap(crossFamily).at(0);
  if (bridges && daemons?.length) report(syncConflict(bridges));
  return {
    services:
      services &&
      sortedBy(
        once(
          services,
          ({ value }) => serviceKey(value.id),
          ({ value }) => formatService(value.id),
        ).map(
          (service): DesiredService => ({
            service: service.value,
            destinations:
              service.destinations &&
              sortedBy(
                once(
                  service.destinations,
                  ({ value }) => destinationKey(value.id),
                  ({ value }) => `${describeDestination(value.id)} of ${formatService(service.value.id)}`,
                ).map(({ value }) => value),
                ({ id }) => destinationOrder(id),
              ),
          }),
        ),
        ({ service }) => serviceOrder(service.id),
      ),
    daemons:
      daemons &&
      once(
        daemons,
        ({ value }) => value.state,
        ({ value }) => `the ${value.state} daemon`,
      ).map(({ value }) => value),
    timeouts:
      timeouts &&
      (Object.fromEntries(
        once(
          timeouts,
          ({ value: [name] }) => name,
          ({ value: [name] }) => `timeout ${name}`,
        ).map(({ value }) => value),
      ) as Partial<Timeouts>),
  };
}

/** What the parts say of one section together; undefined if none mentions it. */
function section<T>(parts: readonly Part[], of: (part: Part) => readonly T[] | undefined): T[] | undefined {
  const saying = parts.map(of).filter((said) => said !== undefined);
  return saying.length === 0 ? undefined : saying.flat();
}

function unique<T extends Said<unknown>>(
  said: readonly T[],
  key: (item: T) => string,
  name: (item: T) => string,
  report: Report,
): Map<string, T> {
  const first = new Map<string, T>();
  for (const item of said) {
    const earlier = first.get(key(item));
    if (earlier === undefined) first.set(key(item), item);
    else
      report({
        ...item.place(),
        text: `${name(item)} stands here a second time; first at ${formatPlace(earlier.place())}`,
      });
  }
  return first;
}

/** Servers of another family than their service's. */
const crossFamily = ({ value, destinations }: SaidService) =>
  (destinations ?? []).filter(
    (destination) => familyOf(destination.value.id.address) !== serviceFamily(value.id),
  );

/** The synchronization protocol has no words for it, and the kernel refuses the one that comes second. */
const syncConflict = (server: Said<unknown>): Problem => ({
  ...server.place(),
  text: "a server of another family than its service's, and sync daemons: the kernel takes one or the other",
});
