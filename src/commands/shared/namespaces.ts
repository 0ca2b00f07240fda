/** Other network namespaces, each read by a process of its own there: setns(2) moves a single thread. */
import type { Context } from '../../context.js';
import { HostError } from '../../errors.js';
import { printable } from '../../foreign-text.js';
import { netnsDirectory } from '../../system/network/netns.js';

/** Words that lead to a named namespace, or to this one. */
export const wordsFor = (name: string | undefined): readonly string[] =>
  name === undefined ? [] : ['--netns', `${netnsDirectory}/${name}`];

/**
 * What these words write there.
 * @param stop ends the process there
 * @throws HostError if they fail; the process there has said why. Also if they write nothing: it was ended
 */
export async function outputIn(
  name: string | undefined,
  words: readonly string[],
  { runSelf }: Pick<Context, 'runSelf'>,
  stop?: AbortSignal,
): Promise<string> {
  const { status, out } = await runSelf([...words, ...wordsFor(name)], 'pipe', stop);
  if (status === 0 && out !== '') return out;
  throw new HostError(`read ${describeNetns(name)}`, status === 0 ? 'no output' : `exit status ${status}`);
}

/** Processes at once. */
const CONCURRENCY = 8;

/**
 * What these words write in each of these namespaces, a few at a time.
 * @param patience milliseconds for each
 * @throws HostError if they fail in one, or do not end there; the others are ended then
 */
export async function outputsIn(
  names: readonly string[],
  words: readonly string[],
  context: Pick<Context, 'runSelf'>,
  patience: number,
): Promise<ReadonlyMap<string, string>> {
  const outputs = new Map<string, string>();
  const end = new AbortController();
  const waiting = names.values();
  const worker = async (): Promise<void> => {
    for (const name of waiting) {
      const limit = AbortSignal.timeout(patience);
      const output = outputIn(name, words, context, AbortSignal.any([end.signal, limit]));
      outputs.set(
        name,
        await output.catch((error) => {
          if (!limit.aborted) throw error;
          throw new HostError(`read ${describeNetns(name)}`, `no answer within ${patience / 1000} s`);
        }),
      );
    }
  };
  try {
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  } finally {
    end.abort();
  }
  return new Map(names.map((name) => [name, outputs.get(name) ?? '']));
}

export const describeNetns = (name: string | undefined): string =>
  name === undefined ? 'this network namespace' : `network namespace ${printable(name)}`;

/** Stands above the text of a namespace, and begins a document of YAML. */
export const netnsHeading = (name: string | undefined): string => `--- # ${describeNetns(name)}\n`;
