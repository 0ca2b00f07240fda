/**
 * The options of the grammar as data: each row has an option's names, its value, and the commands that take it.
 * The parser, the help, the manual page and the completions follow from these rows.
 */
import { UsageError } from '../../errors.js';
import { daemonDefaults, kernelDaemonDefaults } from '../../model/daemon.js';
import { type ForwardingMethod, type TunnelType, tunnelTypes } from '../../model/destination.js';
import {
  type DestinationNumber,
  destinationNumberNames,
  destinationNumbers,
  type ServiceSwitch,
  serviceSwitchNames,
} from '../../model/fields.js';
import {
  fwmarkRange,
  persistenceRange,
  portRange,
  type Range,
  syncIdRange,
  syncMessageRange,
  ttlRange,
} from '../../model/limits.js';
import { persistenceEngines, schedulerFlagNames, schedulers } from '../../model/schedulers.js';
import { defaults, type Protocol } from '../../model/service.js';
import { type CommandOption, commands } from './commands.js';
import { endpoint } from './endpoint.js';
import {
  flag,
  type Group,
  type NumberRow,
  numeric,
  type OptionOf,
  type Row,
  type SettingName,
  type SettingOption,
  valued,
} from './settings.js';
import { multicastGroup, name, number, oneOf } from './values.js';

export type Option = CommandOption | SettingOption;

export const isSetting = (option: Option): option is SettingOption => 'setting' in option;

/** The options that name a virtual service. */
const identity: Group & Required<Pick<Group, 'needed' | 'allowed'>> = {
  about: 'virtual service',
  needed: ['add-service', 'edit-service', 'delete-service', 'add-server', 'edit-server', 'delete-server'],
  allowed: ['list', 'zero'],
};
const service: Group = { about: 'virtual service', allowed: ['add-service', 'edit-service'] };
const server: Group = { about: 'real server', allowed: ['add-server', 'edit-server'] };
const listing: Group = { about: 'listing', allowed: ['list'] };
const daemon: Group = { about: 'sync daemon', allowed: ['start-daemon'] };

/** Settings of the table's listing, which the listings of connections, timeouts and daemons exclude. */
const tableOnly: readonly SettingName[] = ['service', 'stats', 'rate', 'thresholds'];

const endpointService = (protocol: Protocol, row: Row): OptionOf<'service'> => ({
  ...valued(identity, 'service', (text, names) => ({ protocol, at: readService(text, names) }), {
    ...row,
    value: 'HOST[:PORT]',
  }),
  endpoint: true,
});
const readService = endpoint('virtual service');
const readMark = number('firewall mark', fwmarkRange);
const readPersistence = number('persistence timeout', persistenceRange);
const tunnelTypeNames = Object.keys(tunnelTypes) as TunnelType[];

/** `0 to 255` */
const span = ({ min, max }: Range): string => `${min} to ${max}`;

const switchRows: Readonly<Record<ServiceSwitch, Row>> = {
  onePacket: { long: 'ops', short: 'o', help: 'one-packet scheduling: schedule each UDP datagram anew' },
};

/** The options that name a service by its address. */
export const protocolRows: Readonly<Record<Protocol, Row>> = {
  tcp: {
    long: 'tcp-service',
    short: 't',
    help: 'TCP service; without a port, or with port 0, it has every port and needs -p',
  },
  udp: { long: 'udp-service', short: 'u', help: 'UDP service' },
  sctp: { long: 'sctp-service', help: 'SCTP service' },
};
const protocols = Object.keys(protocolRows) as Protocol[];

/** The methods that have an option; the kernel sets `local` by itself, and ipvsadm cannot set `bypass`. */
type MethodOption = Exclude<ForwardingMethod, 'local' | 'bypass'>;

/** The options of the forwarding methods. */
export const methodRows: Readonly<Record<MethodOption, Row>> = {
  dr: {
    long: 'gatewaying',
    short: 'g',
    help: 'direct routing: the server answers clients itself (default)',
  },
  tun: {
    long: 'ipip',
    short: 'i',
    help: 'tunneling: packets reach the server in a tunnel, the server answers clients itself',
  },
  nat: {
    long: 'masquerading',
    short: 'm',
    help: 'network address translation: answers return through this machine',
  },
};
const methods = Object.keys(methodRows) as MethodOption[];

const { weight, upperThreshold, lowerThreshold } = destinationNumbers;

