/** The settings of IPVS itself, under /proc/sys/net/ipv4/vs. Source: the kernel's Documentation/networking/ipvs-sysctl.rst. */

import type { Sysctls } from './sysctl.js';

interface VsSetting {
  readonly name: string;
  /** The kernel's initial value; undefined if it depends on the machine. */
  readonly initial: string | undefined;
  /** Meaning in one line. */
  readonly meaning: string;
}

export const VS_DIRECTORY = 'net/ipv4/vs';

/** A setting that the kernel has. One that is younger than the table has no meaning here. */
export type VsSettingRead = Omit<VsSetting, 'meaning'> & {
  readonly meaning: string | undefined;
  readonly value: string;
};

/** The settings that the kernel has, in the order of their names; empty if IPVS is not loaded. @throws HostError */
export async function readVsSettings(sysctls: Pick<Sysctls, 'list' | 'read'>): Promise<VsSettingRead[]> {
  const known = new Map(vsSettings.map((setting) => [setting.name, setting]));
  const settings: VsSettingRead[] = [];
  for (const name of (await sysctls.list(VS_DIRECTORY)).toSorted()) {
    const value = await sysctls.read(vsSetting(name));
    const { initial, meaning } = known.get(name) ?? { initial: undefined, meaning: undefined };
    if (value !== undefined) settings.push({ name, value, initial, meaning });
  }
  return settings;
}

/** Path of a setting below /proc/sys. */
export const vsSetting = (name: string): string => `${VS_DIRECTORY}/${name}`;

const vsSettings: readonly VsSetting[] = [
  { name: 'am_droprate', initial: '10', meaning: 'with drop_packet 3, one of this many packets is dropped' },
  {
    name: 'amemthresh',
    initial: '1024',
    meaning:
      'pages of free memory below which the automatic defences start (value 1 of drop_entry, drop_packet and secure_tcp)',
  },
  {
    name: 'backup_only',
    initial: '0',
    meaning:
      '1: the director schedules no packets while its backup sync daemon runs, which prevents packet loops',
  },
  {
    name: 'cache_bypass',
    initial: '0',
    meaning: '1: a transparent cache cluster without servers passes packets on to their original destination',
  },
  {
    name: 'conn_lfactor',
    initial: '-4',
    meaning: 'load of the connection table at which it is resized, -8 (many buckets) to 8 (few)',
  },
  {
    name: 'conn_max',
    initial: '1073741824',
    meaning: 'largest number of connections in this network namespace',
  },
  {
    name: 'conn_reuse_mode',
    initial: '1',
    meaning:
      'bit 0: a client that reuses a port gets a newly scheduled server, even while the old connection exists',
  },
  {
    name: 'conntrack',
    initial: '0',
    meaning:
      '1: netfilter tracks the connections of IPVS, as its nat and ct rules need; costs time and memory',
  },
  {
    name: 'drop_entry',
    initial: '0',
    meaning: 'drops random connection entries under attack: 0 never, 1 and 2 when memory is low, 3 always',
  },
  {
    name: 'drop_packet',
    initial: '0',
    meaning: 'drops packets before they reach a server: 0 never, 1 and 2 when memory is low, 3 always',
  },
  {
    name: 'est_cpulist',
    initial: undefined,
    meaning: 'CPUs of the threads that estimate rates; empty: chosen by the kernel',
  },
  { name: 'est_nice', initial: '0', meaning: 'nice value of the threads that estimate rates' },
  {
    name: 'expire_nodest_conn',
    initial: '0',
    meaning:
      '1: a packet to a removed server ends its connection; 0: packets are dropped until the connection times out',
  },
  {
    name: 'expire_quiescent_template',
    initial: '0',
    meaning: '1: persistence templates of a server with weight 0 expire, so that it can be drained',
  },
  {
    name: 'ignore_tunneled',
    initial: '0',
    meaning: '1: packets that arrive through a tunnel are not scheduled again',
  },
  {
    name: 'nat_icmp_send',
    initial: '0',
    meaning: '1: answers of NAT servers without a connection get an ICMP error',
  },
  {
    name: 'pmtu_disc',
    initial: '1',
    meaning:
      '1: packets that are too large for the tunnel and must not be fragmented are refused with ICMP; 0: they are fragmented',
  },
  {
    name: 'run_estimation',
    initial: '1',
    meaning: '0: rates are not estimated, which saves time on huge tables',
  },
  { name: 'schedule_icmp', initial: '0', meaning: '1: ICMP is scheduled to servers as well' },
  {
    name: 'secure_tcp',
    initial: '0',
    meaning: 'uses a stricter TCP state table under attack: 0 never, 1 and 2 when memory is low, 3 always',
  },
  {
    name: 'sloppy_sctp',
    initial: '0',
    meaning: '1: an SCTP connection may begin with any packet, as after a fail-over',
  },
  {
    name: 'sloppy_tcp',
    initial: '0',
    meaning: '1: a TCP connection may begin with any packet, as after a fail-over',
  },
  {
    name: 'snat_reroute',
    initial: '1',
    meaning: '1: answers of NAT servers are routed by the address of the VIP',
  },
  {
    name: 'svc_lfactor',
    initial: '-3',
    meaning: 'load of the table of services at which it is resized, -8 (many buckets) to 8 (few)',
  },
  {
    name: 'sync_persist_mode',
    initial: '0',
    meaning: '1: of persistent services only the templates are sent to the backup, not each connection',
  },
  {
    name: 'sync_ports',
    initial: '1',
    meaning: 'number of threads that exchange connections, each with a UDP port: 1, 2, 4 or 8',
  },
  {
    name: 'sync_qlen_max',
    initial: undefined,
    meaning:
      'maximum number of messages that wait to be sent to the backup (default: 1/32 of the memory pages)',
  },
  {
    name: 'sync_refresh_period',
    initial: '0',
    meaning: 'seconds between two messages about a connection; 0: decided by sync_threshold',
  },
  {
    name: 'sync_retries',
    initial: '0',
    meaning: 'number of times that a message is repeated, 0 to 3, an eighth of the refresh period apart',
  },
  {
    name: 'sync_sock_size',
    initial: '0',
    meaning: 'buffer size of the sync sockets in bytes; 0: the system’s default',
  },
  {
    name: 'sync_threshold',
    initial: '3\t50',
    meaning:
      'packets of a connection before the first message to the backup, and packets between the following ones',
  },
  { name: 'sync_version', initial: '1', meaning: '0: messages in the format of kernels before 2.6.39' },
];
