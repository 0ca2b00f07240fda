/**
 * Command lines whose effect with the real ipvsadm is recorded in test/vectors/ipvsadm/, and against which our own
 * grammar is then held. Tables multiplied out, so that no cell is forgotten.
 */

import { type Case, line, rip, rip6, splitLine, vip, vip6 } from './case.js';
import { corners } from './corners.js';

export { type Case, line, rip, rip6, splitLine, vip, vip6 };

const svc = `-t ${vip}`;
const tcp = [`-A ${svc}`];
const withServer = [...tcp, `-a ${svc} -r ${rip} -m`];

/** Each command in its shortest complete form, with what must be there before. */
const commands: { text: string; given?: string[]; stdin?: string; after?: string[] }[] = [
  { text: `-A ${svc}` },
  { text: `-E ${svc}`, given: tcp },
  { text: `-D ${svc}`, given: tcp },
  { text: '-C', given: tcp },
  { text: `-a ${svc} -r ${rip}`, given: tcp, after: ['-Sn', '-Ln --thresholds'] },
  { text: `-e ${svc} -r ${rip}`, given: withServer, after: ['-Sn', '-Ln --thresholds'] },
  { text: `-d ${svc} -r ${rip}`, given: withServer },
  { text: '-L', given: withServer, after: [] },
  { text: '-l', given: withServer, after: [] },
  { text: '-Z', given: withServer },
  { text: '-S', given: withServer, after: [] },
  { text: '-R', stdin: `-A ${svc}\n` },
  { text: '--set 901 121 301', after: ['-L --timeout'] },
  { text: '--start-daemon master --mcast-interface lo', after: ['-L --daemon'] },
  {
    text: '--stop-daemon master',
    given: ['--start-daemon master --mcast-interface lo --syncid 7'],
    after: ['-L --daemon'],
  },
  { text: '-h' },
  { text: '-v' },
];

/** Every option with a value that is good somewhere. */
const options = [
  `-t ${vip}`,
  `-u ${vip}`,
  `--sctp-service ${vip}`,
  '-f 7',
  '-6',
  '-s rr',
  '-p',
  '-p 60',
  '-M 255.255.255.0',
  '--pe sip',
  '-b flag-1',
  '-o',
  `-r ${rip}`,
  '-g',
  '-i',
  '-m',
  '-w 5',
  '-x 6',
  '-y 4',
  '--tun-type gue',
  '--tun-port 6080',
  '--tun-nocsum',
  '--tun-csum',
  '--tun-remcsum',
  '-n',
  '-c',
  '--timeout',
  '--daemon',
  '--stats',
  '--rate',
  '--exact',
  '--thresholds',
  '--persistent-conn',
  '--tun-info',
  '--nosort',
  '--sort',
  '--mcast-interface lo',
  '--syncid 9',
  '--sync-maxlen 1400',
  '--mcast-group 224.0.0.82',
  '--mcast-port 8849',
  '--mcast-ttl 2',
  '-A',
  '-E',
  '-D',
  '-C',
  '-a',
  '-e',
  '-d',
  '-L',
  '-l',
  '-Z',
  '-S',
  '-R',
  '--set',
  '--start-daemon master',
  '--stop-daemon master',
  '-h',
  '-v',
];

const legality = commands.flatMap((command) =>
  ['', ...options].map((option) => line(`${command.text} ${option}`, command)),
);

/** Commands without what they need, with too much, or with nothing to go by. */
const requirements = [
  ...['-A', '-E', '-D', '-a', '-e', '-d'].map((command) => line(command)),
  ...['-a', '-e', '-d'].map((command) => line(`${command} ${svc}`, { given: tcp })),
  ...['-a', '-e', '-d'].map((command) => line(`${command} -r ${rip}`, { given: tcp })),
  line('--set'),
  line('--set 1'),
  line('--set 1 2'),
  line('--set 1 2 3 4'),
  line('--start-daemon'),
  line('--stop-daemon'),
  line('--start-daemon master'),
  line(`-L ${svc}`, { given: [] }),
  line(`-A ${svc} -w 1 -r ${rip} -s rr`),
];

