/** Which options go with which command, and with each other: the columns of the option table, applied. */
import { UsageError } from '../../errors.js';
import type { Draft } from './args.js';
import { type CommandName, commands, type Legality, type Slot, settings as table } from './options.js';

/** @throws UsageError for what the command does not take, lacks, or cannot have together */
export function check(draft: Draft): void {
  refuseForeign(draft);
  demandMissing(draft);
  refuseConflicts(draft);
  refuseStrayFamily(draft);
  refuseWords(draft);
}

const covers = ({ needed, allowed }: Legality, command: CommandName): boolean =>
  needed?.includes(command) || allowed?.includes(command) || false;

function refuseForeign({ command, sources }: Draft): void {
  for (const { option, spelling } of sources) {
    if (covers(option, command.option.long)) continue;
    throw new UsageError(`does not go with ${command.spelling}${homes(option)}`, spelling);
  }
}

/** ` (only with -A, -E)` */
function homes(option: Legality): string {
  const names = commands.filter(({ long }) => covers(option, long)).map(shortest);
  return names.length === 0 ? '' : ` (only with ${names.join(', ')})`;
}

const shortest = ({ long, short }: { long: string; short?: string | undefined }): string =>
  short ? `-${short[0]}` : `--${long}`;

function demandMissing({ command, settings }: Draft): void {
  for (const { needed, slot } of table) {
    if (settings[slot] !== undefined || !needed?.includes(command.option.long)) continue;
    throw new UsageError(`${command.spelling} needs ${choices(slot)}`, command.spelling);
  }
}

/** The options that fill a slot: `-r`, or `one of -t, -u, --sctp-service, -f`. */
function choices(slot: Slot): string {
  const names = table.filter((option) => option.slot === slot).map(shortest);
  return names.length === 1 ? (names[0] as string) : `one of ${names.join(', ')}`;
}

function refuseConflicts({ sources }: Draft): void {
  for (const { option, spelling } of sources) {
    const { excludes } = option;
    const other = excludes && sources.find((source) => excludes.includes(source.option.slot));
    if (other !== undefined) throw new UsageError(`excludes ${other.spelling}`, spelling);
  }
}

/** An address says itself which family it is of; only a mark does not. */
function refuseStrayFamily({ settings: { ipv6, service }, sources }: Draft): void {
  if (!ipv6 || (service && 'fwmark' in service)) return;
  const source = sources.find(({ option }) => option.slot === 'ipv6');
  throw new UsageError('goes with -f only', source?.spelling);
}

/** Only `--set` takes words of its own, three of them. */
function refuseWords({ command, words }: Draft): void {
  const taken = command.option.long === 'set' ? 3 : 0;
  const [surplus] = words.slice(taken);
  if (surplus !== undefined)
    throw new UsageError(`'${surplus.spelling}' belongs to no option`, surplus.spelling);
  if (words.length < taken)
    throw new UsageError(`${command.spelling} needs three numbers: TCP TCPFIN UDP`, command.spelling);
}
