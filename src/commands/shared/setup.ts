/** What `real-server` and `director` share: a plan of steps that is carried out, undone, shown or printed. */

import type { Context } from '../../context.js';
import { printable } from '../../foreign-text.js';
import { DeferredOutput } from '../../output/deferred-output.js';
import { type Json, toJson } from '../../output/json.js';
import { Journal, type Role } from '../../setup/journal.js';
import { configFiles } from '../../setup/persist.js';
import { type Observer, runSteps, type StepResult, undoAll } from '../../setup/run-steps.js';
import { check, describeStep, stepCommand } from '../../setup/steps/index.js';
import { ALREADY_SET, type SetupPlan, type SetupStep } from '../../setup/steps/step.js';
import { Machine } from '../../system/machine.js';
import { camelCase, type Options, type Positionals, type Values } from '../command.js';
import { jsonOption } from './server.js';
import { openStore, runDirOption } from './store.js';
import { moreVips } from './vips.js';

/** A role that a machine is set up for, and the set-up that its command line describes. */
export interface Setup {
  readonly role: Role;
  /** Whether the command line describes a set-up at all. */
  readonly described: boolean;
  /** @throws UsageError */
  plan(): SetupPlan;
  /** Added to the role's status. */
  status?(machine: Machine): Promise<StatusPart>;
}

export interface StatusPart {
  readonly json: Readonly<Record<string, Json>>;
  readonly text: string;
}

export const setupPositionals = {
  action: {
    choices: ['up', 'down', 'status'],
    describe: 'up: set up; down: undo the set-up; status: show whether the set-up is in place',
  },
  more: moreVips,
} as const satisfies Positionals;

export const setupOptions = {
  'dry-run': { type: 'flag', describe: 'up, down: show the steps without carrying them out' },
  force: { type: 'flag', describe: 'down: undo also what others may rely on, such as IP forwarding' },
  print: {
    type: 'flag',
    describe:
      'up: print the set-up as files of systemd-networkd, sysctl.d and modules-load.d, and change nothing',
  },
  ...jsonOption,
  state: {
    type: 'path',
    describe: 'file that records the previous settings, for down',
    defaultText: 'in the directory of --run-dir',
  },
  ...runDirOption,
} as const satisfies Options;

export const setupExitStatuses = {
  0: 'done; with status, the set-up is complete',
  1: 'with status, part of the set-up is missing, or there is none',
};

type SetupValues = Values<typeof setupOptions, typeof setupPositionals>;

interface Run {
  readonly context: Context;
  readonly values: SetupValues;
  readonly machine: Machine;
  readonly journal: Journal;
}

const actions = { up, down, status } as const;

/** Carries out the action that the command line names. @returns the exit status */
export async function runSetup(context: Context, values: SetupValues, setup: Setup): Promise<number> {
  const machine = new Machine(context.openSocket, context.files);
  const journal = new Journal(setup.role, openStore(context, values.runDir, values.state));
  try {
    return await actions[values.action](setup, { context, values, machine, journal });
  } finally {
    await machine.close();
  }
}

/** A step, and its result or what it would be. */
export interface StepReport {
  readonly step: SetupStep;
  readonly result: StepResult | 'planned';
  /** Shell command that does what is planned. */
  readonly command?: string;
}

/**
 * Runs alone: of two set-ups at once, one would take the other's changes for the state before. Text is written while the work goes on.
 */
export async function alone(
  {
    context,
    values,
    journal,
  }: Pick<Run, 'context' | 'journal'> & { readonly values: { readonly json: boolean } },
  work: (observe: Observer) => Promise<void>,
): Promise<StepReport[]> {
  const out = new DeferredOutput(context.out);
  const reports: StepReport[] = [];
  const unlock = await journal.lock((text) => void context.err.write(`${text}\n`));
  try {
    await work(async (step, result, note) => {
      reports.push({ step, result });
      if (!values.json) await out.write(`${printable(describeStep(step))}: ${words[result]}\n`);
      if (note !== undefined) await context.err.write(`lvsadm: ${printable(note)}\n`);
    });
  } finally {
    unlock();
  }
  out.end();
  return reports;
}

/** Whether one of these options was given. */
export const anyGiven = (options: Options, values: Readonly<Record<string, unknown>>): boolean =>
  Object.keys(options)
    .map((name) => values[camelCase(name)])
    .some((value) => value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0));

