/**
 * The table that rules make of an empty one, found without a kernel. Rules are all changes of services and servers: each is folded
 * into the table, or refused with the errno that the kernel has for it.
 */
import { Errno, KernelError } from '../../errors.js';
import { type Change, describeChange } from '../../model/change.js';
import { type Destination, destinationKey } from '../../model/destination.js';
import { type Service, type ServiceId, serviceKey } from '../../model/service.js';
import type { DesiredService } from '../../model/state.js';
import { destinationDifferences } from '../../plan/compare.js';

/** A line that is a change, and its number. */
export interface Line {
  readonly change: Change;
  readonly number: number;
}

/** A service or a server, and the line that set it last. */
interface Entry<T> {
  readonly value: T;
  readonly line: Line;
}

interface ServiceEntry extends Entry<Service> {
  readonly servers: Map<string, Entry<Destination>>;
}

export class RulesTable {
  /** The rules that are refused, in the order of their lines. */
  readonly refusals = new Map<Line, KernelError>();
  private readonly entries = new Map<string, ServiceEntry>();

  /** @param refused rules that the kernel is known to refuse */
  constructor(private readonly refused: ReadonlyMap<Line, KernelError>) {}

  get services(): DesiredService[] {
    return Array.from(this.entries.values(), ({ value, servers }) => ({
      service: value,
      destinations: Array.from(servers.values(), (server) => server.value),
    }));
  }

  get isEmpty(): boolean {
    return this.entries.size === 0;
  }

  has(id: ServiceId): boolean {
    return this.entries.has(serviceKey(id));
  }

  /** The rule that a planned change comes from; undefined for a removal. */
  lineOf(change: Change): Line | undefined {
    if ('service' in change) return this.serviceOf(change)?.line;
    return 'destination' in change ? this.serverOf(change)?.line : undefined;
  }

  /** Folds a rule into the table. A change that sets no service or server changes nothing. */
  add(line: Line): void {
    const { change } = line;
    const errno = this.errnoOf(change);
    const error =
      errno === undefined
        ? this.refused.get(line)
        : new KernelError(change.do, errno, describeChange(change));
    if (error === undefined) this.fold(line);
    else this.refusals.set(line, error);
  }

  /**
   * Whether a change takes away what a line after the one with the number `tried` set, so that the kernel would never be asked
   * whether it takes that line.
   */
  hides(change: Change, tried: number): boolean {
    const isUntried = ({ line }: Entry<unknown>) => line.number > tried;
    const hasUntried = (entry: ServiceEntry) =>
      isUntried(entry) || [...entry.servers.values()].some(isUntried);
    if (change.do === 'flush') return [...this.entries.values()].some(hasUntried);
    const [service, server] = [this.serviceOf(change), this.serverOf(change)];
    switch (change.do) {
      case 'deleteService':
        return service !== undefined && hasUntried(service);
      case 'editService':
        return service !== undefined && isUntried(service) && !sameModules(service.value, change.service);
      case 'deleteDestination':
        return server !== undefined && isUntried(server);
      case 'editDestination':
        return server !== undefined && isUntried(server) && !sameButWeight(server.value, change.destination);
      default:
        return false;
    }
  }

  /** The errno with which the kernel refuses a rule whatever it sets. */
  private errnoOf(change: Change): number | undefined {
    const [service, server] = [this.serviceOf(change), this.serverOf(change)];
    switch (change.do) {
      case 'addService':
        return service && Errno.EEXIST;
      case 'editService':
      case 'deleteService':
      case 'zeroService':
        return service ? undefined : Errno.ESRCH;
      case 'addDestination':
        return service ? server && Errno.EEXIST : Errno.ESRCH;
      case 'editDestination':
      case 'deleteDestination':
        if (service === undefined) return Errno.ESRCH;
        return server ? undefined : Errno.ENOENT;
      default:
        return undefined;
    }
  }

  private fold(line: Line): void {
    const { change } = line;
    switch (change.do) {
      case 'addService':
      case 'editService': {
        const servers = this.serviceOf(change)?.servers ?? new Map();
        this.entries.set(serviceKey(change.service.id), { value: change.service, line, servers });
        break;
      }
      case 'deleteService':
        this.entries.delete(serviceKey(change.id));
        break;
      case 'addDestination':
      case 'editDestination':
        this.serviceOf(change)?.servers.set(destinationKey(change.destination.id), {
          value: change.destination,
          line,
        });
        break;
      case 'deleteDestination':
        this.serviceOf(change)?.servers.delete(destinationKey(change.id));
        break;
      case 'flush':
        this.entries.clear();
    }
  }

  private serviceOf(change: Change): ServiceEntry | undefined {
    if ('of' in change) return this.entries.get(serviceKey(change.of));
    if ('service' in change) return this.entries.get(serviceKey(change.service.id));
    return 'id' in change ? this.entries.get(serviceKey(change.id)) : undefined;
  }

  private serverOf(change: Change): Entry<Destination> | undefined {
    if (!('of' in change)) return undefined;
    const id = 'destination' in change ? change.destination.id : change.id;
    return this.serviceOf(change)?.servers.get(destinationKey(id));
  }
}

/** A kernel that refuses one of these services lacks a module, and refuses the other, too. */
const sameModules = (one: Service, other: Service): boolean =>
  one.scheduler === other.scheduler && one.persistence?.engine === other.persistence?.engine;

/** A kernel takes both of these servers, or neither: it takes every weight. */
const sameButWeight = (one: Destination, other: Destination): boolean =>
  destinationDifferences(one, other).every(({ field }) => field === 'weight');
