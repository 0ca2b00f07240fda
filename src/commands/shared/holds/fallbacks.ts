/**
 * The fallback flags of services whose scheduler keeps a server at weight 0 in its table. lvsadm sets the flag before a weight falls to
 * 0, and takes it away when no server of the service is at weight 0 any more. The store remembers which flags lvsadm set.
 */
import type { Context } from '../../../context.js';
import { Errno, KernelError, UsageError } from '../../../errors.js';
import type { IpvsClient } from '../../../ipvs/client.js';
import { serviceRule } from '../../../ipvsadm/rules.js';
import { fallbackFlag, fallbackOf, flagNames, type SchedulerFlag } from '../../../model/schedulers.js';
import type { Service, ServiceId } from '../../../model/service.js';
import { formatService } from '../../../model/service-uri.js';
import type { ServiceEntry } from '../../../model/table.js';
import {
  addFallback,
  cannotFallBack,
  lacksFallback,
  removeFallback,
  whyUndrainable,
  withoutFlag,
} from '../../../plan/drain-scheduling.js';
import type { StateKind } from '../../../system/files/state-kind.js';
import type { Store } from '../../../system/files/store.js';
import type { Options } from '../../command.js';

export const forceOption = {
  force: {
    type: 'flag',
    describe:
      'also where the scheduler (dh) then refuses the clients of the server; with --hold also over the hold of another user, ' +
      'and where a service loses its quorum',
  },
} as const satisfies Options;

/** A service to which lvsadm gave the flag. */
interface Given {
  readonly service: string;
  readonly scheduler: string;
  /** The kernel's counter of its connections, in decimal: that of a service that was removed and added again starts at 0. */
  readonly connections: string;
}

/** Milliseconds to wait for another process to change weights. */
const PATIENCE = 30_000;

export class Fallbacks {
  /** Services that got the flag by this object. */
  private readonly given = new Set<string>();

  constructor(
    private readonly client: IpvsClient,
    private readonly store: Store,
    private readonly err: Context['err'],
  ) {}

  /**
   * @param ofAgent services whose flags the agent takes from its documents
   * @throws UsageError for a service whose scheduler refuses clients of a server at weight 0, and for which no flag against it can be set
   */
  async requireFallback(services: readonly ServiceId[], ofAgent: readonly ServiceId[] = []): Promise<void> {
    for (const id of [...services, ...ofAgent]) {
      const service = await this.client.service(id);
      if (!cannotFallBack(service) && !(ofAgent.includes(id) && lacksFallback(service))) continue;
      const flag = fallbackOf(service.scheduler);
      const lack = flag === undefined ? '' : `, and the agent's document lacks its flag ${flag}`;
      throw new UsageError(
        `${whyUndrainable(service)}${lack}; --force does it all the same`,
        formatService(id),
      );
    }
  }

  /**
   * Sets weights to 0 with the flags set: no other process takes a flag away in between. If the kernel refuses a flag or a weight, the
   * flags are taken away again.
   * @throws HostError and LockedError if a flag has to be set, or is one that lvsadm set
   */
  async whileSet<T>(services: readonly ServiceId[], quiesce: () => Promise<T>): Promise<T> {
    const hashing = (await this.present(services)).filter(({ scheduler }) => fallbackOf(scheduler));
    if (hashing.length === 0) return quiesce();
    const given = this.store.read(kind);
    const isShared = (service: Service) => lacksFallback(service) || given.has(formatService(service.id));
    if (!hashing.some(isShared)) return quiesce();
    return this.alone(async () => {
      const lacking = (await this.present(hashing.map(({ id }) => id))).filter(lacksFallback);
      try {
        if (lacking.length > 0) await this.set(lacking);
        return await quiesce();
      } catch (error) {
        if (error instanceof KernelError) await this.settle();
        throw error;
      }
    });
  }

  /**
   * Takes the flags away that lvsadm set, of services without a server at weight 0.
   * @param documented services as a document has set them by now: they keep its flags, and lose one that this object gave them
   */
  async giveBack(documented: readonly Service[] = []): Promise<void> {
    if (this.store.read(kind).size === 0) return;
    await this.alone(() => this.settle(documented));
  }

  private async settle(documented: readonly Service[] = []): Promise<void> {
    const desired = new Map(documented.map((each) => [formatService(each.id), each]));
    const services = new Map((await this.client.services()).map((each) => [formatService(each.id), each]));
    const settled: string[] = [];
    for (const given of this.store.read(kind).values()) {
      const service = services.get(given.service);
      if (await this.isSettled(given, service, desired.get(given.service))) settled.push(given.service);
    }
    await this.forget(settled);
  }

