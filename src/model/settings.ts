/** The settings of IPVS itself, under /proc/sys/net/ipv4/vs. Source: the kernel's Documentation/networking/ipvs-sysctl.rst. */
import { CONN_MAX, INT_MAX, type Range } from './limits.js';

/** A whole number in a range; of some only the powers of 2. */
export interface SettingRange extends Range {
  readonly powerOf2?: true;
}

/** What a setting can be: a number, a list of CPUs as cpulist files have it, or the two numbers of `sync_threshold`. */
export type SettingValue = SettingRange | 'cpus' | 'threshold';

export interface VsSetting {
  readonly name: string;
  readonly value: SettingValue;
  /** The kernel's initial value; undefined if it depends on the machine. */
  readonly initial: string | undefined;
  /** Meaning in one line. */
  readonly meaning: string;
}

/** Values by name, as the kernel writes them, with one blank between two numbers. */
export type Settings = Readonly<Record<string, string>>;

/** A kernel's text in the form of `Settings`: it puts tabs between numbers. */
export const canonicalSetting = (text: string): string => text.trim().split(/\s+/).join(' ');

/** A value as plans have it. */
export const settingValue = (text: string | undefined): string | number | undefined =>
  text !== undefined && /^-?\d+$/.test(text) ? Number(text) : text;

/** Off or on: the kernel takes every number, and all but 0 are on. */
const flag: SettingRange = { min: 0, max: 1 };
const int: SettingRange = { min: 0, max: INT_MAX };
/** Never, automatic in two states, always. */
const defence: SettingRange = { min: 0, max: 3 };

/** The kernel itself changes 1 to 2 when memory is low, and 2 to 1 when it is not. */
export const automaticSettings: readonly string[] = ['drop_entry', 'drop_packet', 'secure_tcp'];

