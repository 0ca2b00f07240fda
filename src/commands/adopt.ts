/** `lvsadm adopt`: a boot set-up of ipvsadm becomes a document that lvsadm.service applies. */
import type { Context } from '../context.js';
import { HostError, LvsadmError, UsageError } from '../errors.js';
import { printable } from '../foreign-text.js';
import { type Json, toJson } from '../output/json.js';
import { planJson, renderPlan } from '../output/plan.js';
import { themeFor } from '../output/theme.js';
import { canStart, IPVSADM } from '../setup/boot/find.js';
import { type Observer, runSteps, undoAll } from '../setup/run-steps.js';
import { describeStep, stepCommand } from '../setup/steps/index.js';
import { codeOf } from '../system/files/files.js';
import { type BootMachine, bootMachine, finish, stepsToRepeat } from './adopt/machine.js';
import { type Adoption, DOCUMENT, prepare } from './adopt/prepare.js';
import { defineCommand, type Options, type Values } from './command.js';
import { jsonOption } from './shared/server.js';
import { alone, type StepReport } from './shared/setup.js';
import { stateDirOption } from './shared/store.js';

const options = {
  'dry-run': {
    type: 'flag',
    describe: 'show the steps and the difference to the running table, and change nothing',
  },
  undo: { type: 'flag', describe: 'undo the adoption: every file and link as it was' },
  force: {
    type: 'flag',
    describe:
      '--undo: also where ipvsadm is not installed any more, so that its mask goes when lvsadm is removed',
  },
  root: {
    type: 'directory',
    describe: 'directory with the files of another machine, such as an image',
    defaultText: '/',
  },
  ...stateDirOption,
  ...jsonOption,
} as const satisfies Options;

type AdoptValues = Values<typeof options>;

export const command = defineCommand({
  options,
  notes:
    'Reads the saved rules, timeouts and sync daemons of the boot set-ups of Debian, Fedora and RHEL, SUSE, Alpine and Arch Linux, writes ' +
    `${DOCUMENT}, enables lvsadm.service, and then masks ipvsadm.service. The table stays as it is, and no service is started or stopped. ` +
    'An adoption that was interrupted is completed by another adopt, and undone by --undo.',
  exitStatuses: {
    0: 'adopted, now or earlier; with --undo, as it was before',
    1: 'nothing to adopt: no boot set-up of ipvsadm is in force',
    2: 'mistakes in the files; nothing is changed',
  },
  onlyReads: true,
  examples: [
    ['lvsadm adopt --dry-run', 'show what would be done'],
    ['lvsadm adopt', 'boot with lvsadm.service from now on'],
    ['lvsadm adopt --undo', 'boot with ipvsadm again'],
  ],
  async run(context, values) {
    if (values.force && !values.undo) throw new UsageError('only with --undo', '--force');
    try {
      return await withBootMachine(context, values);
    } catch (error) {
      // Of the files of an image nothing is certain: directories may be files, and files directories.
      if (error instanceof LvsadmError || codeOf(error) === undefined) throw error;
      throw new HostError(`adopt ${values.root ?? 'this machine'}`, (error as Error).message, {
        cause: error,
      });
    }
  },
});

/** @returns the exit status */
async function withBootMachine(context: Context, values: AdoptValues): Promise<number> {
  const boot = bootMachine(context, values);
  try {
    return await (values.undo ? undo(context, values, boot) : adopt(context, values, boot));
  } finally {
    await boot.machine.close();
  }
}

/** @returns the exit status */
async function adopt(context: Context, values: AdoptValues, boot: BootMachine): Promise<number> {
  if (values.dryRun) return dryRun(context, values, boot);
  let adoption: Adoption | undefined;
  const steps = await alone({ context, values, journal: boot.journal }, async (observe) => {
    const repeated = stepsToRepeat(boot);
    if (repeated === undefined) adoption = await prepareAnew(context, boot, observe);
    if (adoption !== undefined) await tell(context, values, adoption);
    await runSteps(repeated ?? adoption?.steps ?? [], boot.machine, boot.journal, observe);
    await finish(boot);
  });
  return report(context, values, { adopted: true, steps, adoption, text: steps.length === 0 ? ADOPTED : '' });
}

const ADOPTED = 'adopted already\n';

/** Undoes an adoption that was interrupted, or that ipvsadm is enabled beside, once it is certain that it can be made again. */
async function prepareAnew(context: Context, boot: BootMachine, observe: Observer): Promise<Adoption> {
  const adoption = await prepare(context, boot);
  if (boot.journal.entries.length === 0) return adoption;
  await undoAll(boot.machine, boot.journal, { observe, force: true });
  return prepare(context, boot);
}

