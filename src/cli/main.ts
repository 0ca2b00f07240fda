/** lvsadm: runs a command line in the grammar that it is written in. */
import { ClosedPipe, type Context, WithStatus } from '../context.js';
import { nameOf, netnsOption, speaksIpvsadm } from './argv0.js';

/** What a shell reports for a program that a closed pipe ended: 128 + SIGPIPE. */
const CLOSED_PIPE = 141;

/**
 * Runs a command line, given without the program's name. The only place that catches: an error becomes lines on standard error
 * and an exit status.
 * @returns the exit status
 */
export async function main(argv: readonly string[], context: Context): Promise<number> {
  try {
    return await run(argv, context);
  } catch (error) {
    if (error instanceof ClosedPipe) return CLOSED_PIPE;
    const { render } = await import('./render.js');
    const cause = error instanceof WithStatus ? error.cause : error;
    const ending = render(cause, nameOf(context.program));
    const status = error instanceof WithStatus ? error.status : ending.status;
    await context.err.write(ending.text);
    if (!speaksIpvsadm(context.program, argv)) {
      const { asksForJson, writeError } = await import('./json-error.js');
      if (asksForJson(argv)) await writeError(context, { ...ending.facts, status });
    }
    return status;
  }
}

/** Each grammar is loaded only if the command line is written in it. */
async function run(argv: readonly string[], context: Context): Promise<number> {
  const elsewhere = argv.some((word) => word.startsWith(netnsOption))
    ? await import('./netns.js')
    : undefined;
  const { netns, words } = elsewhere?.takeNetns(argv) ?? { words: argv };
  if (!speaksIpvsadm(context.program, words)) {
    return (await import('./subcommands.js')).runSubcommand(words, context, netns);
  }
  if (elsewhere && netns !== undefined) return elsewhere.runInNetns(netns, words, context);
  const { runIpvsadm, runRestore } = await import('../ipvsadm/run.js');
  const name = nameOf(context.program);
  if (name === 'ipvsadm-restore') return runRestore(words, context);
  return runIpvsadm(name === 'ipvsadm-save' ? ['-S', ...words] : words, context);
}
