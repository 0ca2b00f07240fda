/** Carries out a command line of ipvsadm's grammar. */
import { type Context, calledName } from '../context.js';
import { KernelError, UsageError } from '../errors.js';
import { explained, refusal } from '../messages.js';
import type { Change } from '../model/change.js';
import { type Resolver, systemResolver } from '../system/names.js';
import type { Command } from './grammar/command.js';
import { list, listDaemons, listTimeouts, save } from './listing/list.js';
import { NameLookup, parseCommand, type Session } from './name-lookup.js';

/** ipvsadm's exit status for a listing of a service that does not exist; all else that is refused ends in 255. */
const NOT_LISTED = 1;

/**
 * Runs a command line, given without the program's name; without any words it lists the table.
 * @returns the exit status
 * @throws UsageError for a command line that makes no sense, and whatever the client throws
 */
export async function runIpvsadm(
  argv: readonly string[],
  context: Context,
  resolver: () => Promise<Resolver> = systemResolver,
): Promise<number> {
  const session = { context, names: new NameLookup(context, resolver) };
  return execute(await parseCommand(argv.length === 0 ? ['-L'] : argv, session), session);
}

/**
 * What `ipvsadm-restore` does: the table becomes what standard input says. ipvsadm's clears the table before it reads;
 * here input that makes no sense, and empty input where there is a table to lose, leaves it as it is.
 * @returns the exit status, as {@link runIpvsadm} does
 * @throws UsageError where nothing was touched
 */
export async function replaceTable(
  context: Context,
  resolver: () => Promise<Resolver> = systemResolver,
): Promise<number> {
  const { checkedSteps, follow } = await import('./restore/restore.js');
  const session = { context, names: new NameLookup(context, resolver) };
  const steps = await checkedSteps(session);
  const client = await context.client();
  if (steps.length === 0 && (await client.settings()).length > 0) {
    throw new UsageError('no rules on standard input, so the table stays as it is; ipvsadm -C clears it');
  }
  await client.apply({ do: 'flush' });
  return follow(steps, session, execute);
}

/** @returns the exit status */
async function execute(command: Command, session: Session): Promise<number> {
  const { context } = session;
  switch (command.do) {
    case 'change':
      await carryOut(command.change, context);
      return 0;
    case 'list':
      return listed(() => list(session, command), context);
    case 'connections':
      await (await import('./listing/connections.js')).listConnections(session, command);
      return 0;
    case 'timeouts':
      await listTimeouts(session);
      return 0;
    case 'daemons':
      await listDaemons(session);
      return 0;
    case 'save':
      await save(session, command.numeric);
      return 0;
    case 'restore':
      return (await import('./restore/restore.js')).restore(session, execute);
    case 'help':
      await context.out.write((await import('./help.js')).help(nameOf(context)));
      return 0;
    case 'version':
      await context.out.write((await import('./help.js')).versionText(nameOf(context)));
      return 0;
  }
}

async function carryOut(change: Change, context: Context): Promise<void> {
  const client = await context.client();
  await client.apply(change).catch((error) => {
    throw error instanceof KernelError ? explained(error, change) : error;
  });
}

const nameOf = ({ program }: Context): string => calledName(program);

async function listed(show: () => Promise<void>, { err }: Context): Promise<number> {
  try {
    await show();
    return 0;
  } catch (error) {
    if (!(error instanceof KernelError) || error.operation !== 'getService') throw error;
    await err.write(`${refusal(error)}\n`);
    return NOT_LISTED;
  }
}
