/** Takes a change back that was not confirmed in time: the program's own command, which runs after that time. */
import type { Context } from '../context.js';
import { LockedError, LvsadmError } from '../errors.js';
import type { ChangeRecord } from '../history/change-record.js';
import { type PendingChange, pendingKind } from '../history/pending-change.js';
import { refusedTexts } from '../output/outcome.js';
import { madeSomething } from '../plan/apply.js';
import type { Store } from '../system/files/store.js';
import { WAITING } from '../system/programs/later.js';
import { defineCommand, type Options, type Positionals, type Values } from './command.js';
import { countsOf, desiredFrom, settingsBefore, TableBefore } from './shared/change/change-history.js';
import { endPending, pendingChange } from './shared/change/confirmation.js';
import { planFor } from './shared/change/desired-state.js';
import { reasonOf, TableChange } from './shared/change/table-change.js';
import { withOwnClient } from './shared/own-client.js';
import { failureText } from './shared/reading-client.js';
import { openStore, runDirOption, stateDirOption } from './shared/store.js';

const DONE = 0;
const NOT_DONE = 1;

const positionals = {
  token: { type: 'word', describe: 'the change' },
} as const satisfies Positionals;

const options = {
  after: { type: 'seconds', default: 0, describe: 'time to wait' },
  ...stateDirOption,
  ...runDirOption,
} as const satisfies Options;

export const command = defineCommand({
  positionals,
  options,
  async run(context, values) {
    const store = openStore(context, values.runDir);
    if (values.after > 0) {
      await context.out.write(`${WAITING}\n`);
      await waitUnlessConfirmed(values, store, context);
    }
    const record: Kept = {};
    for (let pause = SHORTEST_PAUSE; pause <= LONGEST_PAUSE; pause *= 2) {
      if (isOver(values, store)) return DONE;
      const failure = await failureOf(() => takeBack(values, record, store, context));
      if (failure === '') return DONE;
      await context.err.write(`lvsadm: ${failure}\n`);
      // Another attempt is worth more than the record of this one.
      await failureOf(() => noteProblem(failure, values, store));
      await context.sleep(pause);
    }
    return NOT_DONE;
  },
});

/** Milliseconds between two attempts: each failure doubles them, up to two minutes. */
const SHORTEST_PAUSE = 1000;
const LONGEST_PAUSE = 128_000;

/** Milliseconds between two looks whether the change was confirmed. */
const LOOK = 1000;

type Given = Values<typeof options, typeof positionals>;

const isOver = ({ token }: Given, store: Store): boolean => pendingChange(store)?.token !== token;

async function waitUnlessConfirmed(values: Given, store: Store, { now, sleep }: Context): Promise<void> {
  const end = now() + values.after * 1000;
  // The change is written down only when this process waits for it.
  let wasSeen = false;
  let stamp = '';
  for (let rest = end - now(); rest > 0; rest = end - now()) {
    await sleep(Math.min(LOOK, rest));
    const before = stamp;
    stamp = store.stamp(pendingKind);
    // It has the whole table, which takes long to read.
    if (stamp === before) continue;
    const over = isOver(values, store);
    if (over && wasSeen) return;
    wasSeen ||= !over;
  }
}

async function failureOf(work: () => Promise<string>): Promise<string> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof LvsadmError)) throw error;
    return failureText(error);
  }
}

async function noteProblem(problem: string, { token }: Given, store: Store): Promise<string> {
  await store.update(pendingKind, (pending) =>
    pending?.token === token ? { ...pending, problem } : pending,
  );
  return '';
}

/** @returns why the table before is not back; empty if it is */
async function takeBack(values: Given, record: Kept, store: Store, context: Context): Promise<string> {
  const release = await lockFromMaker(store, context);
  try {
    const pending = pendingChange(store);
    if (pending?.token !== values.token) return '';
    return await withOwnClient(context, {}, (own) => restore(pending, values, record, store, own));
  } finally {
    release();
  }
}

/** The record of a change that is taken back: one, however many attempts that takes. */
interface Kept {
  before?: TableBefore | undefined;
  /** Whether an attempt has changed something. */
  isMade?: boolean;
}

async function restore(
  pending: PendingChange,
  values: Given,
  record: Kept,
  store: Store,
  context: Context,
): Promise<string> {
  const { stateDir } = values;
  const client = await context.client();
  const desired = await desiredFrom(pending, context, stateDir);
  const reconciliation = await new TableChange(context, client, store, undefined).make({
    desired,
    isBestEffort: true,
    plan: (current) => planFor(current, desired),
    begin: async (plan) => {
      if (record.before !== undefined) return;
      record.before = await TableBefore.read({ ...context, ...causeOf(pending) }, stateDir, client);
      await record.before.keepIfPossible(countsOf(plan), settingsBefore(plan), pending.number);
    },
  });
  record.isMade ||= madeSomething(reconciliation);
  if (!record.isMade) {
    await record.before?.forget();
    record.before = undefined;
  }
  if (reconciliation.converged) {
    await endPending({ ...pending, unit: undefined }, store);
    return '';
  }
  const [refused, ...others] = refusedTexts(reconciliation, reasonOf);
  if (refused === undefined) return 'other programs keep changing the table';
  return others.length === 0 ? refused : `${refused}; and ${others.length} more`;
}

/** The command line that the history shows. */
const causeOf = ({ number }: Pick<ChangeRecord, 'number'>): Pick<Context, 'words'> => ({
  words: ['take-back', `(change ${number} was not confirmed)`],
});

/** Milliseconds for the process that makes the change to end after SIGTERM, and for any other that has the lock. */
const GRACE = 5000;
const PATIENCE = 60_000;

/** The lock of apply, also if the process still makes the change. @throws HostError, LockedError if another one has it */
async function lockFromMaker(store: Store, context: Context): Promise<() => void> {
  const take = (wait: number) => store.lock('apply', 'applying a document here', { wait });
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    try {
      return await take(signal === 'SIGTERM' ? 0 : GRACE);
    } catch (error) {
      const maker = pendingChange(store)?.process;
      if (!(error instanceof LockedError) || error.holder !== `process ${maker}`) break;
      await context.err.write(`lvsadm: ${error.message}: ending it\n`);
      signalProcess(Number(maker), signal);
    }
  }
  return take(PATIENCE);
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}
