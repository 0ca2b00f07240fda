/** -h and -v. */
import { definitionList, wrap } from '../output/definition-list.js';
import { version } from '../version.js';
import { type CommandOption, commands } from './grammar/commands.js';
import { settings } from './grammar/options.js';
import { spellings } from './grammar/popt.js';
import type { SettingOption } from './grammar/settings.js';

/** The version of ipvsadm whose grammar and output lvsadm has. */
const IPVSADM = 'ipvsadm v1.31';

/** The text of -v: one line, which begins like ipvsadm's if the program was called by that name. */
export function versionText(program: string): string {
  return program === 'lvsadm'
    ? `lvsadm v${version} (stands in for ${IPVSADM})\n`
    : `${IPVSADM} (lvsadm v${version})\n`;
}

/** The text of -h, from the tables that the parser uses. In a pipe each option has one line, as scripts expect. */
export function help(program: string, width = Number.POSITIVE_INFINITY): string {
  const section = (title: string, rows: readonly HelpRow[]): string =>
    `${title}:\n${definitionList(rows, width)}`;
  return [
    versionText(program),
    `Usage: ${program} COMMAND [options]\n`,
    paragraph('The command comes before its options; without arguments, the table is listed.', width),
    paragraph(
      'SERVICE is -t, -u or --sctp-service with HOST[:PORT], or -f MARK [-6]; IPv6 addresses go in brackets: [2001:db8::1]:80.',
      width,
    ),
    section('Commands', commands.map(commandRow)),
    ...optionSections.map(({ title, options }) => section(title, options.map(optionRow))),
  ].join('\n');
}

/** The options by section. */
export const optionSections = (
  [
    ['virtual service', 'Options of a virtual service'],
    ['real server', 'Options of a real server'],
    ['listing', 'Options of listings'],
    ['sync daemon', 'Options of sync daemons'],
    ['every command', 'Options of every command'],
  ] as const
).map(([about, title]) => ({ title, options: settings.filter((option) => option.about === about) }));

type HelpRow = readonly [spelling: string, text: string];

const paragraph = (text: string, width: number): string => `${wrap(text, width).join('\n')}\n`;

function commandRow(command: CommandOption): HelpRow {
  return [spellings(command).join(', '), command.usage ? `${command.help}: ${command.usage}` : command.help];
}

/** `-w, --weight NUMBER` */
function optionRow(option: SettingOption): HelpRow {
  const { value, argument } = option;
  const suffix = value === undefined ? '' : argument === 'optional' ? ` [${value}]` : ` ${value}`;
  return [spellings(option).join(', ') + suffix, option.help];
}