/** An option given twice. */
const twice = [
  ...['-s rr', '-p', '-M 255.255.255.0', '-o', '-b flag-1', '--pe sip', `-t ${vip}`, `-u ${vip}`].map(
    (option) => line(`-A ${svc.replace('-t', '-u')} ${option} ${option}`),
  ),
  line(`-A -t ${vip} -u ${vip}`),
  line(`-A -t ${vip} -f 1`),
  line('-A -f 1 -f 2'),
  line('-A -f 1 -6 -6'),
  ...['-g', '-m', '-w 1', '-x 1', '-y 1', `-r ${rip}`].map((option) =>
    line(`-a ${svc} -r ${rip} ${option} ${option}`, { given: tcp }),
  ),
  line(`-a ${svc} -r ${rip} -g -m`, { given: tcp }),
  line(`-a ${svc} -r ${rip} -i -m`, { given: tcp }),
  ...['--tun-type gue --tun-type gre', '--tun-port 1 --tun-port 2', '--tun-csum --tun-csum'].map((option) =>
    line(`-a ${svc} -r ${rip} -i ${option}`, { given: tcp }),
  ),
  ...[
    '-n',
    '-c',
    '--timeout',
    '--daemon',
    '--stats',
    '--rate',
    '--exact',
    '--thresholds',
    '--persistent-conn',
  ].map((option) => line(`-L ${option} ${option}`, { after: [] })),
  ...['--tun-info', '--nosort', '--sort'].map((option) => line(`-L ${option} ${option}`, { after: [] })),
  ...[
    '--syncid 1',
    '--mcast-interface lo',
    '--sync-maxlen 9',
    '--mcast-group 224.0.0.9',
    '--mcast-port 9',
    '--mcast-ttl 9',
  ].map((option) => line(`--start-daemon master ${option} ${option}`, { after: ['-L --daemon'] })),
];

const listing = [
  `-t ${vip}`,
  '-c',
  '-n',
  '--timeout',
  '--daemon',
  '--stats',
  '--rate',
  '--exact',
  '--thresholds',
  '--persistent-conn',
  '--tun-info',
  '--nosort',
  '--sort',
];

const listingPairs = listing.flatMap((one, at) =>
  listing.slice(at + 1).map((two) => line(`-L ${one} ${two}`, { given: withServer, after: [] })),
);

const tunnels = ['', '--tun-type ipip', '--tun-type gue', '--tun-type gre'].flatMap((type) =>
  ['', '--tun-port 6080', '--tun-port 0'].flatMap((port) =>
    [
      '',
      '--tun-nocsum',
      '--tun-csum',
      '--tun-remcsum',
      '--tun-nocsum --tun-csum',
      '--tun-csum --tun-remcsum',
      '--tun-nocsum --tun-remcsum',
    ].flatMap((checksum) =>
      line(`-a ${svc} -r ${rip} -i ${type} ${port} ${checksum}`, {
        given: tcp,
        after: ['-Sn', '-Ln --tun-info'],
      }),
    ),
  ),
);

const tunnelsElsewhere = ['', '-g', '-m'].flatMap((method) =>
  [
    '--tun-type ipip',
    '--tun-type gue',
    '--tun-type gue --tun-port 1',
    '--tun-port 6080',
    '--tun-nocsum',
    '--tun-csum',
  ].map((option) =>
    line(`-a ${svc} -r ${rip} ${method} ${option}`, { given: tcp, after: ['-Sn', '-Ln --tun-info'] }),
  ),
);

/** Numbers at and past every edge that a 16, 31, 32 or 64-bit field has, and forms that strtol(3) likes. */
const numbers = [
  '0', '1', '2', '254', '255', '256', '65507', '65508', '65534', '65535', '65536',
  '2678399', '2678400', '2678401', '2147483646', '2147483647', '2147483648', '4294967294', '4294967295', '4294967296', '4294967297',
  '9223372036854775807', '9223372036854775808', '18446744073709551615', '18446744073709551616',
  '-0', '-1', '+1', '␣1', '1␣', '007', '0x10', '1e3', '1.5', "''", '␣', 'a', '1a', '--',
]; // biome-ignore format: a table

const numeric = numbers.flatMap((n) => [
  line(`-a ${svc} -r ${rip} -w=${n}`, { given: tcp }),
  line(`-a ${svc} -r ${rip} -x=${n}`, { given: tcp, after: ['-Ln --thresholds'] }),
  line(`-a ${svc} -r ${rip} -y=${n}`, { given: tcp, after: ['-Ln --thresholds'] }),
  line(`-A ${svc} -p=${n}`, { after: ['-Sn', '-Ln'] }),
  line(`-A -f=${n}`, { after: ['-Sn', '-Ln'] }),
  line(`-A -t 192.0.2.1:${n.replace("''", '')}`),
  line(`-a ${svc} -m -r 198.51.100.7:${n.replace("''", '')}`, { given: tcp }),
  line(`-a ${svc} -r ${rip} -i --tun-type gue --tun-port=${n}`, { given: tcp }),
  line(`--set -- ${n} 0 0`, { after: ['-L --timeout'] }),
  ...['syncid', 'sync-maxlen', 'mcast-port', 'mcast-ttl'].map((name) =>
    line(`--start-daemon master --mcast-interface lo --${name}=${n}`, { after: ['-L --daemon'] }),
  ),
]);

