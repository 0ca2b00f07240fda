/** The table that the agent keeps, through a client that is opened anew after a failure. */
import type { Scope } from '../../agent/agent-ports.js';
import type { Context } from '../../context.js';
import { LvsadmError, UsageError } from '../../errors.js';
import type { IpvsClient } from '../../ipvs/client.js';
import { destinationKey } from '../../model/destination.js';
import { type Hold, noHolds } from '../../model/hold.js';
import { formatService } from '../../model/service-uri.js';
import type { DesiredState } from '../../model/state.js';
import { type Reconciliation, reconcile } from '../../plan/apply.js';
import { readState } from '../../plan/current.js';
import { type RemovalLimit, withoutRemovalsOf } from '../../plan/policy.js';
import { planFor, readCurrent, settingWriter } from '../shared/change/desired-state.js';
import { checkRemovals, watchLimit } from '../shared/change/removal-limits.js';
import type { HashOrders } from './hash-orders.js';

export interface TableLimits {
  readonly prune: boolean;
  readonly allowEmpty: boolean;
  /** Of what documents may remove. Servers that are down do not count. */
  readonly maxRemove: RemovalLimit | undefined;
  /** Whether the documents were in force before: what came since goes, however much it is. */
  isWayBack?(): boolean;
}

export class KernelTable {
  private client: IpvsClient | undefined;

  constructor(
    private readonly context: Pick<Context, 'openClient' | 'files'>,
    private readonly limits: TableLimits,
    /** Kept up to date; undefined if nobody asks for them. */
    private readonly orders?: HashOrders,
  ) {}

  readonly reconcile = async (
    state: DesiredState,
    { only = [], documents, removed = new Set(), leaving = new Set() }: Scope,
  ): Promise<Reconciliation> => {
    const { context } = this;
    const { prune, allowEmpty, maxRemove = watchLimit } = this.limits;
    const desired = { prune: prune && only.length === 0, only, state, holds: noHolds, texts: [] };
    const reconciliation = await this.withClient((client) =>
      reconcile({
        client,
        read: () => readCurrent(client, desired, context),
        plan: (current) => {
          if (documents !== undefined) {
            const plan = planFor(current, { ...desired, state: withSorryServers(documents) });
            checkRemovals(plan, allowEmpty, undefined);
            const limit = this.limits.isWayBack?.() ? undefined : maxRemove;
            checkRemovals(withoutRemovalsOf(plan, removed), true, limit);
          }
          return withoutRemovalsOf(planFor(current, desired), leaving);
        },
        set: settingWriter(context),
        // A service that the kernel refuses must not keep dead servers of others in use.
        refusalSkips: 'service',
      }),
    );
    this.orders?.changed(reconciliation);
    if (only.length === 0) await this.readOrders();
    return reconciliation;
  };

  readonly serversAtZero = (): Promise<readonly Pick<Hold, 'service' | 'server'>[]> =>
    this.withClient(async (client) => {
      const { services } = await readState(client);
      return services.flatMap(({ service, destinations }) =>
        destinations
          .filter(({ weight }) => weight === 0)
          .map(({ id }) => ({ service: formatService(service.id), server: destinationKey(id) })),
      );
    });

  close(): void {
    this.client?.close();
    this.client = undefined;
  }

  private async readOrders(): Promise<void> {
    const { orders } = this;
    if (orders === undefined) return;
    try {
      await this.withClient((client) => orders.look(client));
    } catch (error) {
      // They are read at the next look.
      if (!(error instanceof LvsadmError)) throw error;
    }
  }

  private async withClient<T>(work: (client: IpvsClient) => Promise<T>): Promise<T> {
    try {
      this.client ??= await this.context.openClient({});
      return await work(this.client);
    } catch (error) {
      if (!(error instanceof UsageError)) this.close();
      throw error;
    }
  }
}

/** The table may have no other servers than these: that they go when others come is no removal of the documents'. */
const withSorryServers = ({ services, ...others }: DesiredState): DesiredState => ({
  ...others,
  services: services?.map(({ service, destinations, health }) => ({
    service,
    destinations: health?.sorry && destinations ? [...destinations, health.sorry] : destinations,
  })),
});
