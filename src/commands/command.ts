/** A subcommand as data: from its definition follow the parsing of its words, its help, the manual page and completions. */
import type { Context } from '../context.js';
import { type ValueOf, type ValueTypeName, valueTypes } from './value-types.js';

/** What a value may be: anything of a type, or one of these words. */
type Domain =
  | { readonly type: ValueTypeName; readonly choices?: undefined }
  | { readonly type?: undefined; readonly choices: readonly string[] };

export type Positional = Domain & {
  readonly describe: string;
  readonly optional?: true;
  /** A word that is none of the choices is the next one's. */
  readonly orNext?: true;
  /** The last one may stand for any number of words, none included. */
  readonly many?: true;
};

/** An option without a value. */
export interface Flag {
  readonly type: 'flag';
  readonly describe: string;
  /** One letter. `h` takes the place of the short form of --help. */
  readonly alias?: string;
  /** The option that excludes it. */
  readonly conflicts?: string;
}

export type ValueOption = Domain & {
  readonly describe: string;
  /** One letter. */
  readonly alias?: string;
  readonly required?: true;
  /** May be given several times. */
  readonly many?: true;
  readonly default?: string | number;
  /** The default in words, if it is not one value. */
  readonly defaultText?: string;
};

export type Option = Flag | ValueOption;

/** By the name after the dashes: `dry-run`. */
export type Options = Readonly<Record<string, Option>>;
/** By name, in their order. */
export type Positionals = Readonly<Record<string, Positional>>;

export type Example = readonly [commandLine: string, purpose: string];

export interface Definition<O extends Options, P extends Positionals, V = Values<O, P>> {
  readonly positionals?: P;
  readonly options?: O;
  /** A paragraph after the options. */
  readonly notes?: string;
  /** What each exit status of its own means. */
  readonly exitStatuses?: Readonly<Record<number, string>>;
  readonly examples?: readonly Example[];
  /** Exit status of every error, for a command whose statuses have meanings of their own. */
  readonly errorStatus?: number;
  /** Asks neither the kernel nor the network: takes no --netns. */
  readonly offline?: true;
  /** Takes --all-netns, which runs it in every network namespace: its text is shown below headings, its JSON objects are gathered. */
  readonly acrossNetns?: true;
  /** The kernel's module is not loaded for a command that only reads: a table that cannot have entries is told as an error. */
  readonly onlyReads?: true;
  /** @returns the exit status */
  run(context: Context, values: V): Promise<number>;
}

/** Any subcommand; its `run` takes what `parse` makes of its own definition. */
export type Command = Definition<Options, Positionals, Readonly<Record<string, unknown>>>;

/** Gives `run` the types of the options and positionals, for other commands as well that call it. */
export const defineCommand = <
  const O extends Options = Readonly<Record<never, never>>,
  const P extends Positionals = Readonly<Record<never, never>>,
>(
  definition: Definition<O, P>,
): Definition<O, P> => definition;

/** The values of options, `--dry-run` as `dryRun`, and of positionals. */
export type Values<O extends Options, P extends Positionals = Readonly<Record<never, never>>> = {
  readonly [K in keyof O as CamelCase<K & string>]: OptionValue<O[K]>;
} & { readonly [K in keyof P]: PositionalValue<P[K]> };

type OptionValue<O extends Option> = O extends { readonly type: 'flag' }
  ? boolean
  : O extends { readonly many: true }
    ? readonly One<O>[]
    : O extends { readonly required: true } | { readonly default: string | number }
      ? One<O>
      : One<O> | undefined;

type PositionalValue<P extends Positional> = P extends { readonly many: true }
  ? readonly One<P>[]
  : P extends { readonly optional: true }
    ? One<P> | undefined
    : One<P>;

type One<A> = A extends { readonly choices: readonly (infer C)[] }
  ? C
  : A extends { readonly type: infer T extends ValueTypeName }
    ? ValueOf<T>
    : never;

type CamelCase<K extends string> = K extends `${infer A}-${infer B}` ? `${A}${Capitalize<CamelCase<B>>}` : K;

/** `dry-run` as `dryRun`. */
export const camelCase = (name: string): string =>
  name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** How help and errors name a positional: `SERVICE`. */
export const labelOf = (name: string, { type }: Positional): string =>
  type === undefined ? name.toUpperCase() : valueTypes[type].name;

/** `SERVICE [SERVER] [ADDRESS...]` */
export const usageOf = (positionals: Positionals): string =>
  Object.entries(positionals)
    .map(([name, positional]) => {
      const label = labelOf(name, positional);
      return positional.many ? `[${label}...]` : positional.optional ? `[${label}]` : label;
    })
    .join(' ');

/** What subcommands are about: headings of the overview, in its order. */
export const topics = {
  inspection: 'Inspect the table and this machine',
  documents: 'Keep the table as a document says',
  servers: 'Take real servers out of service and back',
  setup: 'Set up this machine and its shells',
} as const;

/** A row of the table of subcommands. Its module is loaded only if the command line names it. */
export interface CommandRow {
  readonly name: string;
  /** A shorter name for those who type it often. */
  readonly alias?: string;
  readonly topic: keyof typeof topics;
  readonly summary: string;
  load(): Promise<{ readonly command: Command }>;
}

/** Whether a word names the subcommand. */
export const isNamed = ({ name, alias }: Pick<CommandRow, 'name' | 'alias'>, word: string): boolean =>
  word === name || word === alias;