const timeouts = ['0 0 0', '1 2 3', '0 5 0', '0 0 7', '1 x 3', '1 2 -3'].map((values) =>
  line(`--set ${values}`, { after: ['-L --timeout'] }),
);

const addresses = [
  '192.0.2.1', '192.0.2.1:', '192.0.2.1:80', '192.0.2.1:http', '192.0.2.1:HTTP', '192.0.2.1:domain', '192.0.2.1:nosuch', ':80', ':', "''",
  '192.0.2:80', '192.0:80', '192:80', '0xc0000201:80', '0300.0.2.1:80', '192.0.2.010:80', '192.0.2.256:80', '192.0.2.1.5:80', '192.0.2.1␣:80',
  '␣192.0.2.1:80', '192.0.2.1:␣80', '192.0.2.1:80␣', '192.0.2.1:080', '192.0.2.1:80:90', '192.0.2.1::80', '192.0.2.1/32:80',
  'localhost:80', 'localhost', 'localhost:http', 'nosuch.invalid:80', 'ip6-localhost:80',
  '0.0.0.0:80', '127.0.0.1:80', '224.0.0.1:80', '255.255.255.255:80',
  '[2001:db8::1]:80', '[2001:db8::1]', '[2001:db8::1]:', '[2001:db8::1]:http', '[2001:db8::1]80', '[2001:db8::1', '2001:db8::1', '[2001:DB8:0::1]:80',
  '[::]:80', '[::1]:80', '[::192.0.2.1]:80', '[::ffff:192.0.2.1]:80', '[ff02::1]:80', '[fe80::1]:80', '[fe80::1%lo]:80', '[192.0.2.1]:80', '[localhost]:80', '[]:80', '[2001:db8::g]:80',
]; // biome-ignore format: a table

const addressing = addresses.flatMap((address) => [
  line(`-A -t=${address} -p`),
  line(`-A -u=${address} -p`),
  line(`-a ${svc} -m -r=${address}`, { given: tcp }),
  line(`-a ${svc} -i -r=${address}`, { given: tcp }),
]);

const masks = [
  ...[
    '255.255.255.0',
    '255.255.255.255',
    '0.0.0.0',
    '255.0.255.0',
    '255.255.255',
    '24',
    '/24',
    '0',
    '1',
    '128',
    '129',
    '-1',
    '64',
    '64a',
    'x',
    "''",
    'localhost',
  ].flatMap((mask) => [
    line(`-A ${svc} -p -M=${mask}`),
    line(`-A -t ${vip6} -p -M=${mask}`),
    line(`-A -f 1 -6 -p -M=${mask}`),
  ]),
  line(`-A -M 255.255.255.0 ${svc} -p`),
  line(`-A -p -M 64 -t ${vip6}`),
  line('-A -f 1 -M 255.255.255.0 -p'),
  line('-A -f 1 -p -M 64 -6'),
  line('-A -M 255.255.255.0 -f 1 -p'),
  line(`-A ${svc} -M 255.255.255.0`),
];

const schedulers = [
  'rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sh', 'sed', 'nq', 'fo', 'ovf', 'mh', 'twos', 'nosuch', 'WLC', "''", 'x'.repeat(15), 'x'.repeat(16), 'rr'.padEnd(40, 'r'), '../rr', 'none',
].map((name) => line(`-A ${svc} -s=${name}`)); // biome-ignore format: a table

