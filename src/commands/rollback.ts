/** `lvsadm rollback`: the table as it was before a change. */
import type { Context } from '../context.js';
import { LockedError, UsageError } from '../errors.js';
import { printable } from '../foreign-text.js';
import { pendingKind } from '../history/pending-change.js';
import { type Hold, holdRecord, holdText, noHolds } from '../model/hold.js';
import type { State } from '../model/state.js';
import { type Json, toJson } from '../output/json.js';
import { reconciliationJson, refusals, renderReconciliation } from '../output/outcome.js';
import { planJson, renderPlan } from '../output/plan.js';
import { themeFor } from '../output/theme.js';
import { holdsOver } from '../plan/holds.js';
import { lossesOf } from '../plan/losses.js';
import type { Plan } from '../plan/plan.js';
import { empties } from '../plan/policy.js';
import type { Store } from '../system/files/store.js';
import { defineCommand, type Options, type Positionals, type Values } from './command.js';
import { desiredFrom, openHistory } from './shared/change/change-history.js';
import { endPending, pendingChange, waitingJson, waitingText } from './shared/change/confirmation.js';
import { type Desired, planFor, readCurrent } from './shared/change/desired-state.js';
import { Interruption } from './shared/change/interruption.js';
import { checkRemovals, removalDrainOption, removalOptions } from './shared/change/removal-limits.js';
import { reasonOf, TableChange } from './shared/change/table-change.js';
import {
  checkWayBack,
  statusOf,
  WayBack,
  waitOption,
  wayBackOptions,
  wayBackTerms,
} from './shared/change/way-back.js';
import { jsonOption } from './shared/server.js';
import { openStore, runDirOption, stateDirOption } from './shared/store.js';

const positionals = {
  number: {
    type: 'changeNumber',
    optional: true,
    describe:
      'number of a change in lvsadm history (default: the newest, or the one that waits for lvsadm confirm)',
  },
} as const satisfies Positionals;

const options = {
  'dry-run': { type: 'flag', describe: 'show the changes without making them' },
  'allow-empty': { type: 'flag', describe: 'also if the table before the change had no service' },
  'max-remove': {
    ...removalOptions['max-remove'],
    describe: 'refuse to remove more than this many, or this share, of the services or of the servers',
    defaultText: 'any number',
  },
  ...removalDrainOption,
  ...wayBackOptions,
  ...waitOption,
  ...stateDirOption,
  ...runDirOption,
  ...jsonOption,
} as const satisfies Options;

export const command = defineCommand({
  positionals,
  options,
  notes:
    'Makes the table as it was before a change: services, servers, timeouts and sync daemons. What came since then goes, whoever made it; ' +
    'servers that are held keep the weight of their hold. Of the settings of IPVS those come back that apply has set since. Only the ' +
    'differences are changed, in the order of apply. A rollback is a change itself, which the next rollback takes back. While an agent ' +
    '(lvsadm run) keeps the table, it is refused.',
  exitStatuses: {
    0: 'the table is as it was before the change, but for servers that are held',
    1: 'the kernel refused a change; with --atomic all that was done has been taken back',
    2: 'there is no such change, or the command line is wrong; nothing was changed',
    3: 'with --atomic: the kernel refused a change, and some of what was done could not be taken back',
    75: 'another apply did not finish in time, or an agent keeps the table',
    130: 'interrupted by SIGINT (143: by SIGTERM)',
  },
  examples: [
    ['lvsadm rollback', 'undo the last change'],
    ['lvsadm rollback 17 --dry-run', 'what the table before change 17 would change now'],
  ],
  async run(context, values) {
    checkWayBack(values);
    const store = openStore(context, values.runDir);
    // Before the lock: a number that does not exist is not worth a wait.
    const first = await target(context, values, store);
    if (values.dryRun) return show(context, values, first);
    const doing = 'applying a document here';
    const release = await store.lock('apply', doing, {
      wait: values.wait * 1000,
      waiting: (holder) => void context.err.write(`waiting for ${holder}, which is ${doing}\n`),
    });
    try {
      return await rollBack(context, values, store, first);
    } finally {
      release();
    }
  },
});

type Given = Values<typeof options, typeof positionals>;

interface Target {
  readonly number: number;
  /** The command line of the change. */
  readonly cause: string;
  readonly desired: Desired;
}

