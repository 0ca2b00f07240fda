/** The table that the agent keeps, through a client that is opened anew after a failure. */
import type { Scope } from '../../agent/agent.js';
import type { Context } from '../../context.js';
import { UsageError } from '../../errors.js';
import type { IpvsClient } from '../../ipvs/client.js';
import { noHolds } from '../../model/hold.js';
import type { DesiredState } from '../../model/state.js';
import { type Reconciliation, reconcile } from '../../plan/apply.js';
import type { RemovalLimit } from '../../plan/policy.js';
import { planFor, readCurrent, settingWriter } from '../shared/desired-state.js';
import { checkRemovals, watchLimit } from '../shared/removal-limits.js';

export interface TableLimits {
  readonly prune: boolean;
  readonly allowEmpty: boolean;
  /** Of what documents may remove. Servers that are down do not count. */
  readonly maxRemove: RemovalLimit | undefined;
}

export class KernelTable {
  private client: IpvsClient | undefined;

  constructor(
    private readonly context: Pick<Context, 'openClient' | 'files'>,
    private readonly limits: TableLimits,
  ) {}

  readonly reconcile = async (
    state: DesiredState,
    { only = [], documents }: Scope,
  ): Promise<Reconciliation> => {
    const { context } = this;
    const { prune, allowEmpty, maxRemove = watchLimit } = this.limits;
    const desired = { prune: prune && only.length === 0, only, state, holds: noHolds, texts: [] };
    try {
      this.client ??= await context.openClient({});
      const { client } = this;
      return await reconcile({
        client,
        read: () => readCurrent(client, desired, context),
        plan: (current) => {
          if (documents !== undefined)
            checkRemovals(
              planFor(current, { ...desired, state: withSorryServers(documents) }),
              allowEmpty,
              maxRemove,
            );
          return planFor(current, desired);
        },
        set: settingWriter(context),
        // A service that the kernel refuses must not keep dead servers of others in use.
        refusalSkips: 'service',
      });
    } catch (error) {
      if (!(error instanceof UsageError)) this.close();
      throw error;
    }
  };

  close(): void {
    this.client?.close();
    this.client = undefined;
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