const flags = [
  'flag-1', 'flag-2', 'flag-3', 'flag-1,flag-2', 'flag-1,flag-2,flag-3', 'flag-2,flag-1', 'flag-1,flag-1', 'flag-1,', ',flag-1', ',', "''", 'flag-4',
  'sh-fallback', 'sh-port', 'sh-fallback,sh-port', 'mh-fallback', 'mh-port', 'mh-fallback,mh-port', 'sh-port,mh-port', 'sh-port,flag-3', 'SH-PORT', 'flag-1␣',
].flatMap((value) => [
  ...['sh', 'mh', 'rr'].map((scheduler) => line(`-A ${svc} -s ${scheduler} -b=${value}`, { after: ['-Sn', '-Ln'] })),
  line(`-A ${svc} -b=${value} -s sh`, { after: ['-Sn', '-Ln'] }),
  line(`-A ${svc} -b=${value}`, { after: ['-Sn', '-Ln'] }),
]); // biome-ignore format: a table

const services = [
  line(`-A -u ${vip} -o`, { after: ['-Sn', '-Ln'] }),
  line(`-A -t ${vip} -o`),
  line(`-A --sctp-service ${vip} -o`),
  line('-A -f 1 -o', { after: ['-Sn', '-Ln'] }),
  line(`-A -u ${vip} -p --pe sip`, { after: ['-Sn', '-Ln'] }),
  line(`-A -u ${vip} --pe sip`, { after: ['-Sn', '-Ln'] }),
  line(`-A -t ${vip} -p --pe sip`, { after: ['-Sn', '-Ln'] }),
  line(`-A -u ${vip} -p --pe nosuch`),
  line(`-A -u ${vip} -p --pe=`),
  line(`-A -u ${vip} -p --pe ${'x'.repeat(16)}`),
  line('-A -t 192.0.2.1', { after: ['-Sn', '-Ln'] }),
  line('-A -t 192.0.2.1:0', { after: ['-Sn', '-Ln'] }),
  line('-A -t 192.0.2.1 -p', { after: ['-Sn', '-Ln'] }),
  line('-A -f 1 -6', { after: ['-Sn', '-Ln'] }),
  line('-A -6 -f 1'),
  line(`-A -6 -t ${vip6}`),
  line(`-A -t ${vip6} -6`),
  line('-A -f 1 -6 -p -M 64', { after: ['-Sn', '-Ln'] }),
  line(`-E ${svc} -s rr`, {
    given: [`-A ${svc} -p 60 -M 255.255.255.0 -s sh -b flag-1`],
    after: ['-Sn', '-Ln'],
  }),
  line(`-E ${svc}`, { given: [`-A ${svc} -p 60 -s sh`], after: ['-Sn', '-Ln'] }),
  line(`-E -t 192.0.2.1`, { given: ['-A -t 192.0.2.1 -p'] }),
  line(`-D -t 192.0.2.1`, { given: ['-A -t 192.0.2.1 -p'] }),
  line(`-Z ${svc}`, { given: tcp }),
  line('-Z -f 1', { given: ['-A -f 1'] }),
  line('-L -f 1', { given: ['-A -f 1', '-A -f 1 -6'], after: [] }),
  line('-L -f 1 -6', { given: ['-A -f 1', '-A -f 1 -6'], after: [] }),
  line('-D -f 1', { given: ['-A -f 1', '-A -f 1 -6'] }),
  line('-D -f 1 -6', { given: ['-A -f 1', '-A -f 1 -6'] }),
];

