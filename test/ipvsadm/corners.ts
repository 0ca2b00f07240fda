/**
 * Corners of the grammar, multiplied out: every letter as an option, every form of an address and of a port in every place that
 * takes one, and values that name nothing.
 */
import { type Case, line, rip, vip } from './case.js';

const service = `-t ${vip}`;
const given = [`-A ${service}`];
const server = [...given, `-a ${service} -r ${rip} -m`];

const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789?_@%'];
const shortForms = letters.flatMap((letter) => [
  line(`-${letter}`, { after: [] }),
  line(`-L -${letter}`, { given: server, after: [] }),
  line(`-A ${service} -${letter}`, { after: ['-Sn'] }),
]);

/** Long options are never abbreviated. */
const longForms = ['exact', 'numeric', 'stats', 'list', 'sort', 'timeout', 'daemon'].flatMap((name) =>
  [name.slice(0, 3), name.slice(0, -1), name.toUpperCase(), `${name}=`, `${name}=1`, `no-${name}`].map(
    (word) => line(`-L --${word}`, { after: [] }),
  ),
);

/** Forms that inet_aton(3) takes, or nearly; `␣` is a blank. */
const hosts = [
  '80', '1.2', '1.2.3', '0x7f.1', '0x7f000001', '0X7F.1', '010.0.0.1', '08.1', '2130706433', '4294967295', '4294967296', '0', '00', '0x0', '0x', '0.0.0.0', '::',   '1.', '.1', '1..2', '1.2.3.4.', '1.2.3.4.5', '-1', '+1', '1.2.3.4␣', '1.2.3.4␣x', '256.1', '1.16777215', '1.16777216', '1.2.65535', '1.2.65536', '/', '1.2.3.4/24', 'ff', '*',
  '::ffff:1.2.3.4', '255.255.255.255', '224.0.0.1', '127.1',
]; // biome-ignore format: a table

const ports = [
  '',
  ':',
  ':0',
  ':80',
  ':080',
  ':+80',
  ':-0',
  ':␣80',
  ':0x50',
  ':65536',
  ':http',
  ':HTTP',
  ':nosuch',
];

const addresses = [
  ...hosts.flatMap((host) =>
    ['', ':80'].flatMap((port) => [
      line(`-A -t ${host}${port} -p`),
      line(`-D -t ${host}${port}`, { given }),
      line(`-Z -t ${host}${port}`, { given }),
      line(`-L -t ${host}${port}`, { given, after: [] }),
      line(`-a ${service} -m -r ${host}${port}`, { given }),
      line(`-d ${service} -r ${host}${port}`, { given: server }),
    ]),
  ),
  ...ports.flatMap((port) =>
    // Brackets without a port are a known difference.
    ['192.0.2.1', '80', ...(port === '' ? [] : ['[2001:db8::1]'])].flatMap((host) => [
      line(`-A -u ${host}${port} -p`),
      line(`-A -u ${host}${port}`),
      line(`-Z -u ${host}${port}`),
      line(`-a ${service} -m -r ${host}${port}`, { given }),
      line(`-a -f 1 -i -r ${host}${port}`, { given: ['-A -f 1'] }),
      line(`-d ${service} -r ${host}${port}`, { given: server }),
    ]),
  ),
];

/** Values that name nothing. */
const nothing = [
  ...['-s', '--pe', '-b', '-M', '-p', '-f'].flatMap((option) =>
    ["''", 'nosuch', '␣'].flatMap((value) =>
      ['', '-p'].map((persistent) => line(`-A ${service} ${persistent} ${option} ${value}`)),
    ),
  ),
  ...['-A', '-E'].flatMap((command) =>
    ['nosuch', 'SIP', 'sip,sip'].map((engine) =>
      line(`${command} -u ${vip} --pe ${engine}`, { given: command === '-E' ? [`-A -u ${vip}`] : [] }),
    ),
  ),
  ...['-w', '-x', '-y', '--tun-type', '--tun-port'].map((option) =>
    line(`-a ${service} -r ${rip} -i ${option} ''`, { given }),
  ),
  ...[
    '--mcast-interface',
    '--mcast-group',
    '--mcast-port',
    '--mcast-ttl',
    '--syncid',
    '--sync-maxlen',
  ].flatMap((option) => [
    line(`--start-daemon master ${option} ''`, { after: ['-L --daemon'] }),
    line(`--start-daemon master --mcast-interface lo ${option}=`, { after: ['-L --daemon'] }),
  ]),
];

/** Files where there are none. */
const files = ['-R rules', '-R < rules', '-S rules', '-L rules', '-R -', '-S -', '-R --', '-R -n'].map(
  (text) => line(text, { after: [] }),
);

export const corners: readonly Case[] = [...shortForms, ...longForms, ...addresses, ...nothing, ...files];
