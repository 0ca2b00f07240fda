/**
 * The grammar as data: every command and every option in one record each, which says how it is called, what its value
 * is, and with which commands it goes.
 */
import type { Daemon } from '../../model/daemon.js';
import type { ForwardingMethod, TunnelChecksum, TunnelType } from '../../model/destination.js';
import { persistenceRange } from '../../model/limits.js';
import { persistenceEngines, schedulerFlagNames, schedulers } from '../../model/schedulers.js';
import { defaults, type Protocol } from '../../model/service.js';
import type { PoptOption } from './popt.js';
import {
  type Endpoint,
  endpoint,
  fwmark,
  multicastGroup,
  type Names,
  name,
  number,
  oneOf,
} from './values.js';

/** Commands, by the words that messages use for them. */
export type CommandName =
  | 'add-service'
  | 'edit-service'
  | 'delete-service'
  | 'clear'
  | 'restore'
  | 'save'
  | 'add-server'
  | 'edit-server'
  | 'delete-server'
  | 'list'
  | 'zero'
  | 'set'
  | 'start-daemon'
  | 'stop-daemon'
  | 'help'
  | 'version';

export interface CommandOption extends PoptOption {
  readonly long: CommandName;
  readonly argument: 'none' | 'required';
  /** What follows the name in the help. */
  readonly usage?: string | undefined;
  /** The words that its value is one of. */
  readonly choices?: readonly string[] | undefined;
  readonly help: string;
}

/** What options say, each under one name: two options of one slot exclude each other. */
export interface Settings {
  service: { readonly protocol: Protocol; readonly at: Endpoint } | { readonly fwmark: number };
  ipv6: true;
  scheduler: string;
  schedulerFlags: string;
  persistence: number;
  netmask: string;
  engine: string;
  onePacket: true;
  server: Endpoint;
  method: ForwardingMethod;
  weight: number;
  upperThreshold: number;
  lowerThreshold: number;
  tunnelType: TunnelType;
  tunnelPort: number;
  tunnelChecksum: TunnelChecksum;
  numeric: true;
  connections: true;
  timeouts: true;
  daemons: true;
  stats: true;
  rate: true;
  exact: true;
  thresholds: true;
  persistentConnections: true;
  tunnels: true;
  unsorted: true;
  sorted: true;
  interface: string;
  syncId: number;
  maxLength: number;
  group: NonNullable<Daemon['group']>;
  port: number;
  ttl: number;
}

export type Slot = keyof Settings;

/** Commands that an option goes with, and those that cannot do without it. */
export interface Legality {
  readonly needed?: readonly CommandName[];
  readonly allowed?: readonly CommandName[];
}

export interface SettingOption<S extends Slot> extends PoptOption, Legality {
  readonly slot: S;
  /** The value's name in the help. */
  readonly value?: string;
  /** The words that the value usually is: what shells offer. */
  readonly choices?: readonly string[];
  /** Section of the help. */
  readonly about: 'virtual service' | 'real server' | 'listing' | 'sync daemon';
  readonly help: string;
  /** Options that it cannot stand beside. */
  readonly excludes?: readonly Slot[];
  /** Says it over again without harm. */
  readonly repeatable?: true;
  read(text: string | undefined, names: Names): Settings[S];
}

export type AnySetting = { [S in Slot]: SettingOption<S> }[Slot];
export type Option = CommandOption | AnySetting;

export const isSetting = (option: Option): option is AnySetting => 'slot' in option;

const command = (
  short: string,
  long: CommandName,
  help: string,
  usage?: string,
  choices?: readonly string[],
): CommandOption => ({
  short,
  long,
  argument: choices === undefined ? 'none' : 'required',
  help,
  usage,
  choices,
});

/** What a sync daemon does: send connections, or receive them. */
const roles = ['master', 'backup'] as const;

export const commands: readonly CommandOption[] = [
  command('A', 'add-service', 'add a virtual service', 'SERVICE [service options]'),
  command('E', 'edit-service', 'set all properties of a virtual service anew', 'SERVICE [service options]'),
  command('D', 'delete-service', 'delete a virtual service and its real servers', 'SERVICE'),
  command('C', 'clear', 'delete everything'),
  command('R', 'restore', 'carry out the commands on standard input, one a line'),
  command('S', 'save', 'write the table as commands that -R reads', '[-n]'),
  command('a', 'add-server', 'add a real server to a service', 'SERVICE -r SERVER [server options]'),
  command(
    'e',
    'edit-server',
    'set all properties of a real server anew',
    'SERVICE -r SERVER [server options]',
  ),
  command('d', 'delete-server', 'remove a real server from a service', 'SERVICE -r SERVER'),
  command(
    'Ll',
    'list',
    'list the table, one service, or what the options say',
    '[SERVICE] [listing options]',
  ),
  command('Z', 'zero', 'set the counters of a service, or of all, to zero', '[SERVICE]'),
  command('', 'set', 'set the idle timeouts, in seconds; 0 leaves one as it is', 'TCP TCPFIN UDP'),
  command(
    '',
    'start-daemon',
    'start to send or receive connections',
    '{master|backup} [daemon options]',
    roles,
  ),
  command('', 'stop-daemon', 'stop it', '{master|backup}', roles),
  command('h', 'help', 'show this'),
  command('v', 'version', 'show the version'),
];

