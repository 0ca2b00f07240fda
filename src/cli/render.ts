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

export interface Ending {
  /** Lines for standard error, each ended. */
  readonly text: string;
  readonly status: number;
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
  if (error instanceof UsageError) return { text: usage(error, name), status: mistakeStatus(error) };
  if (error instanceof ValueError) return { text: line(name, error.message), status: Status.usage };
  if (error instanceof DocumentError) return { text: problems(error, name), status: Status.usage };
  if (error instanceof KernelError) return { text: `${refusal(error)}\n`, status: Status.refused };
  if (error instanceof UnavailableError)
    return { text: unavailable[error.reason](error), status: Status.unavailable };
  if (error instanceof LockedError) return { text: line(name, error.message), status: Status.busy };
  if (error instanceof OutputError) return { text: line(name, error.message), status: Status.output };
  if (error instanceof LvsadmError) return { text: line(name, error.message), status: Status.broken };
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    text: `${line(name, 'a fault in lvsadm itself; please report it with what follows')}${printableLines(stack)}\n`,
    status: Status.bug,
  };
}

const line = (name: string, text: string): string => `${printable(name)}: ${printable(text)}\n`;

/** Lines shown of a document with mistakes: one mistake in a template can make thousands. */
const PROBLEMS_SHOWN = 20;

function problems({ problems }: DocumentError, name: string): string {
  const shown = problems.slice(0, PROBLEMS_SHOWN).map((problem) => line(name, describeProblem(problem)));
  const more = problems.length - shown.length;
  return shown.join('') + (more > 0 ? line(name, `and ${more} more`) : '');
}

const usage = (error: UsageError, name: string): string =>
  `${line(name, mistake(error))}Try '${printable(error.help ?? helpOf(name))}'.\n`;

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
