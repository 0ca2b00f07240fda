/**
 * From the words of a command line to an exit status: chooses the grammar, and is the only place that catches. What
 * ipvsadm's grammar needs is loaded at once; everything else only when it is asked for.
 */
import { basename } from 'node:path';
import { ClosedPipe, type Context, WithStatus } from '../context.js';
import { replaceTable, runIpvsadm } from '../ipvsadm/run.js';

type Personality = (argv: readonly string[], context: Context) => Promise<number>;

/** Names under which the program stands in for one of ipvsadm's. Its restore script takes no arguments, and minds none. */
const personalities: Readonly<Record<string, Personality>> = {
  ipvsadm: runIpvsadm,
  'ipvsadm-save': (argv, context) => runIpvsadm(['-S', ...argv], context),
  'ipvsadm-restore': (_, context) => replaceTable(context),
};

/** What a shell reports for a program that a closed pipe ended: 128 + SIGPIPE. */
const CLOSED_PIPE = 141;

/** Runs a command line, the program's name left out. @returns the exit status */
export async function main(argv: readonly string[], context: Context): Promise<number> {
  const called = basename(context.program, '.js');
  try {
    return await run(called, argv, context);
  } catch (error) {
    if (error instanceof ClosedPipe) return CLOSED_PIPE;
    const { render } = await import('./render.js');
    const told = error instanceof WithStatus ? error.cause : error;
    const { text, status } = render(told, called in personalities ? called : 'lvsadm');
    await context.err.write(text);
    return error instanceof WithStatus ? error.status : status;
  }
}

async function run(called: string, argv: readonly string[], context: Context): Promise<number> {
  const personality = personalities[called];
  if (personality !== undefined) return personality(argv, context);
  const [first, ...rest] = argv;
  // ipvsadm's grammar has no words in front: they are ours.
  if (first === undefined || first.startsWith('-')) return runIpvsadm(argv, context);
  const { runModern } = await import('./modern.js');
  return runModern(first, rest, context);
}
