/** The manual page, in the macros of man(7). Commands and options are described by the tables that they are parsed with. */
import { optionSections } from '../ipvsadm/help.js';
import { version } from '../version.js';
import { type Option, type Use, valueText } from './description.js';
import { describeOption, ipvsadmUses } from './ipvsadm.js';

/** Text, as roff takes it: in short lines, none of which looks like a request, and with dashes that are minus signs. */
const plain = (text: string): string =>
  text
    .replaceAll(/(.{60}\S*) /g, '$1\n')
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha')
    .replaceAll(/^([.'])/gm, '\\&$1');

const bold = (text: string): string => `\\fB${plain(text)}\\fR`;
const italic = (text: string): string => `\\fI${plain(text)}\\fR`;

const section = (title: string, ...blocks: readonly string[]): string =>
  [`.SH ${title.toUpperCase()}`, ...blocks].join('\n');

const tagged = (tag: string, text: string): string => `.TP\n${tag}\n${plain(text)}`;
const paragraph = (text: string): string => `.PP\n${plain(text)}`;
const verbatim = (lines: readonly string[]): string => ['.PP', '.EX', ...lines.map(plain), '.EE'].join('\n');

const optionBlock = ({ names, value, help }: Option): string =>
  tagged(names.map(bold).join(', ') + (value ? ` ${italic(valueText(value))}` : ''), help);

const commandBlock = ({ names, usage, help }: Use): string =>
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
}: Use): string =>
  [
    `.SS ${bold(`lvsadm ${names[0]}`)}${usage ? ` ${italic(usage)}` : ''}`,
    plain(help),
    ...positionals
      .filter((positional) => positional.help !== '')
      .map((positional) => tagged(italic(positional.label), positional.help)),
    ...options.filter(({ names: [name] }) => name !== '-h').map(optionBlock),
    ...notes.map(paragraph),
    ...(exitStatuses.length > 0 ? [paragraph('Exit status:')] : []),
    ...exitStatuses.map(([status, meaning]) => tagged(bold(status), meaning)),
    ...(examples.length > 0 ? [paragraph('Examples:')] : []),
    ...examples.map(([commandLine, purpose]) => tagged(bold(commandLine), purpose)),
  ].join('\n');

/** For these subcommands. */
export const manualPage = (subcommands: readonly Use[]): string =>
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
        'The Linux Virtual Server is the load balancer inside the kernel, IPVS: what clients send to a virtual service is ' +
          'passed to one of its real servers, by network address translation, in a tunnel, or by direct routing.',
      ),
      paragraph(
        'lvsadm sets this table up and shows it. A first word that begins with a dash is a command in the grammar of ' +
          'ipvsadm, for which lvsadm stands in, with the same output; where nothing is said the table is listed. Any other first ' +
          'word is a subcommand of its own. Called by the names of the three programs of ipvsadm it does what they do.',
      ),
    ),
    section(
      'Commands',
      plain('One of them comes first.'),
      ...ipvsadmUses.map(commandBlock),
      paragraph(
        'SERVICE is one of the options that name a virtual service. IPv6 addresses stand in brackets: [2001:db8::1]:80.',
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
        'Each message between lvsadm and the kernel is shown, decoded, on standard error.',
      ),
      tagged(
        bold('LVSADM_TEMPLATES=off'),
        'Every line of -R is parsed, instead of the first of each form: slower, with the same effect.',
      ),
      tagged(
        bold('LVSADM_RUN'),
        'The directory for what lvsadm remembers while the machine is up, instead of /run/lvsadm.',
      ),
      tagged(bold('NO_COLOR'), 'Set to anything, output has no colours.'),
    ),
    section(
      'Exit status',
      tagged(bold('0'), 'It is done.'),
      tagged(bold('1'), 'The service that was to be listed is not there; of subcommands, see above.'),
      tagged(bold('2'), 'The command line makes no sense, or the kernel has no IPVS.'),
      tagged(bold('75'), 'Another lvsadm is at work and did not finish in time.'),
      tagged(bold('255'), 'The kernel refused.'),
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
      paragraph('The same as a document, which the table is then made to follow:'),
      verbatim(['lvsadm export > cluster.yaml', 'lvsadm apply -f cluster.yaml --prune']),
    ),
    section('See also', '.BR ip (8),\n.BR nft (8),\n.BR sysctl (8)'),
  ].join('\n')}\n`;
