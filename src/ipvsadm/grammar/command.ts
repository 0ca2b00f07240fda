/** A parsed command line of ipvsadm's grammar, checked and complete. */
import type { Change } from '../../model/change.js';
import type { ServiceId } from '../../model/service.js';

/** Columns that options ask for, by precedence: of several the first is shown. */
export const columnSettings = ['stats', 'rate', 'thresholds', 'persistentConnections', 'tunnels'] as const;

/** Which columns a listing of the table has; 'plain' is the one with weights and connections. */
export type Columns = 'plain' | (typeof columnSettings)[number];

export interface ListOptions {
  /** Only this service, and without the line about the version. */
  readonly of?: ServiceId | undefined;
  readonly columns: Columns;
  /** Numbers instead of names of hosts and ports. */
  readonly numeric: boolean;
  /** Counters in full. */
  readonly exact: boolean;
  /** By protocol, address and port; otherwise in the kernel's order. */
  readonly sorted: boolean;
}

export type Command =
  | { readonly do: 'change'; readonly change: Change }
  | ({ readonly do: 'list' } & ListOptions)
  | { readonly do: 'connections'; readonly numeric: boolean; readonly engineData: boolean }
  | { readonly do: 'timeouts' | 'daemons' }
  | { readonly do: 'save'; readonly numeric: boolean }
  | { readonly do: 'restore' | 'help' | 'version' };
