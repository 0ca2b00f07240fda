/** The manual page, in the macros of man(7). Commands and options are described by the tables that they are parsed with. */
import { optionSections } from '../ipvsadm/help.js';
import { date, version } from '../version.js';
import { type CommandDescription, type OptionDescription, valueText } from './description.js';
import { notationsIn } from './help.js';
import { describeOption, ipvsadmCommands } from './ipvsadm.js';
import { bold, italic, paragraph, plain, section, tagged, verbatim } from './roff.js';
import { describeHelp } from './subcommands.js';

const optionBlock = ({ names, value, help }: OptionDescription): string =>
  tagged(names.map(bold).join(', ') + (value ? ` ${italic(valueText(value))}` : ''), help);

const commandBlock = ({ names, usage, help }: CommandDescription): string =>
  tagged([names.map(bold).join(', '), usage && italic(usage)].filter(Boolean).join(' '), help);

const subcommandBlock = ({
  names,
  usage,
  help,
  options,
  positionals,
  notes,
  exitStatuses,
  examples,
}: CommandDescription): string =>
  [
    `.SS ${bold(`lvsadm ${names[0]}`)}${usage ? ` ${italic(usage)}` : ''}`,
    plain(help),
    ...notes.map(paragraph),
    ...positionals
      .filter((positional) => positional.help !== '')
      .map((positional) => tagged(italic(positional.name), positional.help)),
    ...options.filter(({ names: [name] }) => name !== '-h').map(optionBlock),
    ...(exitStatuses.length > 0 ? [paragraph('Exit status:')] : []),
    ...exitStatuses.map(([status, meaning]) => tagged(bold(status), meaning)),
    ...(examples.length > 0 ? [paragraph('Examples:')] : []),
    ...examples.map(([commandLine, purpose]) => tagged(bold(commandLine), purpose)),
  ].join('\n');

export const exampleDocument = `services:
  - service: tcp://192.0.2.1:80
    scheduler: wrr
    persistence: 300
    defaults: { method: nat }
    servers:
      - 10.0.0.11:8080
      - { server: 10.0.0.12:8080, weight: 3 }
timeouts: { tcp: 900, tcpFin: 120, udp: 300 }`;

type Rows = readonly (readonly [name: string, text: string])[];

const files: Rows = [
  [
    '/run/lvsadm',
    'State that is kept until the machine restarts: locks, weights before a drain, set-ups to undo.',
  ],
  [
    '/proc/sys/net/ipv4/vs',
    'Settings of IPVS, one a file: lvsadm director status lists them with their meanings.',
  ],
  ['/proc/net/ip_vs_conn', 'The table of connections, which -Lc reads.'],
  [
    '/etc/services, /etc/hosts, /etc/resolv.conf',
    'Names of ports and hosts, and the name servers that are asked.',
  ],
  [
    '/var/lib/lvsadm',
    'Holds, the history of changes, and the states of checked servers. LVSADM_STATE_DIR names another directory.',
  ],
  ['/var/cache/lvsadm', 'Node.js 22 and later, as root: compiled code, which shortens each start.'],
];

const environment: Rows = [
  ['LVSADM_DEBUG=netlink', 'Write each message between lvsadm and the kernel to standard error, decoded.'],
  ['LVSADM_RUN=DIRECTORY', 'Keep state there instead of in /run/lvsadm, as --run-dir does for one command.'],
  [
    'LVSADM_STATE_DIR=DIRECTORY',
    'Keep holds, the history and the states of checked servers there instead of in /var/lib/lvsadm, as --state-dir does.',
  ],
  ['LVSADM_STORE=STORE', 'The store of the fleet for lvsadm fleet and lvsadm run, as --store.'],
  [
    'LVSADM_STORE_USER=NAME, LVSADM_STORE_PASSWORD_FILE=FILE',
    'User of the store, and a file whose first line is the password.',
  ],
  [
    'LVSADM_TEMPLATES=off',
    'Parse every line of -R instead of the first of each form: slower, with the same effect.',
  ],
  [
    'LVSADM_SOCKOPT=off',
    'Standalone executable: read servers by netlink alone, never by getsockopt(2): slower, with the same output.',
  ],
  [
    'NOTIFY_SOCKET, WATCHDOG_USEC',
    'Set by systemd: lvsadm run tells it when it is ready, and that it is alive (sd_notify(3)).',
  ],
  ['SSH_CONNECTION', 'Set by sshd(8): the address of the client stands in lvsadm history.'],
  ['NO_COLOR', 'Write no colours, if set to anything but the empty string. TERM=dumb has the same effect.'],
  [
    'LC_ALL, LC_CTYPE, LANG',
    'The first that is set names the locale. Without UTF-8 in it, lvsadm top draws in ASCII.',
  ],
  ['XDG_RUNTIME_DIR', 'State is kept in its directory lvsadm if /run/lvsadm cannot be written.'],
];

