/** The history of changes, as commands keep it. */
import type { Context } from '../../../context.js';
import { parseDocuments } from '../../../document/load.js';
import { documentOf } from '../../../document/write.js';
import { HostError, LockedError } from '../../../errors.js';
import { printable } from '../../../foreign-text.js';
import {
  type Change,
  type ChangeCounts,
  type ChangeRecord,
  recordsKind,
} from '../../../history/change-record.js';
import { History } from '../../../history/history.js';
import type { IpvsClient } from '../../../ipvs/client.js';
import type { Settings } from '../../../model/settings.js';
import { countActions } from '../../../output/plan.js';
import { readState } from '../../../plan/current.js';
import type { Plan } from '../../../plan/plan.js';
import { codeOf } from '../../../system/files/files.js';
import type { Store } from '../../../system/files/store.js';
import { HoldStore } from '../holds/holds.js';
import { openLastingStore, removeOldBoots } from '../store.js';
import type { Desired } from './desired-state.js';
import { originOf } from './origin.js';

export const openHistory = (context: Context, stateDir: string | undefined): History =>
  new History(openLastingStore(context, recordsKind, stateDir), context.files);

/** The table as it is before a change. */
export class TableBefore {
  private record: ChangeRecord | undefined;

  private constructor(
    private readonly context: Context,
    private readonly stateDir: string | undefined,
    /** A document. */
    readonly table: string,
  ) {}

  static async read(
    context: Context,
    stateDir: string | undefined,
    client: IpvsClient,
  ): Promise<TableBefore> {
    return new TableBefore(context, stateDir, JSON.stringify(documentOf(await readState(client))));
  }

  /** Keeps it, once it is certain that the change is made. @throws HostError, LockedError */
  async keep(counts: ChangeCounts, settings?: Settings, takesBack?: number): Promise<ChangeRecord> {
    const { context, stateDir, table } = this;
    removeOldBoots(context, stateDir);
    const change: Change = { ...originOf(context), ...counts, settings, takesBack };
    this.record = await openHistory(context, stateDir).add(change, table);
    return this.record;
  }

  /** The same for a change that is worth more than its record: a failure is a line on standard error. */
  async keepIfPossible(counts: ChangeCounts, settings?: Settings, takesBack?: number): Promise<void> {
    try {
      await this.keep(counts, settings, takesBack);
    } catch (error) {
      if (!(error instanceof HostError || error instanceof LockedError)) throw error;
      // A user who may change the table and not the directory has no history.
      if (isForbidden(error)) return;
      await this.context.err.write(
        `lvsadm: lvsadm rollback cannot undo this change: ${printable(error.message)}\n`,
      );
    }
  }

  /** Nothing was made of the change, and there is nothing to go back to. */
  async forget(): Promise<void> {
    const { context, stateDir, record } = this;
    if (record === undefined) return;
    try {
      await openHistory(context, stateDir).remove(record);
    } catch (error) {
      // A record too many does no harm.
      if (!(error instanceof HostError || error instanceof LockedError)) throw error;
    }
  }
}

/** What changes of single servers take to keep the table before them. */
export interface Recording {
  readonly context: Context;
  readonly client: IpvsClient;
  readonly store: Store;
  readonly stateDir: string | undefined;
}

/** Milliseconds to wait for an apply to end: longer than one takes that drains nothing. */
const PATIENCE = 5000;

/**
 * Begins a change of single servers under the lock of apply: the table before it would be half made otherwise. Steps that come later need
 * no lock. An apply that takes longer keeps the change from being recorded, and not from being made.
 * @param make gets the table before the change; undefined if it cannot be kept
 */
export async function withTableBefore<T>(
  { context, client, store, stateDir }: Recording,
  make: (before: TableBefore | undefined) => Promise<T>,
): Promise<T> {
  const { release, applying } = await lockFromApply(store);
  try {
    if (applying !== undefined) {
      await context.err.write(`lvsadm: lvsadm rollback cannot undo this change: ${printable(applying)}\n`);
    }
    return await make(applying === undefined ? await TableBefore.read(context, stateDir, client) : undefined);
  } finally {
    release();
  }
}

/** An agent has the lock for as long as it runs: its documents are the record of what it changes. */
async function lockFromApply(store: Store): Promise<{ release(): void; applying?: string }> {
  const release = () => {};
  let applying = '';
  for (const wait of [0, PATIENCE]) {
    try {
      return { release: await store.lock('apply', 'applying a document here', { wait }) };
    } catch (error) {
      // Where no lock can be had, no apply has one.
      if (error instanceof HostError) return { release };
      if (!(error instanceof LockedError)) throw error;
      if (error.holder === store.holderOf('agent')) return { release };
      applying = error.message;
    }
  }
  return { release, applying };
}

const isForbidden = ({ cause }: Error): boolean => ['EACCES', 'EPERM'].includes(codeOf(cause ?? {}) ?? '');

/**
 * A table that was kept, as desired state: all that it lacks is to go. Holds of today come before it.
 * @throws HostError, DocumentError
 */
export async function desiredFrom(
  kept: { readonly number: number; readonly table: string; readonly settings?: Settings | undefined },
  context: Context,
  stateDir: string | undefined,
): Promise<Desired> {
  const texts = [{ file: `the table before change ${kept.number}`, text: kept.table }];
  const state = await parseDocuments(texts);
  return {
    prune: true,
    only: [],
    state: { ...state, settings: kept.settings },
    holds: new HoldStore(context, stateDir).read(),
    texts,
  };
}

export function countsOf(plan: Plan): ChangeCounts {
  const { add, change, remove } = countActions(plan);
  return { added: add, changed: change, removed: remove };
}

/** The settings that a plan sets, as they are before it. */
export function settingsBefore({ settings }: Plan): Settings | undefined {
  const { before, differences = [] } = settings ?? {};
  const set = differences.flatMap(({ field }) => {
    const value = before?.[field];
    return value === undefined ? [] : [[field, value]];
  });
  return set.length === 0 ? undefined : Object.fromEntries(set);
}
