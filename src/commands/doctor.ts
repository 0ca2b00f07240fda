/** `lvsadm doctor`: what keeps a virtual service on this machine from working, and how to mend it. */
import type { Context } from '../context.js';
import type { Finding } from '../doctor/checks/check.js';
import { examine, rolesOf } from '../doctor/examine.js';
import type { Role, Scope } from '../doctor/facts/facts.js';
import { takeSnapshot } from '../doctor/facts/snapshot.js';
import { HostError, KernelError, UsageError } from '../errors.js';
import { canonicalAddress } from '../model/address.js';
import { themeFor } from '../output/theme.js';
import { apply } from '../setup/steps/index.js';
import { Machine } from '../system/machine.js';
import type { Command } from './command.js';
import { type Diagnosis, findingsJson, findingsText } from './shared/findings.js';
import { type Values, vipsOf } from './shared/setup.js';

/** Errors 2, warnings 1, nothing or notes only 0; so doctor's own trouble needs a number of its own. */
const TROUBLE = 3;

export const command: Command = {
  positionals: '[more..]',
  errorStatus: TROUBLE,
  options: {
    role: {
      choices: ['director', 'real-server'],
      describe: 'what this machine is [default: what it looks like]',
    },
    method: { choices: ['dr', 'tun', 'nat'], describe: 'how this real server is reached' },
    vip: {
      type: 'array',
      string: true,
      describe: 'virtual address to look at; several may follow [default: all]',
    },
    gateway: {
      type: 'string',
      requiresArg: true,
      describe: "real server with nat: the director's address, which answers have to go through",
    },
    probe: {
      type: 'boolean',
      default: false,
      describe: 'director: ask the network whether another machine has the VIPs too (IPv4; takes a second)',
    },
    json: { type: 'boolean', default: false, describe: 'write the findings as JSON' },
    fix: {
      type: 'boolean',
      default: false,
      describe: 'show the findings, carry out the safe fixes, look again',
    },
  },
  build: (yargs) =>
    yargs
      .positional('more', { type: 'string', array: true, describe: 'further VIPs, after the one of --vip' })
      .example('lvsadm doctor', 'whatever this machine is')
      .example(
        'lvsadm doctor --role real-server --method dr --vip 192.0.2.10',
        'a server that should carry the VIP',
      )
      .example('lvsadm doctor --fix', 'mend what can be mended safely'),
  async run(context, values) {
    const machine = new Machine(context.openSocket);
    try {
      const diagnosis = await diagnose(context, machine, values);
      if (values['fix']) return await fixAll(context, machine, values, diagnosis);
      await tell(context, values, diagnosis);
      return statusOf(diagnosis.findings);
    } finally {
      await machine.close();
    }
  },
};

async function diagnose(context: Context, machine: Machine, values: Values): Promise<Diagnosis> {
  const vips = vipsOf(values);
  const facts = await takeSnapshot({
    machine,
    openSocket: context.openSocket,
    client: () => context.client(),
    readFile: (path) => context.readFile(path),
    probe: values['probe'] === true,
  });
  const role = values['role'] as Role | undefined;
  const roles = role === undefined ? rolesOf(facts, vips) : [role];
  if (roles.length === 0) {
    throw new UsageError(
      'this machine has neither virtual services nor a VIP that the network cannot see: say what it should be with --role',
    );
  }
  const gateway = values['gateway'] as string | undefined;
  const scope: Scope = {
    roles,
    vips,
    method: values['method'] as Scope['method'],
    gateway: gateway === undefined ? undefined : canonicalAddress(gateway, '--gateway'),
  };
  return { roles, findings: examine(facts, scope), unknown: facts.unknown };
}

async function tell(
  context: Context,
  values: Values,
  diagnosis: Diagnosis,
  fixed?: readonly string[],
): Promise<void> {
  const { out, env } = context;
  await out.write(
    values['json']
      ? findingsJson(diagnosis, fixed)
      : findingsText(diagnosis, await themeFor(out, env), out.columns),
  );
}

/** @returns the status of what is left */
async function fixAll(
  context: Context,
  machine: Machine,
  values: Values,
  before: Diagnosis,
): Promise<number> {
  if (!values['json']) await tell(context, values, before);
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
    if (!values['json']) await context.out.write(`done: ${text}\n`);
  }
  const after = await diagnose(context, machine, values);
  if (values['json'] || steps.size > 0) {
    if (!values['json']) await context.out.write('\n');
    await tell(context, values, after, [...steps.keys()]);
  }
  return statusOf(after.findings);
}

function statusOf(findings: readonly Finding[]): number {
  if (findings.some(({ severity }) => severity === 'error')) return 2;
  return findings.some(({ severity }) => severity === 'warning') ? 1 : 0;
}