  /** Whether the flag is gone, taken away just now, or not lvsadm's any more. */
  private async isSettled(
    given: Given,
    service: ServiceEntry | undefined,
    desired: Service | undefined,
  ): Promise<boolean> {
    const flag = fallbackFlag(given);
    if (service === undefined || flag === undefined || !service.schedulerFlags.includes(flag)) return true;
    if (desired?.schedulerFlags.includes(flag)) return true;
    const doubt = doubtAbout(given, service);
    if (doubt !== undefined) {
      await this.err.write(`lvsadm: ${leftSet(service, flag, doubt)}\n`);
      return true;
    }
    const isUndesired = desired !== undefined && this.given.has(given.service);
    if (!isUndesired && (await this.isNeeded(service))) return false;
    await this.take(service);
    return true;
  }

  private async forget(services: readonly string[]): Promise<void> {
    if (services.length === 0) return;
    const keys = new Set(services);
    await this.store.update(kind, (all) => new Map([...all].filter(([key]) => !keys.has(key))));
  }

  /** @throws KernelError for a flag that was refused */
  private async set(services: readonly ServiceEntry[]): Promise<void> {
    // Before the change: a run that ends in between must not forget whose flag it is.
    await this.store.update(kind, (all) => new Map([...all, ...services.map(givenTo)]));
    const errors = await this.client.applyAll(services.map(addFallback));
    const refused = services.filter((_, index) => errors[index] !== undefined);
    await this.forget(refused.map(({ id }) => formatService(id)));
    for (const { id, scheduler } of services.filter((each) => !refused.includes(each))) {
      const service = formatService(id);
      this.given.add(service);
      await this.err.write(
        `lvsadm: ${service}: ${fallbackOf(scheduler)} is set while a server has weight 0\n`,
      );
    }
    for (const error of errors) if (error) unlessGone(error);
  }

  private take(service: Service): Promise<void> {
    return this.client.apply(removeFallback(service)).catch(unlessGone);
  }

  private async isNeeded({ id }: Service): Promise<boolean> {
    return (await this.client.destinations(id)).some(({ weight }) => weight === 0);
  }

  /** The services that are still in the table. */
  private async present(ids: readonly ServiceId[]): Promise<ServiceEntry[]> {
    const services: ServiceEntry[] = [];
    for (const id of ids) {
      const service = await this.client.service(id).catch(unlessGone);
      if (service !== undefined) services.push(service);
    }
    return services;
  }

  private async alone<T>(work: () => Promise<T>): Promise<T> {
    const release = await this.store.lock('drain', 'setting weights here', { wait: PATIENCE });
    try {
      return await work();
    } finally {
      release();
    }
  }
}

/** Another program removed the service meanwhile. */
function unlessGone(error: unknown): undefined {
  if (!(error instanceof KernelError && error.errno === Errno.ESRCH)) throw error;
}

/** Why the flag may be another program's by now. */
function doubtAbout({ scheduler, connections }: Given, service: ServiceEntry): string | undefined {
  if (service.scheduler !== scheduler) return 'its scheduler was changed';
  if (service.stats.connections >= BigInt(connections)) return undefined;
  return 'its counters were zeroed, or it was added again,';
}

/** A flag that lvsadm set and cannot take away. */
function leftSet(service: Service, flag: SchedulerFlag, doubt: string): string {
  const { scheduler, id } = service;
  const name = flagNames({ scheduler, schedulerFlags: [flag] }).join();
  const command = ['lvsadm', '-E', ...serviceRule(withoutFlag(service, flag)).slice(1)].join(' ');
  return `${formatService(id)}: ${name} stays set: ${doubt} since lvsadm set it; once no server has weight 0, '${command}' removes it`;
}

function givenTo({ id, scheduler, stats }: ServiceEntry): [string, Given] {
  const service = formatService(id);
  return [service, { service, scheduler, connections: String(stats.connections) }];
}

const kind: StateKind<ReadonlyMap<string, Given>> = {
  name: 'fallbacks',
  empty: new Map(),
  parse: (value) =>
    new Map((value as readonly unknown[]).map(checked).map((given) => [given.service, given])),
  format: (given) => (given.size === 0 ? undefined : [...given.values()]),
  loss: 'flags sh-fallback and mh-fallback that lvsadm set stay set: remove them with lvsadm -E',
  expendable: true,
};

/** @throws Error */
function checked(value: unknown): Given {
  const { service, scheduler, connections } = value as Partial<Record<keyof Given, unknown>>;
  if (typeof service !== 'string' || typeof scheduler !== 'string' || !/^\d+$/.test(String(connections))) {
    throw new Error('it holds no services');
  }
  return { service, scheduler, connections: String(connections) };
}
