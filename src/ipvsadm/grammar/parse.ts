/**
 * A command line of ipvsadm's grammar, in phases:
 *
 *     words -> tokens (popt.ts) -> arguments (args.ts) -> checked (validate.ts) -> command (build.ts)
 *
 * Names of hosts and ports are looked up by the caller, between tokens and arguments, so that everything here is synchronous.
 */
import { UsageError } from '../../errors.js';
import { readArgs, type Tokens } from './args.js';
import { build } from './build.js';
import type { Command } from './command.js';
import { namesInEndpoints, noNames, type ResolvedNames, type UnresolvedNames } from './endpoint.js';
import { isSetting, options } from './options.js';
import { optionNamed, tokenize } from './popt.js';
import { validate } from './validate.js';

/** The tokens of a command line, given without the program's name. */
export const tokensOf = (words: readonly string[]): Tokens => tokenize(words, options);

/** The names that have to be looked up before the tokens can be parsed; undefined if there are none. */
export const namesIn = (tokens: Tokens): UnresolvedNames | undefined =>
  namesInEndpoints(
    tokens.flatMap((token) =>
      token.kind === 'option' && isSetting(token.option) && token.option.endpoint ? [token.value ?? ''] : [],
    ),
  );

/** @throws MalformedError for words that cannot be read as options, UsageError for any other mistake */
export function parse(tokens: Tokens, names: ResolvedNames = noNames): Command {
  try {
    const args = readArgs(tokens, names);
    validate(args);
    return build(args, names);
  } catch (error) {
    const long = error instanceof UsageError && error.suggestion === undefined && singleDashed(tokens);
    throw long ? error.suggesting(long) : error;
  }
}

/** The long option that was written with one dash, which popt(3) takes for a cluster of short ones: `-stats`. */
function singleDashed(tokens: Tokens): string | undefined {
  const token = tokens.find(
    ({ word }) => /^-[a-z][a-z-]+$/.test(word) && optionNamed(options, word.slice(1)),
  );
  return token && `-${token.word}`;
}
