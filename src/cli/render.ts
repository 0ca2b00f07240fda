/** Texts and exit statuses of errors, all in this place. */

import {
  DocumentError,
  describeProblem,
  KernelError,
  LockedError,
  LvsadmError,
  OutputError,
  UnavailableError,
  UsageError,
  ValueError,
} from '../errors.js';
import { printable, printableLines } from '../foreign-text.js';
import { mistake, mistakeStatus, refusal } from '../messages.js';
import type { Json } from '../output/json.js';

export interface Ending {
  /** Lines for standard error, each ended. */
  readonly text: string;
  readonly status: number;
  /** The same as members of a JSON object: `message` has no name of the program and no help. */
  readonly facts: { readonly message: string } & Readonly<Record<string, Json>>;
}

/**
 * Exit statuses. Of ipvsadm: 2 for a wrong command line and a kernel without IPVS, 255 for a refused change. Of sysexits.h:
 * 70 (EX_SOFTWARE) for a bug in lvsadm, 75 (EX_TEMPFAIL) where another try may succeed.
 */
export const Status = {
  output: 1,
  usage: 2,
  unavailable: 2,
  refused: 255,
  broken: 255,
  bug: 70,
  busy: 75,
} as const;

/** @param name that the program was called by */
export function render(error: unknown, name: string): Ending {
  if (error instanceof UsageError) {
    return { text: usage(error, name), status: mistakeStatus(error), facts: { message: mistake(error) } };
  }
  if (error instanceof DocumentError) return problems(error, name);
  if (error instanceof KernelError) {
    const message = refusal(error);
    return { text: `${message}\n`, status: Status.refused, facts: { message, code: error.code } };
  }
  if (error instanceof UnavailableError) {
    const text = unavailable[error.reason](error);
    return { text, status: Status.unavailable, facts: { message: error.detail, reason: error.reason } };
  }
  if (error instanceof LvsadmError) {
    const { message } = error;
    return { text: line(name, message), status: statusOf(error), facts: { message } };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const message = 'a fault in lvsadm itself; please report it with what follows';
  return {
    text: `${line(name, message)}${printableLines(stack)}\n`,
    status: Status.bug,
    facts: { message, stack },
  };
}

function statusOf(error: LvsadmError): number {
  if (error instanceof ValueError) return Status.usage;
  if (error instanceof LockedError) return Status.busy;
  return error instanceof OutputError ? Status.output : Status.broken;
}

const line = (name: string, text: string): string => `${printable(name)}: ${printable(text)}\n`;

function problems({ message, problems, more }: DocumentError, name: string): Ending {
  const lines = message.split('\n').map((text) => line(name, text));
  return {
    text: lines.join(''),
    status: Status.usage,
    facts: {
      message: describeProblem(problems[0]),
      problems: problems.map((problem) => ({ ...problem })),
      more: more > 0 ? more : undefined,
    },
  };
}

const usage = (error: UsageError, name: string): string =>
  `${line(error.phrase ?? name, mistake(error))}Try '${printable(error.help ?? helpOf(name))}'.\n`;

/** The command line that lists the options of ipvsadm's grammar. */
const helpOf = (name: string): string => (name === 'lvsadm' ? 'lvsadm help ipvsadm' : `${name} --help`);

/** Scripts look for the first words, which are ipvsadm's. */
const unavailable: Record<UnavailableError['reason'], (error: UnavailableError) => string> = {
  'no-ipvs': ({ detail }) =>
    `Can't initialize ipvs: ${printable(detail)}\n` +
    'Are you sure that IP Virtual Server is built in the kernel or as module?\n' +
    'Its module is ip_vs: in the kernel packages of Debian and Fedora, in linux-modules-extra on some of Ubuntu. In a\n' +
    'container the host has to load it: modprobe ip_vs\n',
  'not-permitted': ({ detail }) =>
    `Can't initialize ipvs: Permission denied (you must be root)\n${printable(detail)}: run it as root, or with that capability\n`,
};
