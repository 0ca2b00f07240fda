/** Other network namespaces, each read by a process of its own there: setns(2) moves a single thread. */
import type { Context } from '../../context.js';
import { HostError } from '../../errors.js';
import { printable } from '../../foreign-text.js';
import { netnsDirectory } from '../../system/netns.js';

/** Words that lead to a named namespace, or to this one. */
export const wordsFor = (name: string | undefined): readonly string[] =>
  name === undefined ? [] : ['--netns', `${netnsDirectory}/${name}`];

/**
 * What these words write there.
 * @throws HostError if they fail; the process there has said why
 */
export async function outputIn(
  name: string | undefined,
  words: readonly string[],
  { runSelf }: Pick<Context, 'runSelf'>,
): Promise<string> {
  const { status, out } = await runSelf([...words, ...wordsFor(name)], 'pipe');
  if (status !== 0) throw new HostError(`read ${describeNetns(name)}`, `exit status ${status}`);
  return out;
}

export const describeNetns = (name: string | undefined): string =>
  name === undefined ? 'this network namespace' : `network namespace ${printable(name)}`;

/** Stands above the text of a namespace, and begins a document of YAML. */
export const netnsHeading = (name: string | undefined): string => `--- # ${describeNetns(name)}\n`;