/** @returns the exit status */
async function dryRun(context: Context, values: AdoptValues, boot: BootMachine): Promise<number> {
  const repeated = stepsToRepeat(boot);
  if (repeated?.length === 0) return report(context, values, { adopted: true, steps: [], text: ADOPTED });
  const adoption = repeated === undefined ? await prepare(context, boot) : undefined;
  const planned = repeated ?? adoption?.steps ?? [];
  const steps = planned.map((step) => ({
    step,
    result: 'planned' as const,
    command: stepCommand({ ...step, path: boot.root + step.path }),
  }));
  if (adoption !== undefined) await tell(context, values, adoption);
  const lines = steps.map(({ step, command }) => `${printable(`${describeStep(step)}: ${command}`)}\n`);
  const text = lines.join('') + (adoption === undefined ? '' : `\n${adoption.document.text}`);
  return report(context, values, { adopted: false, steps, adoption, text });
}

async function undo(context: Context, values: AdoptValues, boot: BootMachine): Promise<number> {
  const { journal, machine } = boot;
  const entries = [...journal.entries].reverse();
  if (entries.length === 0)
    return report(context, values, { adopted: false, steps: [], text: 'nothing is adopted\n' });
  if (values.dryRun) {
    const steps = entries.map(({ step }) => ({ step, result: 'planned' as const }));
    const text = steps.map(({ step }) => `undo: ${printable(describeStep(step))}\n`).join('');
    return report(context, values, { adopted: true, steps, text });
  }
  const steps = await alone({ context, values, journal }, async (observe) => {
    if (!values.force) requireIpvsadm(boot);
    await undoAll(machine, journal, { observe, force: true });
    await finish(boot);
  });
  return report(context, values, { adopted: false, steps });
}

/** Judged under the lock: ipvsadm may be removed while another command has it. @throws HostError */
function requireIpvsadm({ init, files }: BootMachine): void {
  if (canStart(IPVSADM, init, files)) return;
  const reason = `${init.unit(IPVSADM)} is not installed any more, and nothing would fill the table at boot`;
  throw new HostError('undo the adoption', `${reason}; install ipvsadm first`);
}

/** What is adopted, before it is done. */
async function tell({ out, env }: Context, { json }: AdoptValues, adoption: Adoption): Promise<void> {
  if (json) return;
  const { enabled, saved, plan } = adoption;
  const { services, servers, daemons } = countsOf(adoption);
  await out.write(
    `${printable(`${enabled.setup.name}: ${enabled.definition}, ${saved.files.join(', ')}`)}\n` +
      `services: ${services}, servers: ${servers}, sync daemons: ${daemons}\n`,
  );
  if (plan === undefined) return;
  await out.write(`the running table, and what is adopted:\n${renderPlan(plan, await themeFor(out, env))}`);
}

const countsOf = ({ saved: { state } }: Adoption) => ({
  services: state.services?.length ?? 0,
  servers: (state.services ?? []).reduce((sum, { destinations = [] }) => sum + destinations.length, 0),
  daemons: state.daemons?.length ?? 0,
});

interface Result {
  /** Whether this machine boots with lvsadm.service now. */
  readonly adopted: boolean;
  readonly steps: readonly StepReport[];
  readonly adoption?: Adoption | undefined;
  /** Told in place of the steps, which are told as they are carried out. */
  readonly text?: string;
}

/** @returns the exit status */
async function report(context: Context, values: AdoptValues, result: Result): Promise<number> {
  const { adopted, steps, adoption, text = '' } = result;
  const way = adopted && !values.undo ? `lvsadm adopt --undo${wordsOf(values)}` : undefined;
  await context.out.write(
    values.json
      ? toJson({ adopted, ...(adoption && adoptionJson(adoption)), steps: steps.map(stepJson), undo: way })
      : text + (way === undefined ? '' : `to go back: ${printable(way)}\n`),
  );
  for (const note of adoption?.notes ?? []) await context.err.write(`lvsadm: ${printable(note)}\n`);
  return 0;
}

const wordsOf = ({ root, stateDir }: AdoptValues): string =>
  (root === undefined ? '' : ` --root ${root}`) + (stateDir === undefined ? '' : ` --state-dir ${stateDir}`);

const adoptionJson = ({ enabled, saved, document, plan, notes }: Adoption) => ({
  bootSetup: { name: enabled.setup.name, service: enabled.definition, files: saved.files },
  document: { path: DOCUMENT, content: document.value as Json },
  plan: plan && planJson(plan),
  notes,
});

const stepJson = ({ step, result, command }: StepReport): Json => ({
  description: describeStep(step),
  result,
  command,
});
