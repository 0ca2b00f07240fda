/** What the agent needs of the machine, and what it may change there. */
import type { ServiceId } from '../model/service.js';
import type { DesiredState } from '../model/state.js';
import type { Reconciliation } from '../plan/apply.js';
import type { Vip } from './announce/announced-vips.js';
import type { SchedulePorts } from './checks/check-schedule.js';
import type { PassivePorts } from './checks/passive-watch.js';
import type { HoldPorts } from './held-servers.js';
import type { MemoryPorts } from './memory-keeper.js';
import type { ProgramPorts } from './quorum-program.js';

export interface AgentPorts extends SchedulePorts, ProgramPorts, HoldPorts, PassivePorts, MemoryPorts {
  /**
   * Makes the table as desired.
   * @throws UsageError if the documents would remove more than is allowed
   */
  reconcile(desired: DesiredState, scope: Scope): Promise<Reconciliation>;
  /** Called after each application, and when a quorum may have changed. */
  announce(vips: readonly Vip[]): void;
  /** Virtual addresses to which clients may still be led, whether documents have them or not. */
  addressesInUse(): ReadonlySet<string>;
}

/** What may be changed: everything that is desired, or these services alone. */
export interface Scope {
  readonly only?: readonly ServiceId[];
  /** New documents, of which the limit of removals is asked: the states of servers do not count. */
  readonly documents?: DesiredState;
  /** Addresses whose services earlier documents have removed already: the limit does not count them again (default: none). */
  readonly removed?: ReadonlySet<string>;
  /** Addresses that are being withdrawn: their services stay, although the documents lack them (default: none). */
  readonly leaving?: ReadonlySet<string>;
}