const fwm = ['-A -f 1', '-A -f 2 -6'];
const servers = [
  ...['', '-g', '-i', '-m'].flatMap((method) => [
    line(`-a ${svc} -r 198.51.100.7 ${method}`, { given: tcp }),
    line(`-a ${svc} -r 198.51.100.7:8080 ${method}`, { given: tcp }),
    line(`-a ${svc} -r 198.51.100.7:0 ${method}`, { given: tcp }),
    line(`-a -r 198.51.100.7 ${svc} ${method}`, { given: tcp }),
    line(`-a -r 198.51.100.7:8080 ${svc} ${method}`, { given: tcp }),
    line(`-a ${method} ${svc} -r 198.51.100.7:8080`, { given: tcp }),
    line(`-a ${svc} -r ${rip6} ${method}`, { given: tcp }),
    line(`-a -t ${vip6} -r ${rip6} ${method}`, { given: [`-A -t ${vip6}`] }),
    line(`-a -t ${vip6} -r ${rip} ${method}`, { given: [`-A -t ${vip6}`] }),
    line(`-a -f 1 -r 198.51.100.7 ${method}`, { given: fwm }),
    line(`-a -f 1 -r 198.51.100.7:8080 ${method}`, { given: fwm }),
    line(`-a -f 1 -r ${rip6} ${method}`, { given: fwm }),
    line(`-a -f 2 -6 -r ${rip6} ${method}`, { given: fwm }),
    line(`-a -f 2 -6 -r ${rip} ${method}`, { given: fwm }),
    line(`-a -f 2 -6 -r [2001:db8:7::7] ${method}`, { given: fwm }),
    line(`-a -t 192.0.2.1 -r 198.51.100.7:8080 ${method}`, { given: ['-A -t 192.0.2.1 -p'] }),
    line(`-a -t 192.0.2.1 -r 198.51.100.7 ${method}`, { given: ['-A -t 192.0.2.1 -p'] }),
    line(`-d ${svc} -r 198.51.100.7:8080 ${method}`, {
      given: [...tcp, `-a ${svc} -r 198.51.100.7:8080 -m`],
    }),
    line(`-a ${svc} -r 127.0.0.1:80 ${method}`, { given: tcp, after: ['-Sn', '-Ln'] }),
  ]),
  line(`-d ${svc} -r 198.51.100.7`, { given: withServer }),
  line(`-d ${svc} -r 198.51.100.7:8080`, { given: withServer }),
  line(`-d ${svc} -r ${rip6}`, { given: [...tcp, `-a ${svc} -r ${rip6} -i`] }),
  line(`-e ${svc} -r ${rip}`, {
    given: [...tcp, `-a ${svc} -r ${rip} -m -w 7 -x 9 -y 3`],
    after: ['-Sn', '-Ln --thresholds'],
  }),
  line(`-e ${svc} -r ${rip} -w 0`, { given: withServer }),
  line(`-a ${svc} -r ${rip} -x 3 -y 5`, { given: tcp, after: ['-Ln --thresholds'] }),
  line(`-a ${svc} -r ${rip} -y 5`, { given: tcp, after: ['-Ln --thresholds'] }),
  line(`-a ${svc} -r 0.0.0.0:80 -m`, { given: tcp }),
  line(`-a ${svc} -r 198.51.100.7:http -m`, { given: tcp }),
  line('-a -u 192.0.2.1:53 -r 198.51.100.7:domain -m', { given: ['-A -u 192.0.2.1:53'] }),
  line('-a -r 198.51.100.7:tftp -u 192.0.2.1:53 -m', { given: ['-A -u 192.0.2.1:53'] }),
  line('-a -f 1 -r 198.51.100.7:http -m', { given: fwm }),
  line('-a -f 1 -r 198.51.100.7:tftp -m', { given: fwm }),
];

/** What the kernel refuses. */
const refusals = [
  line(`-A ${svc}`, { given: tcp }),
  line('-A -f 1', { given: ['-A -f 1'] }),
  line(`-E ${svc}`),
  line(`-D ${svc}`),
  line(`-Z ${svc}`),
  line(`-L ${svc}`, { after: [] }),
  line('-L -f 9', { after: [] }),
  line(`-a ${svc} -r ${rip}`),
  line(`-e ${svc} -r ${rip}`),
  line(`-d ${svc} -r ${rip}`),
  line(`-a ${svc} -r ${rip}`, { given: withServer }),
  line(`-e ${svc} -r ${rip}`, { given: tcp }),
  line(`-d ${svc} -r ${rip}`, { given: tcp }),
  line(`-A ${svc} -s nosuch`),
  line(`-E ${svc} -s nosuch`, { given: tcp }),
  line(`-A -u ${vip} -p --pe nosuch`),
  line(`-E -u ${vip} -p --pe nosuch`, { given: [`-A -u ${vip}`] }),
  line('--start-daemon master --mcast-interface lo', {
    given: ['--start-daemon master --mcast-interface lo'],
  }),
  line('--stop-daemon master'),
  line('--stop-daemon backup'),
  line('--start-daemon master --mcast-interface nosuch0'),
  line('--start-daemon master'),
];

