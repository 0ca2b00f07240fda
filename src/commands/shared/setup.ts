/** What `real-server` and `director` have in common: a plan that is carried out, undone, shown or printed. */
import type { ArgumentsCamelCase, Argv, Options } from 'yargs';
import type { Context } from '../../context.js';
import { UsageError } from '../../errors.js';
import { canonicalAddress } from '../../model/address.js';
import { Journal, journalFile } from '../../setup/journal.js';
import { configFiles } from '../../setup/persist.js';
import { runSteps, type StepResult, undoAll } from '../../setup/run-steps.js';
import { check, describeStep, stepCommand } from '../../setup/steps/index.js';
import { ALREADY_SET, type SetupPlan, type SetupStep } from '../../setup/steps/step.js';
import { Machine } from '../../system/machine.js';
import { StateFile } from '../../system/state-dir.js';
import type { Command } from '../command.js';

export type Values = ArgumentsCamelCase;

export interface SetUp {
  readonly role: 'real-server' | 'director';
  readonly options: Readonly<Record<string, Options>>;
  readonly examples: readonly (readonly [command: string, description: string])[];
  /** @throws UsageError */
  plan(values: Values): SetupPlan;
  /** What `status` tells besides. */
  status?(machine: Machine): Promise<StatusPart>;
}

export interface StatusPart {
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: string;
}

const common = {
  'dry-run': { type: 'boolean', default: false, describe: 'up: show what would be done, and do nothing' },
  print: {
    type: 'boolean',
    default: false,
    describe: 'up: print the same as files of systemd-networkd, sysctl.d and modules-load.d, and do nothing',
  },
  json: { type: 'boolean', default: false, describe: 'status: as JSON' },
  state: {
    type: 'string',
    requiresArg: true,
    describe: 'file that remembers how it was before [default: under /run/lvsadm]',
  },
} as const satisfies Record<string, Options>;

type Action = (setUp: SetUp, run: Run) => Promise<number>;

interface Run {
  readonly context: Context;
  readonly values: Values;
  readonly machine: Machine;
  readonly journal: Journal;
}

const actions: Readonly<Record<string, Action>> = { up, down, status };

/** Makes the subcommand of a role. */
export function setUpCommand(setUp: SetUp): Command {
  return {
    positionals: '<action> [more..]',
    options: { ...setUp.options, ...common },
    build: (yargs: Argv) => {
      const described = yargs
        .positional('action', {
          choices: Object.keys(actions),
          describe: 'up sets up, down undoes what up did, status tells what holds',
        })
        .positional('more', {
          type: 'string',
          array: true,
          describe: 'further VIPs, after the one of --vip',
        });
      return setUp.examples.reduce((all, [command, text]) => all.example(command, text), described);
    },
    async run(context, values) {
      const action = actions[String(values['action'])];
      if (action === undefined) throw new UsageError('neither up, down nor status', String(values['action']));
      const state = values['state'] as string | undefined;
      const file =
        state === undefined ? journalFile(setUp.role, context) : new StateFile(state, context.files);
      const machine = new Machine(context.openSocket);
      try {
        return await action(setUp, { context, values, machine, journal: await Journal.open(file) });
      } finally {
        await machine.close();
      }
    },
  };
}

/** The addresses that --vip names, canonical, each once. */
export function vipsOf(values: Values): string[] {
  const lists = [values['vip'], values['more']] as (readonly unknown[] | undefined)[];
  const words = lists.flatMap((list) => list ?? []).flatMap((word) => String(word).split(','));
  return [...new Set(words.map((word) => canonicalAddress(word.replace(/\/(32|128)$/, ''), '--vip')))];
}

async function up(setUp: SetUp, { context, values, machine, journal }: Run): Promise<number> {
  const plan = setUp.plan(values);
  const { out, err } = context;
  if (values['print']) {
    for (const { path, text } of configFiles(plan.steps, setUp.role)) await out.write(`# ${path}\n${text}\n`);
    return 0;
  }
  if (values['dry-run']) {
    for (const step of plan.steps) {
      const mark = (await holdsNow(step, machine)) ? 'holds already' : stepCommand(step);
      await out.write(`${describeStep(step)}: ${mark}\n`);
    }
  } else {
    await runSteps(plan.steps, machine, journal, async (step, outcome, note) => {
      await out.write(`${describeStep(step)}: ${words[outcome]}\n`);
      if (note !== undefined) await err.write(`lvsadm: ${note}\n`);
    });
  }
  for (const note of plan.notes) await err.write(`lvsadm: ${note}\n`);
  return 0;
}

const words: Readonly<Record<StepResult, string>> = {
  'already-set': 'holds already',
  done: 'done',
  undone: 'undone',
};

async function down(_setUp: SetUp, { context, values, machine, journal }: Run): Promise<number> {
  const { out, err } = context;
  if (values['dry-run']) {
    for (const { step } of [...journal.entries].reverse()) await out.write(`undo: ${describeStep(step)}\n`);
    return 0;
  }
  await undoAll(machine, journal, async (step, outcome, note) => {
    await out.write(`${describeStep(step)}: ${words[outcome]}\n`);
    if (note !== undefined) await err.write(`lvsadm: ${note}\n`);
  });
  return 0;
}

/** @returns 0 where there is a set-up and all of it holds, 1 otherwise */
async function status(setUp: SetUp, { context, values, machine, journal }: Run): Promise<number> {
  // Asked about a set-up, it is that which has to hold, whoever made it; otherwise what lvsadm made.
  const asked = Object.keys(setUp.options).some((option) => values[option] !== undefined);
  const steps = asked ? setUp.plan(values).steps : journal.entries.map(({ step }) => step);
  const states = await Promise.all(
    steps.map(async (step) => ({ step, holds: await holdsNow(step, machine) })),
  );
  const complete = states.length > 0 && states.every(({ holds }) => holds);
  const more = await setUp.status?.(machine);
  await context.out.write(
    values['json']
      ? `${JSON.stringify(
          {
            role: setUp.role,
            complete,
            state: journal.path,
            steps: states.map(({ step, holds }) => ({ description: describeStep(step), holds, ...step })),
            ...more?.json,
          },
          undefined,
          2,
        )}\n`
      : statusText(setUp.role, states, more?.text),
  );
  return complete ? 0 : 1;
}

function statusText(
  role: string,
  states: readonly { readonly step: SetupStep; readonly holds: boolean }[],
  more = '',
): string {
  const lines = states.map(({ step, holds }) => `${holds ? 'holds  ' : 'MISSING'}  ${describeStep(step)}\n`);
  return (lines.length === 0 ? `lvsadm has set nothing up here for a ${role}\n` : lines.join('')) + more;
}

/** What cannot even be looked at, a setting of a device that is yet to be made, does not hold. */
const holdsNow = (step: SetupStep, machine: Machine): Promise<boolean> =>
  check(step, machine).then(
    (was) => was === ALREADY_SET,
    () => false,
  );
