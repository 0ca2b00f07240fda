/**
 * The command lines of both grammars as data, for help, the manual page and completions: a first word names a command, options
 * and positionals follow.
 */
import type { Completion } from '../commands/value-types.js';

export interface ValueDescription {
  /** As the help writes it: `HOST[:PORT]`. */
  readonly name: string;
  /** The words that are valid; empty if any text is. */
  readonly choices: readonly string[];
  readonly completion?: Completion | undefined;
  /** How such a value is written, where its name does not say it. */
  readonly notation?: string | undefined;
  readonly optional?: boolean;
  /** Several of the choices, with commas between them. */
  readonly list?: boolean;
}

export interface OptionDescription {
  /** With their dashes, the shortest first. */
  readonly names: readonly string[];
  readonly value?: ValueDescription | undefined;
  readonly help: string;
}

export interface PositionalDescription extends ValueDescription {
  readonly help: string;
  /** Whether any number of them may follow. */
  readonly many: boolean;
}

/** A command of ipvsadm's grammar, or a subcommand. */
export interface CommandDescription {
  /** Its first word, in each spelling: `-A` and `--add-service`; `drain`. */
  readonly names: readonly string[];
  readonly help: string;
  /** What follows the first word: `SERVICE [service options]`. */
  readonly usage: string;
  readonly positionals: readonly PositionalDescription[];
  readonly options: readonly OptionDescription[];
  /** Paragraphs. */
  readonly notes: readonly string[];
  /** Those with a meaning of their own. */
  readonly exitStatuses: readonly (readonly [status: string, meaning: string])[];
  readonly examples: readonly (readonly [commandLine: string, purpose: string])[];
}

/** A name that the program is called by. */
export interface ProgramDescription {
  readonly name: string;
  readonly commands: readonly CommandDescription[];
  /** The words that may follow the name, if the name itself is the command (`ipvsadm-save`). */
  readonly options: readonly OptionDescription[];
}

/** Whether a usage has room for the words themselves. */
export const isShort = (choices: readonly string[]): boolean => choices.length <= 3;

/** A value in a usage: its name, or its choices if they are few; in brackets if it is optional. */
export function valueText({ name, choices, list, optional }: ValueDescription): string {
  const text = choices.length > 0 && isShort(choices) && !list ? choices.join('|') : name;
  return optional ? `[${text}]` : text;
}