const daemons = [
  ...['master', 'backup', 'MASTER', "''", 'x', 'masters'].flatMap((state) => [
    line(`--start-daemon ${state} --mcast-interface lo`, { after: ['-L --daemon'] }),
    line(`--stop-daemon ${state}`, {
      given: ['--start-daemon master --mcast-interface lo', '--start-daemon backup --mcast-interface lo'],
      after: ['-L --daemon'],
    }),
  ]),
  ...['lo', "''", 'x'.repeat(15), 'x'.repeat(16), 'lo'.padEnd(40, 'o')].map((name) =>
    line(`--start-daemon master --mcast-interface=${name}`, { after: ['-L --daemon'] }),
  ),
  ...[
    '224.0.0.81',
    '224.0.0.1',
    '239.255.255.255',
    '192.0.2.1',
    '0.0.0.0',
    'ff02::1',
    '[ff02::1]',
    'ff05::99',
    '2001:db8::1',
    'x',
    "''",
    '224.0.0',
    'localhost',
  ].flatMap((group) => [
    line(`--start-daemon master --mcast-interface lo --mcast-group=${group}`, { after: ['-L --daemon'] }),
    line(
      `--start-daemon backup --mcast-interface lo --mcast-group=${group} --mcast-port 8850 --mcast-ttl 3 --sync-maxlen 1000 --syncid 5`,
      {
        after: ['-L --daemon'],
      },
    ),
  ]),
  line('--stop-daemon master --syncid 4', {
    given: ['--start-daemon master --mcast-interface lo --syncid 5'],
    after: ['-L --daemon'],
  }),
  line('--stop-daemon master --mcast-interface nosuch', {
    given: ['--start-daemon master --mcast-interface lo'],
    after: ['-L --daemon'],
  }),
];

const two = [`-A ${svc} -s rr`, `-a ${svc} -r ${rip} -m -w 5`];
const other = '-A -t 192.0.2.9:80 -s rr';

/** What -R makes of its lines. */
const restore = [
  '', '\n', '\n\n\n', ' \n', '# nothing\n', two.join('\n'), `${two.join('\n')}\n`, two.join('\r\n'), `${two.join('\r\n')}\r\n`,
  `\t${other}\n`, `  ${other}  \n`, other.replaceAll(' ', '\t'), other.replaceAll(' ', ' \t '), `ipvsadm ${other}\n`, `  ipvsadm   ${other}\n`, `lvsadm ${other}\n`,
  `/sbin/ipvsadm ${other}\n`, `IPVSADM ${other}\n`, `ipvsadm ipvsadm ${other}\n`, 'ipvsadm\n', `ipvsadm\n${other}\n`, `${other} # why\n`, `${other}#why\n`, `#${other}\n`, ` # ${other}\n`, `${other} #\n`,
  `"-A" -t 192.0.2.9:80\n`, `-A -t "192.0.2.9:80"\n`, `-A -t '192.0.2.9:80'\n`, `-A -t 192.0.2.9:80 -s \\\nrr\n`, `-A\n`, `foo\n${other}\n`, `-A\n${other}\n`, `${other}\n-A\n`,
  `${other}\n${other}\n`, `${other}\n${other}\n${two[0]}\n`, `${two[0]}\n${two[0]}\n${two[1]}\n${two[1]}\n${other}`, `${other}\n--bad\n${two[0]}\n`, `${other}\n-A --bad\n${two[0]}\n`, `${other}\n-A -w x\n${two[0]}\n`, `${other}\n-A -t\n${two[0]}\n`,
  `${other}\n-L -n\n${two[0]}\n`, `${other}\n-S -n\n`, `-R\n${other}\n`, `${other}\n-C\n${two[0]}\n`, `${other}\n-h\n${two[0]}\n`, `-v\n${two[0]}\n`, `-L -t 192.0.2.9:80\n${other}\n`, `${other}\n-L -t 192.0.2.8:80\n${two[0]}\n`, `${other}\n\n\n\n${two[0]}\n`,
  `-A -t 192.0.2.9:80 -p\n`, `-A -t 192.0.2.9:80 -p 60\n`, `-A -t 192.0.2.9:80 -s nosuch\n${other}\n`, `${other}\n-A -t 192.0.2.9:81 -s nosuch\n`, `-Z\n`, `--set 1 2 3\n`, `-D -t 192.0.2.99:80\n`, `${'-A -t 192.0.2.9:80 '.padEnd(3000)}-s rr\n`, `-A -t 192.0.2.9:80 ${'x'.repeat(3000)}\n`,
  `${other}\0\n`, `${other}\f\v\n`, `${other};${two[0]}\n`, `\ufeff${other}\n`, '-a -t 192.0.2.9:80 -r 198.51.100.7:80 -m\n', `${two.join('\n')}\n-e ${svc} -r ${rip} -m -w 0\n-d ${svc} -r ${rip}\n-D ${svc}\n`,
].map((stdin) => line('-R', { stdin })); // biome-ignore format: a table