export const exitStatuses: Rows = [
  ['0', 'Success.'],
  [
    '1',
    'The service to list does not exist; the output cannot be written; with subcommands, the result that their section has for it.',
  ],
  ['2', 'The command line or a document is wrong, or the kernel has no IPVS. Nothing was changed.'],
  ['3', 'doctor itself failed.'],
  ['70', 'A fault in lvsadm itself: please report it.'],
  ['75', 'Another lvsadm holds the lock and did not finish in time. Try again.'],
  ['130, 143', 'Interrupted by SIGINT or SIGTERM (128 and the number of the signal).'],
  ['141', 'The reader of the output has closed the pipe.'],
  [
    '255',
    'The kernel refused a change, an option is unknown or lacks its value (ipvsadm grammar), or an error of the system.',
  ],
];

const examples: readonly (readonly [purpose: string, commands: string])[] = [
  [
    'A web service, with two servers behind network address translation:',
    `lvsadm -A -t 192.0.2.1:80 -s wrr
lvsadm -a -t 192.0.2.1:80 -r 10.0.0.11:8080 -m
lvsadm -a -t 192.0.2.1:80 -r 10.0.0.12:8080 -m -w 3
lvsadm -Ln`,
  ],
  ['The table, saved, deleted and restored:', 'lvsadm -Sn > rules\nlvsadm -C\nlvsadm -R < rules'],
  [
    'The table as a document, and the table made to match it:',
    'lvsadm export > cluster.yaml\nlvsadm apply -f cluster.yaml --prune',
  ],
];

export const manualPage = (subcommands: readonly CommandDescription[]): string =>
  `${[
    `.TH LVSADM 8 "${date}" "lvsadm ${version}" "System Administration"`,
    section(
      'Name',
      'lvsadm, ipvsadm, ipvsadm\\-save, ipvsadm\\-restore\n\\- administer the Linux Virtual Server',
    ),
    section(
      'Synopsis',
      `${bold('lvsadm')} ${italic('COMMAND')} [${italic('options')}]`,
      '.br',
      `${bold('lvsadm')} ${italic('SUBCOMMAND')} [${italic('options')}]`,
      '.br',
      `${bold('ipvsadm')} ${italic('COMMAND')} [${italic('options')}]`,
      '.br',
      `${bold('ipvsadm-save')} [${bold('-n')}]`,
      '.br',
      `${bold('ipvsadm-restore')} [${bold('--flush')}]`,
    ),
    section(
      'Description',
      plain(
        'The Linux Virtual Server (IPVS) is the load balancer inside the Linux kernel. It forwards the packets that clients send ' +
          'to a virtual service to one of its real servers: by network address translation, in a tunnel, or by direct routing.',
      ),
      paragraph(
        'lvsadm changes and lists the table of virtual services. Its grammar and output are those of ipvsadm: a first word that ' +
          'begins with a dash is a command of ipvsadm, and without any words lvsadm lists the table. Any other first word is a ' +
          'subcommand. Called as ipvsadm, ipvsadm-save or ipvsadm-restore, lvsadm does what these programs do. ' +
          'ipvsadm-restore changes only what differs; with --flush it clears the table first, as that of ipvsadm does.',
      ),
    ),
    section(
      'Commands',
      plain('A command is the first word.'),
      ...ipvsadmCommands.map(commandBlock),
      paragraph(
        'SERVICE is one of the options that name a virtual service. IPv6 addresses are written in brackets: [2001:db8::1]:80.',
      ),
    ),
    ...optionSections.map(({ title, options }) =>
      section(title, ...options.map((o) => optionBlock(describeOption(o)))),
    ),
    section(
      'Subcommands',
      plain('Values are written in one way for all subcommands:'),
      ...notationsIn(subcommands).map(([name, notation]) => tagged(italic(name), notation)),
      ...[...subcommands, describeHelp(subcommands)].map(subcommandBlock),
    ),
    section(
      'Documents',
      plain(
        'apply and diff read documents, and export writes one: YAML, JSON, or rules that ipvsadm -S wrote. A section or a list of ' +
          'servers that is absent is not managed. lvsadm schema writes the JSON Schema of documents, with all keys. An example:',
      ),
      verbatim(exampleDocument),
    ),
    section('Files', ...files.map(([name, text]) => tagged(italic(name), text))),
    section('Environment', ...environment.map(([name, text]) => tagged(bold(name), text))),
    section('Exit status', ...exitStatuses.map(([status, text]) => tagged(bold(status), text))),
    section(
      'Examples',
      ...examples.flatMap(([purpose, commands], index) => [
        index === 0 ? plain(purpose) : paragraph(purpose),
        verbatim(commands),
      ]),
    ),
    section('See also', '.BR ip (8),\n.BR nft (8),\n.BR sysctl (8)'),
  ].join('\n')}\n`;
