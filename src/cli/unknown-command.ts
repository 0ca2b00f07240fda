/** A first word that is no subcommand, and the command line that was probably meant. */
import { commands } from '../commands/index.js';
import { UsageError } from '../errors.js';
import { quoted } from '../foreign-text.js';
import { commands as ipvsadmCommands } from '../ipvsadm/grammar/commands.js';
import { nearest } from '../suggest.js';

/** Words of other tools, and what does the same here. */
const equivalents: readonly (readonly [words: string, advice: string])[] = [
  ['ls show get ps view print top services servers', "'lvsadm list' or 'lvsadm -Ln'"],
  ['stats counters', "'lvsadm list --stats'"],
  ['rate rates', "'lvsadm list --rate'"],
  ['conn connection', "'lvsadm connections' or 'lvsadm -Lcn'"],
  ['timeout timeouts', "'lvsadm -L --timeout' to list them, 'lvsadm --set' to change them"],
  ['daemon daemons', "'lvsadm -L --daemon'"],
  ['save dump backup', "'lvsadm export' for a document, 'lvsadm -Sn' for ipvsadm's rules"],
  ['restore load import', "'lvsadm apply -f FILE' for a document, 'lvsadm -R <FILE' for ipvsadm's rules"],
  ['flush clear reset', "'lvsadm -C'"],
  ['add create new', "'lvsadm -A' for a service, 'lvsadm -a' for a server"],
  ['edit change modify update', "'lvsadm -E' for a service, 'lvsadm -e' for a server"],
  ['delete del remove rm', "'lvsadm -D' for a service, 'lvsadm -d' for a server"],
  ['disable quiesce', "'lvsadm drain'"],
  ['enable', "'lvsadm undrain'"],
  ['plan', "'lvsadm diff'"],
  ['validate verify lint test', "'lvsadm check'"],
  ['sync reload', "'lvsadm apply'"],
  ['setup init', "'lvsadm director up' or 'lvsadm real-server up'"],
  ['diagnose', "'lvsadm doctor'"],
];

export function unknownCommand(word: string): UsageError {
  const problem = `unknown command ${quoted(word)}`;
  const [, advice] = equivalents.find(([words]) => words.split(' ').includes(word)) ?? [];
  if (advice !== undefined) return new UsageError(`${problem}: use ${advice}`, word, undefined, HELP);
  const command = ipvsadmCommands.find(({ long }) => long === word);
  return new UsageError(problem, word, command ? `lvsadm --${command.long}` : nearestCommand(word), HELP);
}

const HELP = 'lvsadm help';

const nearestCommand = (word: string): string | undefined =>
  nearest(
    word,
    commands.map(({ name }) => name),
  );