async function up(setup: Setup, run: Run): Promise<number> {
  const { context, values, machine, journal } = run;
  const { steps, notes } = setup.plan();
  const { out, err } = context;
  if (values.print) {
    const files = configFiles(steps, setup.role);
    await out.write(
      values.json
        ? toJson({ role: setup.role, files: files.map(({ path, text }) => ({ path, text })) })
        : files.map(({ path, text }) => `# ${path}\n${text}\n`).join(''),
    );
    return 0;
  }
  const reports = values.dryRun
    ? await planned(steps, machine)
    : await alone(run, (observe) => runSteps(steps, machine, journal, observe));
  if (values.json) await out.write(toJson({ ...reportsJson(setup, reports), notes }));
  else if (values.dryRun) {
    const lines = reports.map(({ step, command = words['already-set'] }) =>
      printable(`${describeStep(step)}: ${command}`),
    );
    await out.write(lines.map((line) => `${line}\n`).join(''));
  }
  for (const note of notes) await err.write(`lvsadm: ${printable(note)}\n`);
  return 0;
}

const planned = (steps: readonly SetupStep[], machine: Machine): Promise<StepReport[]> =>
  Promise.all(
    steps.map(
      async (step): Promise<StepReport> =>
        (await holdsNow(step, machine))
          ? { step, result: 'already-set' }
          : { step, result: 'planned', command: stepCommand(step) },
    ),
  );

const words: Readonly<Record<StepResult, string>> = {
  'already-set': 'holds already',
  done: 'done',
  undone: 'undone',
  kept: 'stays',
};

async function down(setup: Setup, run: Run): Promise<number> {
  const { context, values, machine, journal } = run;
  const { out } = context;
  const steps = [...journal.entries].reverse().map(({ step }) => step);
  if (values.dryRun && !values.json) {
    await out.write(steps.map((step) => `undo: ${printable(describeStep(step))}\n`).join(''));
    return 0;
  }
  const reports = values.dryRun
    ? steps.map((step): StepReport => ({ step, result: 'planned' }))
    : steps.length === 0
      ? []
      : await alone(run, (observe) => undoAll(machine, journal, { observe, force: values.force }));
  if (values.json) await out.write(toJson(reportsJson(setup, reports)));
  return 0;
}

const reportsJson = ({ role }: Setup, reports: readonly StepReport[]) => ({
  role,
  steps: reports.map(({ step, result, command }) => ({
    description: describeStep(step),
    result,
    command,
    ...step,
  })),
});

/** @returns 0 if there is a set-up and every step holds, 1 otherwise */
async function status(setup: Setup, { context, values, machine, journal }: Run): Promise<number> {
  // The set-up on the command line, also one that lvsadm did not make; without one, the set-up that lvsadm made.
  const steps = setup.described
    ? setup.plan().steps
    : journal.entries.filter(({ kept }) => !kept).map(({ step }) => step);
  const states = await Promise.all(
    steps.map(async (step) => ({ step, holds: await holdsNow(step, machine) })),
  );
  const complete = states.length > 0 && states.every(({ holds }) => holds);
  const more = await setup.status?.(machine);
  await context.out.write(
    values.json
      ? toJson({
          role: setup.role,
          complete,
          state: journal.path,
          steps: states.map(({ step, holds }) => ({ description: describeStep(step), holds, ...step })),
          ...more?.json,
        })
      : statusText(setup.role, states, more?.text),
  );
  return complete ? 0 : 1;
}

function statusText(
  role: string,
  states: readonly { readonly step: SetupStep; readonly holds: boolean }[],
  more = '',
): string {
  const lines = states.map(
    ({ step, holds }) => `${holds ? 'holds  ' : 'MISSING'}  ${printable(describeStep(step))}\n`,
  );
  return (lines.length === 0 ? `lvsadm has set nothing up here for a ${role}\n` : lines.join('')) + more;
}

/** A step that cannot be checked does not hold, such as a setting of a device that does not exist yet. */
const holdsNow = (step: SetupStep, machine: Machine): Promise<boolean> =>
  check(step, machine).then(
    (was) => was === ALREADY_SET,
    () => false,
  );