/** @throws UsageError if there is no such change, HostError, DocumentError */
async function target(context: Context, { number, stateDir }: Given, store: Store): Promise<Target> {
  const pending = number === undefined ? pendingChange(store) : undefined;
  if (pending !== undefined) {
    return { ...pending, desired: await desiredFrom(pending, context, stateDir) };
  }
  const history = openHistory(context, stateDir);
  const records = history.records();
  const record = number === undefined ? records.at(-1) : records.find((each) => each.number === number);
  if (number === undefined && record?.takesBack !== undefined) {
    // Who was locked out by a change, and wants it gone, must not get it back.
    throw new UsageError(
      `change ${record.takesBack} has been taken back already; lvsadm rollback ${record.number} makes it again`,
    );
  }
  const table = record && history.table(record);
  if (record === undefined || table === undefined) throw noSuchChange(number, records);
  const settings = history.settings(record);
  return {
    number: record.number,
    cause: record.cause,
    desired: await desiredFrom({ number: record.number, table, settings }, context, stateDir),
  };
}

function noSuchChange(
  number: number | undefined,
  records: readonly { readonly number: number }[],
): UsageError {
  const [oldest, newest] = [records[0], records.at(-1)];
  if (oldest === undefined || newest === undefined) return new UsageError('no change has been recorded here');
  const known = oldest === newest ? `it has ${newest.number}` : `it has ${oldest.number} to ${newest.number}`;
  return new UsageError(`lvsadm history has no such change; ${known}`, String(number ?? newest.number));
}

/** @throws UsageError for a plan that would remove the last service without --allow-empty, or more than --max-remove allows */
function planned(current: State, { number, desired }: Target, { allowEmpty, maxRemove }: Given): Plan {
  const plan = planFor(current, desired);
  if (empties(plan) && !allowEmpty) {
    throw new UsageError(
      `the table before change ${number} had no service; --allow-empty lets it be empty again`,
    );
  }
  checkRemovals(plan, true, maxRemove);
  return plan;
}

async function show(context: Context, values: Given, to: Target): Promise<number> {
  const client = await context.client();
  const plan = planned(await readCurrent(client, to.desired, context), to, values);
  const { holds = noHolds } = to.desired;
  const notes = { losses: await lossesOf(plan, client), holds, now: context.date().getTime() };
  const theme = await themeFor(context.out, context.env);
  await context.out.write(values.json ? toJson(planJson(plan, notes)) : renderPlan(plan, theme, notes));
  return 0;
}

/** Under the lock. */
async function rollBack(context: Context, values: Given, store: Store, first: Target): Promise<number> {
  const client = await context.client();
  const interruption = new Interruption(context);
  const pending = pendingChange(store);
  const to = await target(context, values, store);
  // Another rollback, or what takes a change back: this one would undo that.
  if (to.number !== first.number) {
    throw new LockedError(
      `change ${to.number} (${printable(to.cause)})`,
      `newer than change ${first.number}, which was to be undone: nothing was changed`,
      store.pathOf(pendingKind),
    );
  }
  if (pending !== undefined && values.confirm !== undefined) {
    throw new UsageError(`change ${pending.number} waits for lvsadm confirm already`, '--confirm');
  }
  const change = new TableChange(context, client, store, interruption);
  const wayBack = new WayBack(context, store, wayBackTerms(values));
  const plan = (current: State) => planned(current, to, values);
  const reconciliation = await wayBack.make(
    change,
    { desired: to.desired, drain: values.drain, plan },
    client,
  );
  // The table before a later change has the change that waits in it.
  const isOver = pending !== undefined && reconciliation.converged && to.number <= pending.number;
  if (isOver) await endPending(pending, store);
  const waiting = isOver ? undefined : pending;
  const held = holdsOver(to.desired.state, to.desired.holds);
  const theme = await themeFor(context.out, context.env);
  await context.err.write(refusals(reconciliation, reasonOf) + change.interruptionText(reconciliation));
  await context.out.write(
    values.json
      ? toJson({
          before: to.number,
          ...reconciliationJson(reconciliation, reasonOf),
          held: held.length === 0 ? undefined : held.map(heldServerJson),
          confirm: waiting ? waitingJson(waiting) : wayBack.json,
        })
      : renderReconciliation(reconciliation, theme, reasonOf) +
          endText(reconciliation.converged, to, held, context.date().getTime()) +
          (waiting ? waitingText(waiting) : wayBack.text),
  );
  return reconciliation.interrupted ? interruption.status : statusOf(reconciliation);
}

function endText(isDone: boolean, { number }: Target, held: readonly Hold[], now: number): string {
  if (!isDone) return '';
  const end = `the table is as it was before change ${number}`;
  const lines = held.map(
    (hold) =>
      `  ${hold.server} of ${hold.service}: ${holdText(hold, now)}; ${releasing(hold)} ends the hold\n`,
  );
  return lines.length === 0 ? `${end}\n` : `${end}, but for servers that are held:\n${lines.join('')}`;
}

const releasing = ({ ofFleet }: Hold): string => (ofFleet ? 'lvsadm fleet undrain' : 'lvsadm undrain');

const heldServerJson = (hold: Hold): Json => {
  const { service, server } = hold;
  return { service, server, ...holdRecord(hold) };
};
