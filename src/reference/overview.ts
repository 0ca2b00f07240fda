/** The overview: both grammars on one screen. */
import { type CommandRow, topics } from '../commands/command.js';
import { type CommandName, commands } from '../ipvsadm/grammar/commands.js';
import { optionNamed, spelling } from '../ipvsadm/grammar/popt.js';
import { definitionList, wrap } from '../output/definition-list.js';
import { version } from '../version.js';

/** Columns of the terminal that its texts are written for, and of output that is not a terminal. */
const WIDTH = 80;

/** The commands of ipvsadm in short: those that take the same words in one row. */
export const ipvsadmRows: readonly (readonly [names: readonly CommandName[], words: string, text: string])[] =
  [
    [['add-service', 'edit-service', 'delete-service'], 'SERVICE', 'add, edit or delete a virtual service'],
    [
      ['add-server', 'edit-server', 'delete-server'],
      'SERVICE -r SERVER',
      'add, edit or delete a real server',
    ],
    [['list', 'zero', 'save', 'restore', 'clear'], '', 'list, zero, save, restore or clear the table'],
    [['set'], 'TCP TCPFIN UDP', 'set the idle timeouts, in seconds'],
    [['start-daemon', 'stop-daemon'], '', 'start or stop a sync daemon, master or backup'],
    [['help', 'version'], '', 'show this help; show the version'],
  ];

/** What `lvsadm --help` writes, in lines of at most `width` columns. @param subcommands by topic */
export function overview(subcommands: readonly CommandRow[], width = WIDTH): string {
  const column = Math.max(...subcommands.map(({ name }) => name.length));
  const sections = Object.entries(topics).map(([topic, title]) => {
    const own = subcommands.filter((row) => row.topic === topic);
    const rows = own.map(({ name, summary }) => [name.padEnd(column), summary] as const);
    return `${title}:\n${definitionList(rows, width)}`;
  });
  const lines = (...texts: readonly string[]): string =>
    texts.flatMap((text) => wrap(text, width)).join('\n');
  return `${[
    lines(
      `lvsadm ${version}: administration of the Linux Virtual Server (IPVS)`,
      'Usage: lvsadm SUBCOMMAND [options], or lvsadm [COMMAND] [options] as ipvsadm',
    ),
    `${sections.join('')}${lines('Commands of ipvsadm (SERVICE: -t, -u or --sctp-service HOST:PORT, or -f MARK):')}\n${definitionList(
      ipvsadmRows.map(briefRow),
      width,
    ).trimEnd()}\n${lines('lvsadm help ipvsadm describes all of ipvsadm, lvsadm help apply this subcommand')}`,
  ].join('\n')}\n`;
}

function briefRow([names, words, text]: (typeof ipvsadmRows)[number]): readonly [string, string] {
  const spelled = names.flatMap((name) => optionNamed(commands, name) ?? []).map(spelling);
  return [[spelled.join(', '), words].filter(Boolean).join(' '), text];
}
