/** Checks the options of a command against the option table: which it needs and takes, and which exclude each other. */

import { UsageError } from '../../errors.js';
import { quoted } from '../../foreign-text.js';
import { type Args, spellingOf } from './args.js';
import { type CommandName, commands } from './commands.js';
import { settings as table } from './options.js';
import { spelling as shortest } from './popt.js';
import type { Legality, SettingName } from './settings.js';

/** @throws UsageError for options that the command does not take, for missing ones, and for options that exclude each other */
export function validate(args: Args): void {
  refuseForeign(args);
  demandMissing(args);
  refuseConflicts(args);
  refuseStrayFamily(args);
  refuseWords(args);
}

const covers = ({ needed, allowed }: Legality, command: CommandName): boolean =>
  needed?.includes(command) || allowed?.includes(command) || false;

function refuseForeign({ command, sources }: Args): void {
  for (const { option, spelling } of sources) {
    if (covers(option, command.option.long)) continue;
    throw new UsageError(`does not go with ${command.spelling}${takers(option)}`, spelling);
  }
}

/** The commands that take an option: ` (only with -A, -E)`. */
function takers(option: Legality): string {
  const names = commands.filter(({ long }) => covers(option, long)).map(shortest);
  return names.length === 0 ? '' : ` (only with ${names.join(', ')})`;
}

function demandMissing({ command, settings }: Args): void {
  for (const { needed, setting } of table) {
    if (settings[setting] !== undefined || !needed?.includes(command.option.long)) continue;
    throw new UsageError(`${command.spelling} needs ${makersOf(setting)}`, command.spelling);
  }
}

/** The options that make a setting: `-r`, or `one of -t, -u, --sctp-service, -f`. */
function makersOf(setting: SettingName): string {
  const names = table.filter((option) => option.setting === setting).map(shortest);
  return names.length === 1 ? (names[0] as string) : `one of ${names.join(', ')}`;
}

function refuseConflicts({ sources }: Args): void {
  for (const { option, spelling } of sources) {
    const { excludes } = option;
    const other = excludes && sources.find((source) => excludes.includes(source.option.setting));
    if (other !== undefined) throw new UsageError(`excludes ${other.spelling}`, spelling);
  }
}

/** Only a firewall mark needs -6: the family of an address is known. */
function refuseStrayFamily(args: Args): void {
  const { ipv6, service } = args.settings;
  if (!ipv6 || (service && 'fwmark' in service)) return;
  throw new UsageError('goes with -f only', spellingOf(args, 'ipv6'));
}

/** What a word after these commands was probably meant for: the name of a file. */
const redirections: Readonly<Partial<Record<CommandName, (command: string) => string>>> = {
  restore: (command) => `: ${command} reads standard input (${command} < FILE)`,
  save: (command) => `: ${command} writes to standard output (${command} > FILE)`,
};

/** Only `--set` takes words of its own, three of them. */
function refuseWords({ command, words }: Args): void {
  const taken = command.option.long === 'set' ? 3 : 0;
  const [surplus] = words.slice(taken);
  if (surplus !== undefined) {
    const hint = redirections[command.option.long]?.(command.spelling) ?? '';
    throw new UsageError(`${quoted(surplus.spelling)} belongs to no option${hint}`, surplus.spelling);
  }
  if (words.length < taken)
    throw new UsageError(`${command.spelling} needs three numbers: TCP TCPFIN UDP`, command.spelling);
}
