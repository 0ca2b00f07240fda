/** The manual page, in the macros of man(7). Commands and options are described by the tables that they are parsed with. */
import { optionSections } from '../ipvsadm/help.js';
import { version } from '../version.js';
import { type CommandDescription, type OptionDescription, valueText } from './description.js';
import { describeOption, ipvsadmCommands } from './ipvsadm.js';

/** Text in short lines, for paragraphs: roff fills them anew. */
const plain = (text: string): string => escaped(text.replaceAll(/(.{60}\S*) /g, '$1\n'));

/** Text as roff takes it: no line looks like a request, and dashes are minus signs. */
const escaped = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha')
    .replaceAll(/^([.'])/gm, '\\&$1');

const bold = (text: string): string => `\\fB${escaped(text)}\\fR`;
const italic = (text: string): string => `\\fI${escaped(text)}\\fR`;

const section = (title: string, ...blocks: readonly string[]): string =>
  [`.SH ${title.toUpperCase()}`, ...blocks].join('\n');

const tagged = (tag: string, text: string): string => `.TP\n${tag}\n${plain(text)}`;
const paragraph = (text: string): string => `.PP\n${plain(text)}`;
const verbatim = (lines: readonly string[]): string =>
  ['.PP', '.EX', ...lines.map(escaped), '.EE'].join('\n');

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

export const manualPage = (subcommands: readonly CommandDescription[]): string =>
  `${[
    `.TH LVSADM 8 "" "lvsadm ${version}" "System Administration"`,
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
      bold('ipvsadm-restore'),
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
          'subcommand. Called as ipvsadm, ipvsadm-save or ipvsadm-restore, lvsadm does what these programs do.',
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
      plain(
        'Services are written tcp://192.0.2.1:80, udp://192.0.2.1:53, sctp://[2001:db8::1]:5060 or fwmark://7.',
      ),
      ...subcommands.map(subcommandBlock),
    ),
    section(
      'Environment',
      tagged(
        bold('LVSADM_DEBUG=netlink'),
        'Show each message between lvsadm and the kernel, decoded, on standard error.',
      ),
      tagged(
        bold('LVSADM_TEMPLATES=off'),
        'Parse every line of -R, instead of the first of each form: slower, with the same effect.',
      ),
      tagged(
        bold('LVSADM_SOCKOPT=off'),
        'Standalone executable: read servers by netlink alone, not by getsockopt(2): slower, with the same effect.',
      ),
      tagged(
        bold('LVSADM_RUN'),
        'Directory of the state that lvsadm keeps until the machine restarts (default: /run/lvsadm; if that cannot be written, lvsadm in $XDG_RUNTIME_DIR).',
      ),
      tagged(bold('NO_COLOR'), 'If set, output has no colours.'),
    ),
    section(
      'Exit status',
      tagged(bold('0'), 'Success.'),
      tagged(bold('1'), 'The service to list does not exist. Subcommands: see above.'),
      tagged(bold('2'), 'The command line is wrong, or the kernel has no IPVS.'),
      tagged(bold('75'), 'Another lvsadm holds the lock and did not finish in time.'),
      tagged(bold('255'), 'The kernel refused a change, or an error of the system.'),
    ),
    section(
      'Examples',
      plain('A web service, with two servers behind network address translation:'),
      verbatim([
        'lvsadm -A -t 192.0.2.1:80 -s wrr',
        'lvsadm -a -t 192.0.2.1:80 -r 10.0.0.11:8080 -m',
        'lvsadm -a -t 192.0.2.1:80 -r 10.0.0.12:8080 -m -w 3',
        'lvsadm -Ln',
      ]),
      paragraph('The table, saved and restored:'),
      verbatim(['lvsadm -Sn > rules', 'lvsadm -R < rules']),
      paragraph('The table as a document, and the table made to match it:'),
      verbatim(['lvsadm export > cluster.yaml', 'lvsadm apply -f cluster.yaml --prune']),
    ),
    section('See also', '.BR ip (8),\n.BR nft (8),\n.BR sysctl (8)'),
  ].join('\n')}\n`;
