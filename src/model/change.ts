/** A change to the kernel's table, as data: the effect of one command, and an item of a plan. */
import type { Daemon } from './daemon.js';
import { type Destination, type DestinationId, describeDestination } from './destination.js';
import { describeService, type Service, type ServiceId } from './service.js';
import type { Timeouts } from './table.js';

export type Change =
  | { readonly do: 'addService' | 'editService'; readonly service: Service }
  | { readonly do: 'deleteService' | 'zeroService'; readonly id: ServiceId }
  | {
      readonly do: 'addDestination' | 'editDestination';
      readonly of: ServiceId;
      readonly destination: Destination;
    }
  | { readonly do: 'deleteDestination'; readonly of: ServiceId; readonly id: DestinationId }
  | { readonly do: 'startDaemon'; readonly daemon: Daemon }
  | { readonly do: 'stopDaemon'; readonly daemon: Pick<Daemon, 'state'> & Partial<Daemon> }
  | { readonly do: 'setTimeouts'; readonly timeouts: Timeouts }
  | { readonly do: 'flush' | 'zeroAll' };

/** What a change is about, as messages name it: `TCP 192.0.2.1:80 -> 198.51.100.7:80`. */
export function describeChange(change: Change): string {
  if ('service' in change) return describeService(change.service.id);
  if ('of' in change) {
    const id = 'destination' in change ? change.destination.id : change.id;
    return `${describeService(change.of)} -> ${describeDestination(id)}`;
  }
  if ('id' in change) return describeService(change.id);
  if ('daemon' in change) return `${change.daemon.state} sync daemon`;
  return 'timeouts' in change ? 'the timeouts' : 'the whole table';
}
