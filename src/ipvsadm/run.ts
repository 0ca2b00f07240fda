/** Runs command lines of ipvsadm's grammar. */
import { type Context, calledName } from '../context.js';
import { KernelError, UsageError } from '../errors.js';
import { explained, refusal } from '../messages.js';
import type { Change } from '../model/change.js';
import { type Resolver, systemResolver } from '../system/network/names.js';
import type { Command, ListOptions } from './grammar/command.js';
import { list, listDaemons, listTimeouts } from './listing/list.js';
import { save } from './listing/save.js';
import { NameLookup, parseCommand, type Session } from './name-lookup.js';

/** ipvsadm's exit status for a listing of a service that does not exist; other refusals end with 255. */
const NOT_LISTED = 1;

/**
 * Runs a command line, given without the program's name; an empty one lists the table.
 * @returns the exit status
 * @throws UsageError for a mistake in the command line, and the client's errors
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
 * Replaces the table by the rules on standard input, as `ipvsadm-restore` does. ipvsadm clears the table before it reads its input;
 * lvsadm keeps the table if a line is wrong, or if no line adds anything or clears the table, and otherwise changes what differs.
 * @param argv `--flush` clears the table first, as ipvsadm does; other words are ignored, as ipvsadm-restore ignores them
 * @returns the exit status
 * @throws UsageError if the table was kept
 */
export async function runRestore(
  argv: readonly string[],
  context: Context,
  resolver: () => Promise<Resolver> = systemResolver,
): Promise<number> {
  const { checkedSteps, follow, makesTable, replaceTable } = await import('./restore/restore.js');
  const { stepsOf } = await import('./restore/batches.js');
  const session = { context, names: new NameLookup(context, resolver) };
  const steps = await checkedSteps(stepsOf(session));
  const client = await context.client();
  if (!makesTable(steps) && (await client.settings()).length > 0) {
    throw new UsageError('no rules on standard input, so the table stays as it is; ipvsadm -C clears it');
  }
  if (!argv.includes('--flush')) return replaceTable(steps, session, execute);
  await client.apply({ do: 'flush' });
  return follow(steps, session, execute);
}

/** Carries out a command. @returns the exit status */
async function execute(command: Command, session: Session): Promise<number> {
  const { context } = session;
  switch (command.do) {
    case 'list':
      return listTable(session, command);
    case 'restore':
      return (await import('./restore/restore.js')).restore(session, execute);
    case 'change':
      await applyChange(command.change, context);
      break;
    case 'connections':
      await (await import('./listing/connections.js')).listConnections(session, command);
      break;
    case 'timeouts':
      await listTimeouts(session);
      break;
    case 'daemons':
      await listDaemons(session);
      break;
    case 'save':
      await save(session, command.numeric);
      break;
    case 'help':
      await context.out.write(
        (await import('./help.js')).help(calledName(context.program), context.out.columns),
      );
      break;
    case 'version':
      await context.out.write((await import('./help.js')).versionText(calledName(context.program)));
  }
  return 0;
}

async function applyChange(change: Change, context: Context): Promise<void> {
  const client = await context.client();
  await client.apply(change).catch((error) => {
    throw error instanceof KernelError ? explained(error, change) : error;
  });
}

async function listTable(session: Session, options: ListOptions): Promise<number> {
  try {
    await list(session, options);
    return 0;
  } catch (error) {
    if (!(error instanceof KernelError) || error.operation !== 'getService') throw error;
    await session.context.err.write(`${refusal(error)}\n`);
    return NOT_LISTED;
  }
}
