/** What the commands of one run share, and how they understand words. */
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import type { Command } from './grammar/command.js';
import { options } from './grammar/options.js';
import { namesIn, parse, tokensOf } from './grammar/parse.js';
import { optionNamed } from './grammar/popt.js';
import type { Directory } from './name-lookup.js';

export interface Session {
  readonly context: Context;
  readonly directory: Directory;
}

/** The command that words stand for, the names among them looked up; without words, to list the table. */
export async function understand(words: readonly string[], { directory }: Session): Promise<Command> {
  const tokens = tokensOf(words.length === 0 ? ['-L'] : words);
  try {
    return parse(tokens, await directory.lookUp(namesIn(tokens)));
  } catch (error) {
    const meant = error instanceof UsageError && error.suggestion === undefined && singleDashed(words);
    throw meant ? error.suggesting(meant) : error;
  }
}

/** The long option that was written with one dash, which makes short ones of its letters: `-stats`. */
function singleDashed(words: readonly string[]): string | undefined {
  const word = words.find((each) => /^-[a-z][a-z-]+$/.test(each) && optionNamed(options, each.slice(1)));
  return word && `-${word}`;
}
