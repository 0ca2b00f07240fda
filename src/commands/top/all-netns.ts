/** top over all network namespaces: what a process in each of them writes of the same interval. */
import type { Context } from '../../context.js';
import { jsonString } from '../../foreign-text.js';
import { otherNamespaces } from '../../system/netns.js';
import { Interruption } from '../shared/interruption.js';
import { netnsHeading, outputIn } from '../shared/namespaces.js';
import { survive } from '../shared/reading-client.js';
import type { Writing } from './writing.js';

/** Writes one interval, or with `once` unset one after the other until the process is asked to stop. @throws HostError */
export async function writeAllNetns(
  context: Context,
  words: readonly string[],
  { interval, once, json, tell }: Writing,
): Promise<void> {
  const interruption = new Interruption(context);
  const asked = interruption.asked();
  const read = () => Promise.race([textOf(context, words, json), asked]);
  for (let isFirst = true; !interruption.requested; isFirst = false) {
    const began = context.now();
    // An error at once is one of the command; later ones may pass.
    const text = await (isFirst ? read() : survive(read, tell));
    if (typeof text === 'string') await context.out.write(text);
    if (once) return;
    // Processes that fail at once are not started again without a pause.
    await interruption.sleep(Math.max(0, began + interval - context.now()));
  }
}

async function textOf(context: Context, words: readonly string[], json: boolean): Promise<string> {
  const names = [undefined, ...otherNamespaces(context.files)];
  const texts = await Promise.all(names.map((name) => outputIn(name, words, context)));
  return names
    .map((name, index) => (json ? labelled(name, texts[index] ?? '') : netnsHeading(name) + texts[index]))
    .join('');
}

/** The object as it was written, with the namespace as its first member. */
const labelled = (name: string | undefined, text: string): string =>
  `{"netns":${name === undefined ? 'null' : jsonString(name)},${text.slice('{'.length)}`;