const popt = [
  '', '-n', '-t 192.0.2.1:80 -A', 'foo', '-A foo', 'foo -A', 'foo -L', '-L foo', '--foo', '-A --foo', '-z', '-A -z', '-L -A', '--list=foo', '-L=n', '-Ln=', '-Ln', '-L -n',
  '-nL', '-lcn', '-Lcn', '-A= -t 192.0.2.1:80', '-A -t=192.0.2.1:81', '-At192.0.2.1:82', '-At 192.0.2.1:83', '-A -t', "-A -t ''", '-A --tcp-service=', '-A --tcp-serv=192.0.2.1:80',
  '-A --tcp-service=192.0.2.1:80', '-A --tcp-service 192.0.2.1:80', '-A -tcp-service 192.0.2.1:80', '-A --t 192.0.2.1:80', '-A -t -A', '-A -t --',
  '-A -u 192.0.2.1:80 -p', '-A -u 192.0.2.1:81 -p 5', '-A -u 192.0.2.1:82 -p=6', '-A -u 192.0.2.1:83 -p7', '-A -u 192.0.2.1:84 -p -s rr', '-A -u 192.0.2.1:85 --persistent=8',
  '-A -u 192.0.2.1:86 --persistent 9', '-A -u 192.0.2.1:87 --persistent=', "-A -u 192.0.2.1:88 -p ''", '-A -u 192.0.2.1:89 -p -1', '-A -u 192.0.2.1:90 -p=-1', '-A -u 192.0.2.1:91 -p -',
  '-A -- -u 192.0.2.1:92', '-A -u 192.0.2.1:93 --', '-A -u 192.0.2.1:94 -- -p', '-A -u 192.0.2.1:95 -', '-A -p5u 192.0.2.1:96', '-A -op5 -u 192.0.2.1:97', '-A -po -u 192.0.2.1:98',
  '-A -nu 192.0.2.1:99', '-A -o= -u 192.0.2.1:100', '-A -o=p5 -u 192.0.2.1:101', '-A -o -p= -u 192.0.2.1:103', '-A -ops rr -u 192.0.2.1:104', '-A -w== -u 192.0.2.1:105', '-A -u==192.0.2.1:106',
  '-- -L', '- -L', '-', '--', '---', '-L ---', '-L --=', '-L --=x', '-L -=', '-A -h', '-L -v', '-h -A', '-v foo', '-h foo', '-hv', '-vx', '-h --nosuch', '-A --bad -t x', '-A -t x: --bad', '-A -w 5 --bad', '-A -w x --bad',
  '-C foo', '-C -C', '-S foo', '-Z foo', '--set foo', '--help=x', '-A -u 192.0.2.1:107 -p 5 6', '--start-daemon=master --mcast-interface lo', '-A --ops=1 -u 192.0.2.1:108', '-A -u !#:+ 192.0.2.1:109',
].map((text) => line(text)); // biome-ignore format: a table

/** A table with everything in it. */
export const everything = [
  '-A -t 192.0.2.1:80 -s wrr -p 600 -M 255.255.255.0',
  '-a -t 192.0.2.1:80 -r 198.51.100.7 -m -w 65535 -x 100 -y 50',
  '-a -t 192.0.2.1:80 -r 198.51.100.8 -m -w 0',
  '-a -t 192.0.2.1:80 -r 198.51.100.9 -i --tun-type gue --tun-port 6080 --tun-remcsum',
  '-a -t 192.0.2.1:80 -r 198.51.100.10 -i --tun-type gue --tun-port 65535 --tun-nocsum -x 4294967',
  '-a -t 192.0.2.1:80 -r 198.51.100.11 -i --tun-type gre --tun-csum',
  '-a -t 192.0.2.1:80 -r [2001:db8:7::7]:80 -i',
  '-A -u 192.0.2.1:5060 -s sh -b sh-port,sh-fallback -p 60 --pe sip -o',
  '-A --sctp-service 192.0.2.1:9 -s mh -b mh-port',
  '-a --sctp-service 192.0.2.1:9 -r 127.0.0.1',
  '-A -t [2001:db8::1]:443 -s rr -p 60 -M 64',
  '-a -t [2001:db8::1]:443 -r [2001:db8:7::7]:8443 -m -w 3',
  '-a -t [2001:db8::1]:443 -r [2001:db8:1111:2222:3333:4444:5555:6666]:65535 -m -w 2147483647',
  '-a -t [2001:db8::1]:443 -r 198.51.100.8 -i',
  '-A -t [2001:db8:1111:2222:3333:4444:5555:6666]:12345',
  '-A -t 127.0.0.1:443',
  '-a -t 127.0.0.1:443 -r 127.0.0.1:8080 -m',
  '-A -f 7',
  '-a -f 7 -r 198.51.100.7 -g',
  '-a -f 7 -r 198.51.100.8:8080 -m',
  '-A -f 8 -6 -p',
  '-a -f 8 -6 -r [2001:db8:7::7]:0 -m',
  '-A -t 192.0.2.1:12345 -b flag-3',
  '-A -t 192.0.2.200 -p 3',
];

