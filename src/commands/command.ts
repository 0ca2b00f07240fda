/** What a modern subcommand is: its options, as yargs takes them, and what it does. */
import type { ArgumentsCamelCase, Argv, Options } from 'yargs';
import type { Context } from '../context.js';

export interface Command {
  /** The words after the subcommand's name, as yargs spells them: `<service> [server]`. */
  readonly positionals?: string;
  readonly options: Readonly<Record<string, Options>>;
  /**
   * Options that may be given several times without being lists to yargs, which does not take `-` for an item of a list:
   * their values come as an array, or as one word.
   */
  readonly repeatable?: readonly string[];
  /** What `options` cannot say: positionals' types, examples. */
  readonly build?: (yargs: Argv) => Argv;
  /** Exit status of every error, for a command whose statuses have meanings of their own. */
  readonly errorStatus?: number;
  /** @returns the exit status */
  run(context: Context, values: ArgumentsCamelCase): Promise<number>;
}

/** A row of the table of subcommands: light, so that asking for one loads only that one. */
export interface CommandRow {
  readonly summary: string;
  load(): Promise<{ readonly command: Command }>;
}
