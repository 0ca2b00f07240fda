/** -h and -v. */
import { version } from '../version.js';
import { type CommandOption, commands } from './grammar/commands.js';
import { settings } from './grammar/options.js';
import type { SettingOption } from './grammar/settings.js';

/** The ipvsadm whose grammar and output this is. */
const IPVSADM = 'ipvsadm v1.31';

/** One line that begins as ipvsadm's does for whoever calls it by that name. */
export function versionText(program: string): string {
  return program === 'lvsadm'
    ? `lvsadm v${version} (stands in for ${IPVSADM})\n`
    : `${IPVSADM} (lvsadm v${version})\n`;
}

/** The grammar, from the same table that the parser works with. */
export function help(program: string): string {
  const sections = optionSections.map(({ title, options }) =>
    section(
      title,
      options.map((option) => [spelling(option), option.help]),
    ),
  );
  return [
    versionText(program),
    `Usage: ${program} COMMAND [options]; the command comes first, and without any the table is listed.\n`,
    'SERVICE is -t, -u or --sctp-service with HOST[:PORT], or -f MARK [-6]; IPv6 addresses go in brackets: [2001:db8::1]:80.\n',
    section(
      'Commands',
      commands.map((command) => [spelling(command), described(command)]),
    ),
    ...sections,
    ...(program === 'lvsadm'
      ? ['Beyond ipvsadm, desired state and the set-up of machines: lvsadm help\n']
      : []),
  ].join('\n');
}

/** The options, by what they are about. */
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
