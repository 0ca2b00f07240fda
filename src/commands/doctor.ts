/** `lvsadm doctor`: finds what keeps a virtual service on this machine from working, and fixes it. */

import type { Context } from '../context.js';
import type { Finding } from '../doctor/checks/check.js';
import { examine, rolesOf } from '../doctor/examine.js';
import { takeSnapshot } from '../doctor/facts/snapshot.js';
import { HostError, KernelError, UsageError } from '../errors.js';
import { printable } from '../foreign-text.js';
import { themeFor } from '../output/theme.js';
import { Journal } from '../setup/journal.js';
import { apply } from '../setup/steps/index.js';
import { Machine } from '../system/machine.js';
import { defineCommand, type Options, type Positionals, type Values } from './command.js';
import { type Diagnosis, findingsJson, findingsText } from './shared/findings.js';
import { openStore } from './shared/store.js';
import { moreVips, vipOption, vipsOf } from './shared/vips.js';

/** Findings end in 2 for errors and 1 for warnings, so a failure of doctor itself needs a status of its own. */
const TROUBLE = 3;

const positionals = { more: moreVips } as const satisfies Positionals;

const options = {
  role: {
    choices: ['director', 'real-server'],
    describe: 'role of this machine',
    defaultText: 'found by its services and VIPs',
  },
  method: {
    choices: ['dr', 'tun', 'nat'],
    describe: 'real server: forwarding method of the director',
    defaultText: 'found by the links of the VIPs',
  },
  vip: { ...vipOption, describe: 'virtual address to check', defaultText: 'all' },
  gateway: {
    type: 'address',
    describe: "real server with nat: the director's address, which replies have to go through",
    defaultText: 'not checked',
  },
  probe: {
    type: 'flag',
    describe: 'director: ask the network whether another machine has the VIPs too (IPv4; takes 1 s)',
  },
  json: { type: 'flag', describe: 'write the findings as JSON' },
  fix: { type: 'flag', describe: 'show the findings, carry out the safe fixes, and check again' },
} as const satisfies Options;

type DoctorValues = Values<typeof options, typeof positionals>;

export const command = defineCommand({
  positionals,
  options,
  examples: [
    ['lvsadm doctor', 'in whatever role this machine has'],
    ['lvsadm doctor --role real-server --method dr --vip 192.0.2.10', 'a server that should carry the VIP'],
    ['lvsadm doctor --fix', 'carry out the safe fixes'],
  ],
  exitStatuses: { 0: 'no findings but notes', 1: 'warnings', 2: 'errors', [TROUBLE]: 'doctor itself failed' },
  errorStatus: TROUBLE,
  async run(context, values) {
    const machine = new Machine(context.openSocket, context.files);
    try {
      const diagnosis = await diagnose(context, machine, values);
      if (values.fix) return await fixAll(context, machine, values, diagnosis);
      await report(context, values, diagnosis);
      return statusOf(diagnosis.findings);
    } finally {
      await machine.close();
    }
  },
});

async function diagnose(context: Context, machine: Machine, values: DoctorValues): Promise<Diagnosis> {
  const vips = vipsOf(values);
  const facts = await takeSnapshot({
    machine,
    openSocket: context.openSocket,
    client: () => context.client(),
    readFile: (path) => context.readFile(path),
    probe: values.probe,
  });
  const { role, method, gateway } = values;
  const roles = role === undefined ? rolesOf(facts, vips) : [role];
  if (roles.length === 0) {
    throw new UsageError(
      'this machine has neither virtual services nor a VIP that the network cannot see: say what it should be with --role',
    );
  }
  const assumed = role === undefined && vips.length === 0 && !isSetUp(context);
  return {
    roles,
    findings: examine(facts, { roles, vips, method, gateway, assumed }),
    unknown: facts.unknown,
  };
}

/** Whether `lvsadm real-server up` made this machine a real server. */
const isSetUp = (context: Context): boolean =>
  new Journal('real-server', openStore(context)).entries.some(({ step }) => step.do === 'address');

async function report(
  context: Context,
  values: DoctorValues,
  diagnosis: Diagnosis,
  fixed?: readonly string[],
): Promise<void> {
  const { out, env } = context;
  await out.write(
    values.json
      ? findingsJson(diagnosis, fixed)
      : findingsText(diagnosis, await themeFor(out, env), out.columns),
  );
}

/** @returns the exit status of the remaining findings */
async function fixAll(
  context: Context,
  machine: Machine,
  values: DoctorValues,
  before: Diagnosis,
): Promise<number> {
  if (!values.json) await report(context, values, before);
  const steps = new Map(
    before.findings
      .flatMap(({ fixes }) => fixes)
      .flatMap(({ command, step }) => (step ? [[command, step] as const] : [])),
  );
  for (const [text, step] of steps) {
    try {
      await apply(step, machine);
    } catch (error) {
      if (!(error instanceof HostError || error instanceof KernelError)) throw error;
      throw new HostError(`carry out '${text}'`, error instanceof HostError ? error.reason : error.message, {
        cause: error,
      });
    }
    if (!values.json) await context.out.write(`done: ${printable(text)}\n`);
  }
  const after = await diagnose(context, machine, values);
  if (values.json || steps.size > 0) {
    if (!values.json) await context.out.write('\n');
    await report(context, values, after, [...steps.keys()]);
  }
  return statusOf(after.findings);
}

function statusOf(findings: readonly Finding[]): number {
  if (findings.some(({ severity }) => severity === 'error')) return 2;
  return findings.some(({ severity }) => severity === 'warning') ? 1 : 0;
}
