/** The overview: both grammars on one screen. */
import { type CommandRow, topics } from '../commands/command.js';
import { type CommandName, commands } from '../ipvsadm/grammar/commands.js';
import { optionNamed, spelling } from '../ipvsadm/grammar/popt.js';
import { definitionList } from '../output/definition-list.js';
import { version } from '../version.js';

/** Columns of the narrowest terminal that it is written for. */
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
    [['list', 'zero'], '[SERVICE]', 'list the table; set its counters to zero'],
    [['save', 'restore', 'clear'], '', 'save the table; restore it; delete all services'],
    [['set'], 'TCP TCPFIN UDP', 'set the idle timeouts, in seconds'],
    [['start-daemon', 'stop-daemon'], '', 'start or stop a sync daemon, master or backup'],
    [['help', 'version'], '', 'show this help; show the version'],
  ];

/** What `lvsadm --help` writes. @param subcommands by topic */
export function overview(subcommands: readonly CommandRow[]): string {
  const width = Math.max(...subcommands.map(({ name }) => name.length));
  const sections = Object.entries(topics).map(([topic, title]) => {
    const own = subcommands.filter((row) => row.topic === topic);
    const rows = own.map(({ name, summary }) => [name.padEnd(width), summary] as const);
    return `${title}:\n${definitionList(rows, WIDTH)}`;
  });
  return [
    `lvsadm ${version}: administration of the Linux Virtual Server (IPVS)\n`,
    'Usage: lvsadm SUBCOMMAND [options]\n       lvsadm [COMMAND] [options]     in the grammar of ipvsadm; no command: -L\n',
    sections.join(''),
    `Commands of ipvsadm (SERVICE: -t, -u or --sctp-service HOST:PORT, or -f MARK):\n${definitionList(ipvsadmRows.map(briefRow), WIDTH)}`,
    'lvsadm help WORD describes a subcommand or a command: lvsadm help apply\nlvsadm help ipvsadm lists all commands and options of ipvsadm\n',
  ].join('\n');
}

function briefRow([names, words, text]: (typeof ipvsadmRows)[number]): readonly [string, string] {
  const spelled = names.flatMap((name) => optionNamed(commands, name) ?? []).map(spelling);
  return [[spelled.join(', '), words].filter(Boolean).join(' '), text];
}
