/**
 * The fallback flags of services whose scheduler keeps a server at weight 0 in its table. lvsadm sets the flag before a weight falls to
 * 0, and takes it away when no server of the service is at weight 0 any more. The store remembers which flags lvsadm set.
 */
import type { Context } from '../../context.js';
import { Errno, KernelError, UsageError } from '../../errors.js';
import type { IpvsClient } from '../../ipvs/client.js';
import { fallbackOf, refusesAtZero } from '../../model/schedulers.js';
import { type Service, type ServiceId, serviceKey } from '../../model/service.js';
import { formatService } from '../../model/service-uri.js';
import type { ServiceEntry } from '../../model/table.js';
import { addFallback, lacksFallback, removeFallback } from '../../plan/drain-scheduling.js';
import type { StateKind, Store } from '../../system/store.js';
import type { Options } from '../command.js';

export const forceOption = {
  force: { type: 'flag', describe: 'also where the scheduler (dh) then refuses the clients of the server' },
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
  constructor(
    private readonly client: IpvsClient,
    private readonly store: Store,
    private readonly err: Context['err'],
  ) {}

  /** @throws UsageError for a service whose scheduler refuses clients of a server at weight 0, and has no flag against it */
  async requireFallback(services: Iterable<ServiceId>): Promise<void> {
    for (const id of services) {
      const service = await this.client.service(id);
      if (!refusesAtZero(service) || lacksFallback(service)) continue;
      throw new UsageError(
        `scheduler ${service.scheduler} refuses the new clients of a server at weight 0; --force does it all the same`,
        formatService(id),
      );
    }
  }

  /**
   * Sets weights to 0 with the flags set: no other process takes a flag away in between.
   * @throws HostError, LockedError
   */
  async whileSet(services: readonly ServiceId[], quiesce: () => Promise<void>): Promise<void> {
    const hashing = (await this.present(services)).filter(({ scheduler }) => fallbackOf(scheduler));
    if (hashing.length === 0) return quiesce();
    await this.alone(async () => {
      const lacking = (await this.present(hashing.map(({ id }) => id))).filter(lacksFallback);
      if (lacking.length > 0) await this.set(lacking);
      await quiesce();
    });
  }

  /**
   * Takes the flags away that lvsadm set, of services without a server at weight 0.
   * @param also services that have to lose the flag in any case
   */
  async giveBack(also: readonly ServiceId[] = []): Promise<void> {
    if (this.store.read(kind).size === 0) return;
    await this.alone(async () => {
      const given = this.store.read(kind);
      const finished: string[] = [];
      const keys = new Set(also.map(serviceKey));
      const services = new Map((await this.client.services()).map((each) => [formatService(each.id), each]));
      for (const each of given.values()) {
        const service = services.get(each.service);
        const isOurs = service !== undefined && isSame(each, service) && !lacksFallback(service);
        if (isOurs && !keys.has(serviceKey(service.id)) && (await this.isNeeded(service))) continue;
        if (isOurs) await this.take(service);
        finished.push(each.service);
      }
      if (finished.length === 0) return;
      await this.store.update(kind, (all) => new Map([...all].filter(([key]) => !finished.includes(key))));
    });
  }

  private async set(services: readonly ServiceEntry[]): Promise<void> {
    // Before the change: a run that ends in between must not forget whose flag it is.
    await this.store.update(kind, (all) => new Map([...all, ...services.map(givenTo)]));
    for (const service of services) {
      await this.client.apply(addFallback(service)).catch(unlessGone);
      const told = `${formatService(service.id)}: ${fallbackOf(service.scheduler)} is set while a server has weight 0`;
      await this.err.write(`lvsadm: ${told}\n`);
    }
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

  private async alone(work: () => Promise<void>): Promise<void> {
    const release = await this.store.lock('drain', 'setting weights here', { wait: PATIENCE });
    try {
      await work();
    } finally {
      release();
    }
  }
}

/** Another program removed the service meanwhile. */
function unlessGone(error: unknown): undefined {
  if (!(error instanceof KernelError && error.errno === Errno.ESRCH)) throw error;
}

const isSame = ({ scheduler, connections }: Given, service: ServiceEntry): boolean =>
  service.scheduler === scheduler && service.stats.connections >= BigInt(connections);

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