const numberRows: Readonly<Record<DestinationNumber, NumberRow>> = {
  weight: {
    long: 'weight',
    short: 'w',
    field: 'weight',
    value: 'NUMBER',
    help: `capacity relative to the other servers, 0: no new connections (default: ${weight.default})`,
  },
  upperThreshold: {
    long: 'u-threshold',
    short: 'x',
    field: 'upper threshold',
    value: 'CONNECTIONS',
    help: `upper limit: stop sending new connections at this many (default ${upperThreshold.default}: no limit)`,
  },
  lowerThreshold: {
    long: 'l-threshold',
    short: 'y',
    field: 'lower threshold',
    value: 'CONNECTIONS',
    help: `lower limit: send new connections again below this many (default ${lowerThreshold.default}: 3/4 of -x)`,
  },
};

/** Of whole command lines, in subcommands too, and taken out of them before they are parsed: only a line of -R still has it. */
export const netnsRow = {
  long: 'netns',
  value: 'NETNS',
  notation: 'a name of ip-netns(8), a path such as /proc/1/ns/net, or pid:N for that of process N',
};

export const settings: readonly SettingOption[] = [
  ...protocols.map((protocol) => endpointService(protocol, protocolRows[protocol])),
  {
    ...valued(identity, 'service', (text) => ({ fwmark: readMark(text) }), {
      long: 'fwmark-service',
      short: 'f',
      value: 'MARK',
      help: 'service of the packets with this firewall mark (netfilter), 1 or more',
    }),
    range: fwmarkRange,
  },
  flag({ ...identity, needed: [], allowed: [...identity.needed, ...identity.allowed] }, 'ipv6', true, {
    long: 'ipv6',
    short: '6',
    repeatable: true,
    help: 'with -f: the marked packets are IPv6',
  }),
  valued(service, 'scheduler', name('scheduler'), {
    long: 'scheduler',
    short: 's',
    value: 'NAME',
    choices: schedulers,
    help: `scheduling algorithm: ${schedulers.join(', ')} (default: ${defaults.scheduler})`,
  }),
  valued(service, 'schedulerFlags', (text) => text, {
    long: 'sched-flags',
    short: 'b',
    value: 'FLAG,...',
    choices: schedulerFlagNames,
    help: 'flags of the scheduler: sh-fallback, sh-port, mh-fallback, mh-port; of any: flag-1, flag-2, flag-3',
  }),
  {
    ...service,
    setting: 'persistence',
    long: 'persistent',
    short: 'p',
    argument: 'optional',
    value: 'SECONDS',
    range: persistenceRange,
    help: `persistence: keep a client on its server for this many seconds (default: ${defaults.persistenceTimeout})`,
    read: (text) => (text === undefined ? defaults.persistenceTimeout : readPersistence(text)),
  },
  valued(service, 'netmask', (text) => text, {
    long: 'netmask',
    short: 'M',
    value: 'MASK',
    help: 'with -p: clients of one network count as one; 255.255.255.0, or a prefix length for IPv6',
  }),
  valued(service, 'engine', name('persistence engine'), {
    long: 'pe',
    value: 'ENGINE',
    choices: persistenceEngines,
    help: 'with -p: persistence engine that tells clients apart; sip: by Call-ID',
  }),
  ...serviceSwitchNames.map((setting) => flag(service, setting, true, switchRows[setting])),

  {
    ...valued(
      { about: 'real server', needed: ['add-server', 'edit-server', 'delete-server'] },
      'server',
      endpoint('real server'),
      {
        long: 'real-server',
        short: 'r',
        value: 'HOST[:PORT]',
        help: "the real server; its port counts with -m only (default: the service's)",
      },
    ),
    endpoint: true,
  },
  ...methods.map((method) => flag(server, 'method', method, methodRows[method])),
  valued(server, 'tunnelType', oneOf('tunnel type', tunnelTypeNames), {
    long: 'tun-type',
    value: 'TYPE',
    choices: tunnelTypeNames,
    help: 'with -i: encapsulation, ipip, gue or gre (default: ipip)',
  }),
  numeric(server, 'tunnelPort', portRange, {
    long: 'tun-port',
    field: 'tunnel port',
    value: 'PORT',
    help: 'with --tun-type gue: UDP port of the encapsulation on the server',
  }),
  flag(server, 'tunnelChecksum', 'nocsum', {
    long: 'tun-nocsum',
    help: 'with gue or gre: no checksum in the encapsulation (default)',
  }),
  flag(server, 'tunnelChecksum', 'csum', {
    long: 'tun-csum',
    help: 'with gue or gre: a checksum in the encapsulation',
  }),
  flag(server, 'tunnelChecksum', 'remcsum', {
    long: 'tun-remcsum',
    help: 'with gue: remote checksum offload',
  }),
  ...destinationNumberNames.map((setting) =>
    numeric(server, setting, destinationNumbers[setting], numberRows[setting]),
  ),

  flag({ ...listing, allowed: ['list', 'save'] }, 'numeric', true, {
    long: 'numeric',
    short: 'n',
    help: 'numbers instead of names of hosts and ports',
  }),
  flag(listing, 'connections', true, {
    long: 'connection',
    short: 'c',
    excludes: [...tableOnly, 'timeouts', 'daemons'],
    help: 'list current connections',
  }),
  flag(listing, 'timeouts', true, {
    long: 'timeout',
    excludes: [...tableOnly, 'persistentConnections', 'daemons'],
    help: 'list the idle timeouts, in seconds',
  }),
  flag(listing, 'daemons', true, {
    long: 'daemon',
    excludes: [...tableOnly, 'persistentConnections'],
    help: 'list the sync daemons',
  }),
  flag(listing, 'stats', true, { long: 'stats', help: 'counters of connections, packets and bytes' }),
  flag(listing, 'rate', true, { long: 'rate', help: 'rates of connections, packets and bytes, per second' }),
  flag(listing, 'exact', true, {
    long: 'exact',
    short: 'X',
    help: 'counters in full, never shortened to 123456K',
  }),
  flag(listing, 'thresholds', true, { long: 'thresholds', help: 'thresholds of real servers' }),
  flag(listing, 'persistentConnections', true, {
    long: 'persistent-conn',
    help: 'persistent connections; with -c the data of persistence engines',
  }),
  flag(listing, 'tunnels', true, { long: 'tun-info', help: 'encapsulation of tunnels' }),
  flag(listing, 'unsorted', true, { long: 'nosort', help: "keep the kernel's order" }),
  flag({ ...listing, allowed: commands.map(({ long }) => long) }, 'sorted', true, {
    long: 'sort',
    repeatable: true,
    help: 'sort by protocol, address and port (default)',
  }),

  valued(daemon, 'interface', name('interface'), {
    long: 'mcast-interface',
    value: 'INTERFACE',
    help: `interface for multicast (default: ${daemonDefaults.interface})`,
  }),
  numeric({ ...daemon, allowed: ['start-daemon', 'stop-daemon', 'list'] }, 'syncId', syncIdRange, {
    long: 'syncid',
    field: 'syncid',
    value: 'ID',
    help: `id of a group of directors, ${span(syncIdRange)}; a backup with 0 accepts every id (default: ${daemonDefaults.syncId})`,
  }),
  numeric(daemon, 'maxLength', syncMessageRange, {
    long: 'sync-maxlen',
    field: 'sync-maxlen',
    value: 'BYTES',
    help: `largest sync message, ${span(syncMessageRange)} bytes (default: from the interface's MTU)`,
  }),
  valued(daemon, 'group', multicastGroup, {
    long: 'mcast-group',
    value: 'ADDRESS',
    help: `multicast group (default: ${kernelDaemonDefaults.group})`,
  }),
  numeric(daemon, 'port', portRange, {
    long: 'mcast-port',
    field: 'mcast-port',
    value: 'PORT',
    help: `UDP port (default: ${kernelDaemonDefaults.port})`,
  }),
  numeric(daemon, 'ttl', ttlRange, {
    long: 'mcast-ttl',
    field: 'mcast-ttl',
    value: 'HOPS',
    help: `time to live of multicast packets: routers they may pass, ${span(ttlRange)} (default: ${kernelDaemonDefaults.ttl})`,
  }),

  valued(
    { about: 'every command', allowed: commands.map(({ long }) => long) },
    'netns',
    () => {
      throw new UsageError('a rule has no network namespace; the command that reads it has', '--netns');
    },
    { ...netnsRow, help: `network namespace: ${netnsRow.notation} (default: this one)` },
  ),
];

/** Every option of the grammar. */
export const options: readonly Option[] = [...commands, ...settings];
