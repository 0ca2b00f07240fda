/** Desired state with the holds of operators in it. Pure. */
import { destinationKey } from '../model/destination.js';
import { type Hold, type Holds, holdKey } from '../model/hold.js';
import { formatService } from '../model/service-uri.js';
import type { DesiredService, DesiredState } from '../model/state.js';

/** A server that is held has the weight of its hold. Holds of servers that the state lacks add none. */
export function withHolds(state: DesiredState, holds: Holds): DesiredState {
  if (holds.size === 0 || state.services === undefined) return state;
  const services = new Set(Array.from(holds.values(), ({ service }) => service));
  return {
    ...state,
    services: state.services.map((each) => {
      const name = formatService(each.service.id);
      return services.has(name) ? heldService(each, name, holds) : each;
    }),
  };
}

/** The holds that give servers of a state other weights than it has. */
export const holdsOver = ({ services = [] }: DesiredState, holds: Holds): Hold[] =>
  services.flatMap(({ service, destinations = [] }) => {
    const name = formatService(service.id);
    return destinations.flatMap(({ id, weight }) => {
      const hold = holds.get(holdKey({ service: name, server: destinationKey(id) }));
      return hold === undefined || hold.weight === weight ? [] : [hold];
    });
  });

/** Without `matchUnchanged`, which compares with the weights of the document. */
const heldService = (
  { service, destinations, checks, health }: DesiredService,
  name: string,
  holds: Holds,
): DesiredService => ({
  service,
  destinations: destinations?.map((destination) => {
    const hold = holds.get(holdKey({ service: name, server: destinationKey(destination.id) }));
    return hold === undefined ? destination : { ...destination, weight: hold.weight };
  }),
  checks,
  health,
});
