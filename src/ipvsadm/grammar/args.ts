/** What a command line says, as far as each word can be understood by itself. */
import { UsageError, ValueError } from '../../errors.js';
import { nearest } from '../../suggest.js';
import type { AnySetting, CommandOption, Option, Settings } from './options.js';
import type { Token } from './popt.js';

export type Tokens = readonly Token<Option>[];
export type OptionToken<O extends Option> = Extract<Token<Option>, { kind: 'option' }> & {
  readonly option: O;
};

export interface Draft {
  readonly command: OptionToken<CommandOption>;
  readonly settings: Partial<Settings>;
  /** The token that each setting came from, in the order of the command line. */
  readonly sources: readonly OptionToken<AnySetting>[];
  /** Words that belong to no option. */
  readonly words: readonly { readonly index: number; readonly spelling: string }[];
}

/** Reads a value; says of a wrong one which option it was given to. */
export function blaming<T>(spelling: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    const { field, given, expected, choices } = error;
    throw new UsageError(`${field} '${given}' is not ${expected}`, spelling, nearest(given, choices));
  }
}
