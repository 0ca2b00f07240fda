/** The modern subcommands, described from the options that they give to yargs. */
import type { Argv, Options, PositionalOptions } from 'yargs';
import type { Command, CommandRow } from '../commands/command.js';
import type { Kind, Option, Positional, Use, Value } from './description.js';

/** What the values are, by the names of options and positionals, which mean the same in every subcommand. */
const values: Readonly<Record<string, { readonly name?: string; readonly kind?: Kind }>> = {
  file: { kind: 'path' },
  state: { name: 'FILE', kind: 'path' },
  to: { name: 'DIRECTORY', kind: 'directory' },
  interface: { kind: 'interface' },
  device: { kind: 'interface' },
  only: { name: 'SERVICE', kind: 'service-url' },
  service: { kind: 'service-url' },
  server: { kind: 'server' },
  vip: { name: 'ADDRESS' },
  more: { name: 'ADDRESS' },
  gateway: { name: 'ADDRESS' },
  local: { name: 'ADDRESS' },
  'tun-port': { name: 'PORT' },
  ...Object.fromEntries(
    ['drain', 'interval', 'over', 'timeout', 'wait'].map((name) => [name, { name: 'SECONDS' }]),
  ),
};

const help: Option = { names: ['-h', '--help'], help: 'show what it takes' };

/** What a command says of itself beyond its options. It says it to yargs; here it is written down instead. */
class Notes {
  readonly positionals: Record<string, PositionalOptions> = {};
  readonly examples: (readonly [string, string])[] = [];
  readonly paragraphs: string[] = [];

  positional(name: string, options: PositionalOptions): this {
    this.positionals[name] = options;
    return this;
  }

  example(command: string, what: string): this {
    this.examples.push([command, what]);
    return this;
  }

  epilogue(text: string): this {
    this.paragraphs.push(text);
    return this;
  }
}

export const describeSubcommands = (rows: Readonly<Record<string, CommandRow>>): Promise<Use[]> =>
  Promise.all(
    Object.entries(rows).map(async ([name, { summary, load }]) =>
      describeCommand(name, summary, (await load()).command),
    ),
  );

function describeCommand(name: string, summary: string, command: Command): Use {
  const notes = new Notes();
  command.build?.(notes as unknown as Argv);
  return {
    names: [name],
    help: summary,
    usage: command.positionals ?? '',
    positionals: positionalsOf(command.positionals ?? '', notes),
    options: [...Object.entries(command.options).map(([long, option]) => optionOf(long, option)), help],
    notes: notes.paragraphs,
    examples: notes.examples,
  };
}

/** `<service> [server] [more..]` */
const positionalsOf = (usage: string, { positionals }: Notes): Positional[] =>
  [...usage.matchAll(/[<[]([\w-]+)(\.\.)?[>\]]/g)].map(([whole, name = '', many]) => ({
    ...valueCalled(name, positionals[name] ?? {}),
    optional: whole.startsWith('['),
    many: many !== undefined,
    help: positionals[name]?.describe ?? '',
  }));

const optionOf = (long: string, option: Options): Option => ({
  names: [...[option.alias ?? []].flat().map((alias) => `-${alias}`), `--${long}`],
  help: [option.describe, fallback(option)].filter(Boolean).join(' '),
  ...(option.type !== 'boolean' && { value: valueCalled(long, option) }),
});

const fallback = ({ type, default: value }: Options): string =>
  type === 'boolean' || value === undefined ? '' : `[default: ${value}]`;

const valueCalled = (called: string, { choices = [] }: Pick<Options, 'choices'>): Value => ({
  name: values[called]?.name ?? called.toUpperCase(),
  choices: choices.map(String),
  kind: values[called]?.kind,
});
