/**
 * Command lines that are plainly right, read by the same table of options that yargs takes, in none of yargs' time:
 * `--name`, `--name value`, `--name=value` and `-n value`. Whatever else there is, mistakes and help included, is yargs'.
 */
import type { ArgumentsCamelCase, Options } from 'yargs';
import type { Subcommand } from './subcommands.js';

/** The values as yargs gives them; undefined where it has to look itself. */
export function plainValues(
  { name: subcommand, command: { positionals, options, repeatable = [] } }: Subcommand,
  args: readonly string[],
): ArgumentsCamelCase | undefined {
  if (positionals !== undefined) return undefined;
  const given = new Map<string, unknown>();
  for (let at = 0; at < args.length; at++) {
    const [word = '', value] = halves(args[at] ?? '');
    const name = optionOf(word, options);
    const option = name === undefined ? undefined : options[name];
    if (name === undefined || option === undefined || !isSimple(option)) return undefined;
    const before = given.get(name);
    if (before !== undefined && !repeatable.includes(name)) return undefined;
    if (option.type === 'boolean') {
      if (value !== undefined) return undefined;
      given.set(name, true);
    } else {
      const text = value ?? args[++at];
      if (text === undefined || !isPlain(text)) return undefined;
      given.set(name, before === undefined ? text : [before, text].flat());
    }
  }
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(options)) {
    const value = given.get(name) ?? option.default;
    if (value !== undefined) for (const key of keysOf(name, option)) values[key] = value;
    else if (option.demandOption) return undefined;
  }
  return { ...values, _: [], $0: `lvsadm ${subcommand}` };
}

/** `--name=value` in two; a value of its own stands in the next word. */
function halves(arg: string): readonly [word: string, value?: string] {
  const at = arg.startsWith('--') ? arg.indexOf('=') : -1;
  return at < 0 ? [arg] : [arg.slice(0, at), arg.slice(at + 1)];
}

/** The option that a word names, by its name or by its letter. */
function optionOf(word: string, options: Readonly<Record<string, Options>>): string | undefined {
  if (word.startsWith('--')) return Object.hasOwn(options, word.slice(2)) ? word.slice(2) : undefined;
  if (!/^-[a-z]$/i.test(word)) return undefined;
  return Object.keys(options).find((name) => options[name]?.alias === word.slice(1));
}

/** Text that yargs takes for a value, and as it is: no option, nothing in quotes. */
const isPlain = (text: string): boolean => text === '-' || /^[^-'"][^'"]*$/.test(text);

/** What is known here of an option. */
const known: readonly string[] = ['alias', 'type', 'default', 'demandOption', 'requiresArg', 'describe'];

const isSimple = (option: Options): boolean =>
  (option.type === 'string' || option.type === 'boolean') &&
  (option.alias === undefined || typeof option.alias === 'string') &&
  Object.keys(option).every((attribute) => known.includes(attribute));

/** Under its name, its letter, and its name without dashes. */
const keysOf = (name: string, { alias = [] }: Options): string[] => [
  name,
  ...[alias].flat(),
  ...(name.includes('-') ? [name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())] : []),
];
