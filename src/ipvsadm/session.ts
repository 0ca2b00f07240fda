/** What the commands of one run share, and how they understand words. */
import type { Context } from '../context.js';
import type { Command } from './command.js';
import type { Directory } from './directory.js';
import { namesIn, parse, tokensOf } from './parse.js';

export interface Session {
  readonly context: Context;
  readonly directory: Directory;
}

/** The command that words stand for, the names among them looked up; without words, to list the table. */
export async function understand(words: readonly string[], { directory }: Session): Promise<Command> {
  const tokens = tokensOf(words.length === 0 ? ['-L'] : words);
  return parse(tokens, await directory.lookUp(namesIn(tokens)));
}