const withServices = ['add-service', 'edit-service'] as const;
const withServers = ['add-server', 'edit-server'] as const;
const listing = ['list'] as const;

/** Listings of something else than the table do not have its columns. */
const tableOnly: readonly Slot[] = ['service', 'stats', 'rate', 'thresholds'];
const starting = ['start-daemon'] as const;

/** What all ways to name a virtual service have in common. */
const identity: Legality & { about: 'virtual service' } = {
  about: 'virtual service',
  needed: ['add-service', 'edit-service', 'delete-service', 'add-server', 'edit-server', 'delete-server'],
  allowed: ['list', 'zero'],
};

const flag = (): true => true;
const word = (text: string | undefined): string => text ?? '';
const protocolService =
  (protocol: Protocol) =>
  (text: string | undefined, names: Names): Settings['service'] => ({
    protocol,
    at: endpoint('virtual service')(word(text), names),
  });

/** Ties the reader's type to the slot. */
const setting = <S extends Slot>(option: SettingOption<S>): SettingOption<S> => option;

const tunnelTypes: readonly TunnelType[] = ['ipip', 'gue', 'gre'];

const INT_MAX = 2147483647;
const UINT_MAX = 4294967295;

export const settings: readonly AnySetting[] = [
  setting({
    ...identity,
    slot: 'service',
    long: 'tcp-service',
    short: 't',
    argument: 'required',
    value: 'HOST[:PORT]',
    help: 'TCP service; no port, or port 0, means every port and needs -p',
    read: protocolService('tcp'),
  }),
  setting({
    ...identity,
    slot: 'service',
    long: 'udp-service',
    short: 'u',
    argument: 'required',
    value: 'HOST[:PORT]',
    help: 'UDP service',
    read: protocolService('udp'),
  }),
  setting({
    ...identity,
    slot: 'service',
    long: 'sctp-service',
    argument: 'required',
    value: 'HOST[:PORT]',
    help: 'SCTP service',
    read: protocolService('sctp'),
  }),
  setting({
    ...identity,
    slot: 'service',
    long: 'fwmark-service',
    short: 'f',
    argument: 'required',
    value: 'MARK',
    help: 'packets that netfilter marked with this number, 1 or more',
    read: (text) => ({ fwmark: fwmark(word(text)) }),
  }),
  setting({
    about: 'virtual service',
    allowed: [...(identity.needed ?? []), ...(identity.allowed ?? [])],
    slot: 'ipv6',
    long: 'ipv6',
    short: '6',
    argument: 'none',
    repeatable: true,
    help: 'the marked packets are IPv6',
    read: flag,
  }),
  setting({
    about: 'virtual service',
    allowed: withServices,
    slot: 'scheduler',
    long: 'scheduler',
    short: 's',
    argument: 'required',
    value: 'NAME',
    choices: schedulers,
    help: `${schedulers.join(', ')}; ${defaults.scheduler} where nothing is said`,
    read: (text) => name('scheduler', 16)(word(text)),
  }),
  setting({
    about: 'virtual service',
    allowed: withServices,
    slot: 'schedulerFlags',
    long: 'sched-flags',
    short: 'b',
    argument: 'required',
    value: 'FLAG,...',
    choices: schedulerFlagNames,
    help: 'sh-fallback, sh-port, mh-fallback, mh-port, or flag-1, flag-2, flag-3 of any scheduler',
    read: word,
  }),
  setting({
    about: 'virtual service',
    allowed: withServices,
    slot: 'persistence',
    long: 'persistent',
    short: 'p',
    argument: 'optional',
    value: 'SECONDS',
    help: `keep a client on its server for so long; ${defaults.persistenceTimeout} where nothing is said`,
    read: (text) =>
      text === undefined
        ? defaults.persistenceTimeout
        : number('persistence timeout', persistenceRange.min, persistenceRange.max)(text),
  }),
  setting({
    about: 'virtual service',
    allowed: withServices,
    slot: 'netmask',
    long: 'netmask',
    short: 'M',
    argument: 'required',
    value: 'MASK',
    help: 'clients of one network count as one: 255.255.255.0, for IPv6 a prefix length',
    read: word,
  }),
  setting({
    about: 'virtual service',
    allowed: withServices,
    slot: 'engine',
    long: 'pe',
    argument: 'required',
    value: 'ENGINE',
    choices: persistenceEngines,
    help: 'tell clients apart by content: sip, by Call-ID',
    read: (text) => name('persistence engine', 16)(word(text)),
  }),
  setting({
    about: 'virtual service',
    allowed: withServices,
    slot: 'onePacket',
    long: 'ops',
    short: 'o',
    argument: 'none',
    help: 'one-packet scheduling: each UDP datagram by itself',
    read: flag,
  }),
  setting({
    about: 'real server',
    needed: ['add-server', 'edit-server', 'delete-server'],
    slot: 'server',
    long: 'real-server',
    short: 'r',
    argument: 'required',
    value: 'HOST[:PORT]',
    help: 'the server; its port matters with -m only',
    read: (text, names) => endpoint('real server')(word(text), names),
  }),
  setting({
    about: 'real server',
    allowed: withServers,
    slot: 'method',
    long: 'gatewaying',
    short: 'g',
    argument: 'none',
    help: 'direct routing: the server answers clients itself (default)',
    read: (): ForwardingMethod => 'dr',
  }),
  setting({
    about: 'real server',
    allowed: withServers,
    slot: 'method',
    long: 'ipip',
    short: 'i',
    argument: 'none',
    help: 'tunnel packets to the server, which answers clients itself',
    read: (): ForwardingMethod => 'tun',
  }),
  setting({
    about: 'real server',
    allowed: withServers,
    slot: 'method',
    long: 'masquerading',
    short: 'm',
    argument: 'none',
    help: 'network address translation; answers come back through here',
    read: (): ForwardingMethod => 'nat',
  }),
  setting({
    about: 'real server',
    allowed: withServers,
    slot: 'tunnelType',
    long: 'tun-type',
    argument: 'required',
    value: 'TYPE',
    choices: tunnelTypes,
    help: 'with -i: ipip (default), gue or gre',
    read: (text) => oneOf<TunnelType>('tunnel type', ...tunnelTypes)(word(text)),
  }),
  setting({
    about: 'real server',
    allowed: withServers,
    slot: 'tunnelPort',
    long: 'tun-port',
    argument: 'required',
    value: 'PORT',
    help: 'UDP port that gue tunnels lead to',
    read: (text) => number('tunnel port', 1, 65535)(word(text)),
  }),
  setting({
    about: 'real server',
    allowed: withServers,
    slot: 'tunnelChecksum',
    long: 'tun-nocsum',
    argument: 'none',
    help: 'gue, gre: no checksum in the encapsulation (default)',
    read: (): TunnelChecksum => 'nocsum',
  }),
  setting({
    about: 'real server',
    allowed: withServers,
    slot: 'tunnelChecksum',
    long: 'tun-csum',
    argument: 'none',
    help: 'gue, gre: a checksum in the encapsulation',
    read: (): TunnelChecksum => 'csum',
  }),
  setting({
    about: 'real server',
    allowed: withServers,
    slot: 'tunnelChecksum',
    long: 'tun-remcsum',
    argument: 'none',
    help: 'gue: remote checksum offload',
    read: (): TunnelChecksum => 'remcsum',
  }),
  setting({
    about: 'real server',
    allowed: withServers,
    slot: 'weight',
    long: 'weight',
    short: 'w',
    argument: 'required',
    value: 'NUMBER',
    help: 'capacity relative to the others, 1 where nothing is said; 0 takes no new connections',
    read: (text) => number('weight', 0, INT_MAX)(word(text)),
  }),
  setting({
    about: 'real server',
    allowed: withServers,
    slot: 'upperThreshold',
    long: 'u-threshold',
    short: 'x',
    argument: 'required',
    value: 'CONNECTIONS',
    help: 'no new connections from so many on; 0 is no limit (default)',
    read: (text) => number('upper threshold', 0, UINT_MAX)(word(text)),
  }),
  setting({
    about: 'real server',
    allowed: withServers,
    slot: 'lowerThreshold',
    long: 'l-threshold',
    short: 'y',
    argument: 'required',
    value: 'CONNECTIONS',
    help: 'new connections again below so many; 0 is 3/4 of -x (default)',
    read: (text) => number('lower threshold', 0, UINT_MAX)(word(text)),
  }),
  setting({
    about: 'listing',
    allowed: ['list', 'save'],
    slot: 'numeric',
    long: 'numeric',
    short: 'n',
    argument: 'none',
    help: 'numbers instead of names of hosts and ports',
    read: flag,
  }),
  setting({
    about: 'listing',
    allowed: listing,
    slot: 'connections',
    excludes: [...tableOnly, 'timeouts', 'daemons'],
    long: 'connection',
    short: 'c',
    argument: 'none',
    help: 'the connections that there are',
    read: flag,
  }),
  setting({
    about: 'listing',
    allowed: listing,
    slot: 'timeouts',
    excludes: [...tableOnly, 'persistentConnections', 'daemons'],
    long: 'timeout',
    argument: 'none',
    help: 'the idle timeouts',
    read: flag,
  }),
  setting({
    about: 'listing',
    allowed: listing,
    slot: 'daemons',
    excludes: [...tableOnly, 'persistentConnections'],
    long: 'daemon',
    argument: 'none',
    help: 'the sync daemons',
    read: flag,
  }),
  setting({
    about: 'listing',
    allowed: listing,
    slot: 'stats',
    long: 'stats',
    argument: 'none',
    help: 'counters of connections, packets and bytes',
    read: flag,
  }),
  setting({
    about: 'listing',
    allowed: listing,
    slot: 'rate',
    long: 'rate',
    argument: 'none',
    help: 'the same, per second',
    read: flag,
  }),
  setting({
    about: 'listing',
    allowed: listing,
    slot: 'exact',
    long: 'exact',
    argument: 'none',
    help: 'counters in full, never as 123456K',
    read: flag,
  }),
  setting({
    about: 'listing',
    allowed: listing,
    slot: 'thresholds',
    long: 'thresholds',
    argument: 'none',
    help: 'thresholds of real servers',
    read: flag,
  }),
  setting({
    about: 'listing',
    allowed: listing,
    slot: 'persistentConnections',
    long: 'persistent-conn',
    argument: 'none',
    help: 'persistent connections; with -c what the persistence engine recorded',
    read: flag,
  }),
  setting({
    about: 'listing',
    allowed: listing,
    slot: 'tunnels',
    long: 'tun-info',
    argument: 'none',
    help: 'how tunnels encapsulate',
    read: flag,
  }),
  setting({
    about: 'listing',
    allowed: listing,
    slot: 'unsorted',
    long: 'nosort',
    argument: 'none',
    help: 'in the order of the kernel',
    read: flag,
  }),
  setting({
    about: 'listing',
    allowed: commands.map(({ long }) => long),
    slot: 'sorted',
    long: 'sort',
    argument: 'none',
    repeatable: true,
    help: 'in the order of protocols, addresses and ports (default)',
    read: flag,
  }),
  setting({
    about: 'sync daemon',
    allowed: starting,
    slot: 'interface',
    long: 'mcast-interface',
    argument: 'required',
    value: 'INTERFACE',
    help: 'interface of the multicasts; eth0 where nothing is said',
    read: (text) => name('interface', 16)(word(text)),
  }),
  setting({
    about: 'sync daemon',
    allowed: ['start-daemon', 'stop-daemon', 'list'],
    slot: 'syncId',
    long: 'syncid',
    argument: 'required',
    value: 'ID',
    help: 'name of the group of directors, 0 to 255; a backup with 0 takes all (default)',
    read: (text) => number('syncid', 0, 255)(word(text)),
  }),
  setting({
    about: 'sync daemon',
    allowed: starting,
    slot: 'maxLength',
    long: 'sync-maxlen',
    argument: 'required',
    value: 'BYTES',
    help: "largest message, 1 to 65507; follows the interface's MTU where nothing is said",
    read: (text) => number('sync-maxlen', 1, 65535 - 20 - 8)(word(text)),
  }),
  setting({
    about: 'sync daemon',
    allowed: starting,
    slot: 'group',
    long: 'mcast-group',
    argument: 'required',
    value: 'ADDRESS',
    help: 'multicast group, 224.0.0.81 where nothing is said',
    read: (text) => multicastGroup(word(text)),
  }),
  setting({
    about: 'sync daemon',
    allowed: starting,
    slot: 'port',
    long: 'mcast-port',
    argument: 'required',
    value: 'PORT',
    help: 'UDP port, 8848 where nothing is said',
    read: (text) => number('mcast-port', 1, 65535)(word(text)),
  }),
  setting({
    about: 'sync daemon',
    allowed: starting,
    slot: 'ttl',
    long: 'mcast-ttl',
    argument: 'required',
    value: 'HOPS',
    help: 'routers that the multicasts may pass, 1 to 255; 1 where nothing is said',
    read: (text) => number('mcast-ttl', 1, 255)(word(text)),
  }),
];

/** Every option of the grammar. */
export const options: readonly Option[] = [...commands, ...settings];
