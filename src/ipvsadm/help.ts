/** -h and -v. */
import { version } from '../version.js';
import { type CommandOption, commands } from './grammar/commands.js';
import { settings } from './grammar/options.js';
import type { SettingOption } from './grammar/settings.js';

/** The version of ipvsadm whose grammar and output lvsadm has. */
const IPVSADM = 'ipvsadm v1.31';

/** The text of -v: one line, which begins like ipvsadm's if the program was called by that name. */
export function versionText(program: string): string {
  return program === 'lvsadm'
    ? `lvsadm v${version} (stands in for ${IPVSADM})\n`
    : `${IPVSADM} (lvsadm v${version})\n`;
}

/** The text of -h, from the tables that the parser uses. */
export function help(program: string): string {
  const sections = optionSections.map(({ title, options }) =>
    section(
      title,
      options.map((option) => [spelling(option), option.help]),
    ),
  );
  return [
    versionText(program),
    `Usage: ${program} COMMAND [options]\nThe command comes before its options; without arguments, the table is listed.\n`,
    'SERVICE is -t, -u or --sctp-service with HOST[:PORT], or -f MARK [-6]; IPv6 addresses go in brackets: [2001:db8::1]:80.\n',
    section(
      'Commands',
      commands.map((command) => [spelling(command), described(command)]),
    ),
    ...sections,
    ...(program === 'lvsadm'
      ? ['Subcommands, for desired state, drains, set-up and diagnosis: lvsadm help\n']
      : []),
  ].join('\n');
}

/** The options by section. */
export const optionSections = (
  [
    ['virtual service', 'Options of a virtual service'],
    ['real server', 'Options of a real server'],
    ['listing', 'Options of listings'],
    ['sync daemon', 'Options of sync daemons'],
  ] as const
).map(([about, title]) => ({ title, options: settings.filter((option) => option.about === about) }));

const section = (title: string, rows: readonly (readonly [string, string])[]): string =>
  `${title}:\n${rows.map(([name, text]) => `  ${name.padEnd(WIDTH)} ${text}\n`).join('')}`;

const WIDTH = 34;

/** `-w, --weight NUMBER` */
function spelling(option: CommandOption | SettingOption): string {
  const names = [...(option.short ?? '')].map((letter) => `-${letter}`);
  const value = 'value' in option && option.value !== undefined ? optional(option) : '';
  return [...names, `--${option.long}`].join(', ') + value;
}

const optional = ({ argument, value }: SettingOption): string =>
  argument === 'optional' ? ` [${value}]` : ` ${value}`;

const described = ({ help: text, usage }: CommandOption): string => (usage ? `${text}: ${usage}` : text);