export const vsSettings: readonly VsSetting[] = [
  {
    name: 'am_droprate',
    value: int,
    initial: '10',
    meaning: 'with drop_packet 3, one of this many packets is dropped',
  },
  {
    name: 'amemthresh',
    value: int,
    initial: '1024',
    meaning:
      'pages of free memory below which the automatic defences start (value 1 of drop_entry, drop_packet and secure_tcp)',
  },
  {
    name: 'backup_only',
    value: flag,
    initial: '0',
    meaning:
      '1: the director schedules no packets while its backup sync daemon runs, which prevents packet loops',
  },
  {
    name: 'cache_bypass',
    value: flag,
    initial: '0',
    meaning: '1: a transparent cache cluster without servers passes packets on to their original destination',
  },
  {
    name: 'conn_lfactor',
    value: { min: -8, max: 8 },
    initial: '-4',
    meaning: 'load of the connection table at which it is resized, -8 (many buckets) to 8 (few)',
  },
  {
    name: 'conn_max',
    value: { min: 0, max: CONN_MAX },
    initial: String(CONN_MAX),
    meaning: 'largest number of connections and persistence templates in this network namespace',
  },
  {
    name: 'conn_reuse_mode',
    value: { min: 0, max: 3 },
    initial: '1',
    meaning:
      'bit 0: a client that reuses a port gets a newly scheduled server, even while the old connection exists',
  },
  {
    name: 'conntrack',
    value: flag,
    initial: '0',
    meaning:
      '1: netfilter tracks the connections of IPVS, as its nat and ct rules need; costs time and memory',
  },
  {
    name: 'drop_entry',
    value: defence,
    initial: '0',
    meaning: 'drops random connection entries under attack: 0 never, 1 and 2 when memory is low, 3 always',
  },
  {
    name: 'drop_packet',
    value: defence,
    initial: '0',
    meaning: 'drops packets before they reach a server: 0 never, 1 and 2 when memory is low, 3 always',
  },
  {
    name: 'est_cpulist',
    value: 'cpus',
    initial: undefined,
    meaning: 'CPUs of the threads that estimate rates; empty: chosen by the kernel',
  },
  {
    name: 'est_nice',
    value: { min: -20, max: 19 },
    initial: '0',
    meaning: 'nice value of the threads that estimate rates',
  },
  {
    name: 'expire_nodest_conn',
    value: flag,
    initial: '0',
    meaning:
      '1: a packet to a removed server ends its connection; 0: packets are dropped until the connection times out',
  },
  {
    name: 'expire_quiescent_template',
    value: flag,
    initial: '0',
    meaning: '1: persistence templates of a server with weight 0 expire, so that it can be drained',
  },
  {
    name: 'ignore_tunneled',
    value: flag,
    initial: '0',
    meaning: '1: packets that arrive through a tunnel are not scheduled again',
  },
  {
    name: 'nat_icmp_send',
    value: flag,
    initial: '0',
    meaning: '1: answers of NAT servers without a connection get an ICMP error',
  },
  {
    name: 'pmtu_disc',
    value: flag,
    initial: '1',
    meaning:
      '1: packets that are too large for the tunnel and must not be fragmented are refused with ICMP; 0: they are fragmented',
  },
  {
    name: 'run_estimation',
    value: flag,
    initial: '1',
    meaning: '0: rates are not estimated, which saves time on huge tables',
  },
  { name: 'schedule_icmp', value: flag, initial: '0', meaning: '1: ICMP is scheduled to servers as well' },
  {
    name: 'secure_tcp',
    value: defence,
    initial: '0',
    meaning: 'uses a stricter TCP state table under attack: 0 never, 1 and 2 when memory is low, 3 always',
  },
  {
    name: 'sloppy_sctp',
    value: flag,
    initial: '0',
    meaning: '1: an SCTP connection may begin with any packet, as after a fail-over',
  },
  {
    name: 'sloppy_tcp',
    value: flag,
    initial: '0',
    meaning: '1: a TCP connection may begin with any packet, as after a fail-over',
  },
  {
    name: 'snat_reroute',
    value: flag,
    initial: '1',
    meaning: '1: answers of NAT servers are routed by the address of the VIP',
  },
  {
    name: 'svc_lfactor',
    value: { min: -8, max: 8 },
    initial: '-3',
    meaning: 'load of the table of services at which it is resized, -8 (many buckets) to 8 (few)',
  },
  {
    name: 'sync_persist_mode',
    value: flag,
    initial: '0',
    meaning: '1: of persistent services only the templates are sent to the backup, not each connection',
  },
  {
    name: 'sync_ports',
    value: { min: 1, max: 64, powerOf2: true },
    initial: '1',
    meaning: 'number of threads that exchange connections, each with a UDP port: 1, 2, 4 or 8',
  },
  {
    name: 'sync_qlen_max',
    value: { min: 0, max: Number.MAX_SAFE_INTEGER },
    initial: undefined,
    meaning:
      'maximum number of messages that wait to be sent to the backup (default: 1/32 of the memory pages)',
  },
  {
    name: 'sync_refresh_period',
    value: { min: 0, max: Math.floor(INT_MAX / 1000) },
    initial: '0',
    meaning: 'seconds between two messages about a connection; 0: decided by sync_threshold',
  },
  {
    name: 'sync_retries',
    value: { min: 0, max: 3 },
    initial: '0',
    meaning: 'number of times that a message is repeated, 0 to 3, an eighth of the refresh period apart',
  },
  {
    name: 'sync_sock_size',
    value: int,
    initial: '0',
    meaning: 'buffer size of the sync sockets in bytes; 0: the system’s default',
  },
  {
    name: 'sync_threshold',
    value: 'threshold',
    initial: '3\t50',
    meaning:
      'packets of a connection before the first message to the backup, and packets between the following ones',
  },
  {
    name: 'sync_version',
    value: flag,
    initial: '1',
    meaning: '0: messages in the format of kernels before 2.6.39',
  },
];
