/** top over all network namespaces: what a process in each of them writes of the same interval. */
import type { Context } from '../../context.js';
import { jsonString } from '../../foreign-text.js';
import { otherNamespaces } from '../../system/network/netns.js';
import { Interruption } from '../shared/change/interruption.js';
import { netnsHeading, outputIn } from '../shared/namespaces.js';
import { failureText, survive } from '../shared/reading-client.js';
import type { Writing } from './writing.js';

/** Writes one interval, or with `once` unset one after the other until the process is asked to stop. @throws HostError */
export async function writeAllNetns(
  context: Context,
  words: readonly string[],
  { interval, once, json, tell }: Writing,
): Promise<void> {
  const interruption = new Interruption(context);
  const read = () => interruption.during(textOf(context, words, { json, tell }, context.stopRequest?.()));
  for (let isFirst = true; !interruption.requested; isFirst = false) {
    const began = context.now();
    // An error at once is one of the command; later ones may pass.
    const text = await (isFirst ? read() : survive(read, tell));
    if (text !== undefined) await context.out.write(text);
    if (once) return;
    // Processes that fail at once are not started again without a pause.
    await interruption.sleep(Math.max(0, began + interval - context.now()));
  }
}

/** Of the namespaces that could be read; each other is told. @throws HostError if none could */
async function textOf(
  context: Context,
  words: readonly string[],
  { json, tell }: Pick<Writing, 'json' | 'tell'>,
  stop?: AbortSignal,
): Promise<string> {
  const names = [undefined, ...otherNamespaces(context.files)];
  const runs = await Promise.allSettled(names.map((name) => outputIn(name, words, context, stop)));
  // What was ended is no failure.
  if (stop?.aborted) return '';
  const failures = runs.filter((run) => run.status === 'rejected');
  if (failures.length === runs.length) throw failures[0]?.reason;
  for (const { reason } of failures) tell(failureText(reason));
  return names
    .map((name, index) => [name, runs[index]] as const)
    .flatMap(([name, run]) => (run?.status === 'fulfilled' ? textIn(name, run.value, json) : []))
    .join('');
}

const textIn = (name: string | undefined, text: string, json: boolean): string =>
  json ? labelled(name, text) : netnsHeading(name) + text;

/** The object as it was written, with the namespace as its first member. */
const labelled = (name: string | undefined, text: string): string =>
  `{"netns":${name === undefined ? 'null' : jsonString(name)},${text.slice('{'.length)}`;