const tables = [
  ...['', '-n', '--stats', '--rate', '--thresholds', '--persistent-conn', '--tun-info'].flatMap((columns) =>
    ['', '-n', '--exact'].map((more) =>
      line(`-L ${columns} ${columns === more ? '' : more}`, { given: everything, after: [] }),
    ),
  ),
  ...['-t 192.0.2.1:80', '-t [2001:db8::1]:443', '-f 7', '-f 8 -6', '-t localhost:https'].flatMap((one) =>
    ['', '-n', '--stats', '--tun-info -n'].map((more) =>
      line(`-L ${one} ${more}`, { given: everything, after: [] }),
    ),
  ),
  line('-S', { given: everything, after: [] }),
  line('-S -n', { given: everything, after: [] }),
  // Addresses more than 2^31 apart, and marks.
  line('-L -n', {
    given: ['9.0.0.1', '10.0.0.1', '192.0.2.1', '200.0.0.1', '128.0.0.1', '127.255.255.255', '255.0.0.1'].map(
      (a) => `-A -t ${a}:80`,
    ),
    after: [],
  }),
  line('-L -n', {
    given: ['-A -f 1', '-A -f 2147483647', '-A -f 1 -6', '-A -f 2 -6', '-A -t 10.0.0.1:80'],
    after: [],
  }),
];

const header = 'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n';
const callId = 'a84b4c76e66710@pc33.atlanta.com';
const v6 = '2001:0db8:0000:0000:0000:0000:0000:0080';
const long6 = '2001:0db8:1111:2222:3333:4444:5555:6666';
const connectionTable = `${header}\
TCP C000020A C880 C0000201 0050 C6336407 1F90 ESTABLISHED    899
TCP C000020A C881 C0000201 0050 C6336407 1F90 SYN_RECV         5
TCP 7F000001 C881 7F000001 0050 7F000001 01BB FIN_WAIT        60
UDP C000020A 0035 C0000201 0035 C6336407 0035 UDP            298
UDP C000020A 0000 C000020A 13C4 C6336407 13C4 NONE            358 sip ${callId}
SCTP C000020A C880 C0000201 0009 C6336407 0009 ESTABLISHED    900
TCP ${v6} CDC0 ${v6} 0050 ${v6} 0050 SYN_RECV         59
TCP ${long6} FFFF ${long6} FFFF ${long6} FFFF TIME_WAIT       120
TCP ${v6} CDC0 ${v6} 0050 C6336407 0050 ESTABLISHED  86400
TCP C000020A 0000 C0000201 0000 C6336407 0000 ASSURED      2678400
IP  C000020A 0000 00000007 0000 C6336407 0000 NONE            358
IP  ${v6} 0000 0000:0007:0000:0000:0000:0000:0000:0000 0000 ${v6} 0000 NONE            358
ICMP C000020A 0000 C0000201 0000 C6336407 0000 NONE              1
UDP C000020A 13C4 C0000201 13C4 C6336407 13C4 UDP            298 sip ${callId}
`;

const connections = [
  ...['-Lcn', '-Lc', '-Lcn --persistent-conn', '-Lc --persistent-conn'].flatMap((form) => [
    line(form, { connections: connectionTable, after: [] }),
    line(form, { connections: header, after: [] }),
    line(form, {
      connections: `${header}UDP C000020A 0000 C000020A 13C4 C6336407 13C4 NONE 358 sip ${'x'.repeat(255)}\n`,
      after: [],
    }),
  ]),
];

export const groups: Readonly<Record<string, readonly Case[]>> = {
  popt,
  restore,
  legality,
  requirements,
  twice,
  listing: listingPairs,
  tunnels: [...tunnels, ...tunnelsElsewhere],
  numbers: [...numeric, ...timeouts],
  addresses: addressing,
  masks,
  schedulers: [...schedulers, ...flags],
  services,
  servers,
  refusals,
  daemons,
  tables,
  connections,
  corners,
};
