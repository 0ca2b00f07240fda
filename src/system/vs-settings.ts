/** The settings of IPVS itself, under /proc/sys/net/ipv4/vs. Source: the kernel's Documentation/networking/ipvs-sysctl.rst. */

export interface VsSetting {
  readonly name: string;
  /** The kernel's initial value; undefined if it depends on the machine. */
  readonly initial: string | undefined;
  /** Meaning in one line. */
  readonly meaning: string;
}

export const VS_DIRECTORY = 'net/ipv4/vs';

/** Path of a setting below /proc/sys. */
export const vsSetting = (name: string): string => `${VS_DIRECTORY}/${name}`;

export const vsSettings: readonly VsSetting[] = [
  { name: 'am_droprate', initial: '10', meaning: 'with drop_packet 3: one packet in so many is dropped' },
  {
    name: 'amemthresh',
    initial: '1024',
    meaning:
      'free memory, in pages, below which the automatic defences (value 1 of drop_* and secure_tcp) wake up',
  },
  {
    name: 'backup_only',
    initial: '0',
    meaning:
      '1: while the backup sync daemon runs, the director schedules nothing itself, which ends packet loops',
  },
  {
    name: 'cache_bypass',
    initial: '0',
    meaning: '1: for a transparent cache cluster without servers, packets go on to where they were sent',
  },
  {
    name: 'conn_reuse_mode',
    initial: '1',
    meaning:
      'a client that uses a port again gets a fresh choice of server (bit 0) even within the old connection',
  },
  {
    name: 'conntrack',
    initial: '0',
    meaning:
      "1: netfilter tracks IPVS's connections too, which its nat and ct rules need; costs time and memory",
  },
  {
    name: 'drop_entry',
    initial: '0',
    meaning: 'drops random entries under attack: 0 never, 1 and 2 when memory runs low, 3 always',
  },
  {
    name: 'drop_packet',
    initial: '0',
    meaning: 'drops packets before they reach a server: 0 never, 1 and 2 when memory runs low, 3 always',
  },
  {
    name: 'est_cpulist',
    initial: undefined,
    meaning: 'CPUs whose threads estimate the rates; empty for those that the kernel chooses',
  },
  {
    name: 'est_nice',
    initial: '0',
    meaning: 'niceness of the threads that estimate the rates',
  },
  {
    name: 'expire_nodest_conn',
    initial: '0',
    meaning:
      '1: packets of connections to a removed server end the connection, instead of vanishing until it times out',
  },
  {
    name: 'expire_quiescent_template',
    initial: '0',
    meaning: '1: persistence lets go of a server whose weight is 0, so that it can be drained',
  },
  {
    name: 'ignore_tunneled',
    initial: '0',
    meaning: '1: packets that were tunnelled to this director are not scheduled again',
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
      '1: what does not fit into the tunnel and must not be fragmented is refused with ICMP; 0: it is fragmented',
  },
  {
    name: 'run_estimation',
    initial: '1',
    meaning: '0: the rates are not computed, which saves time on huge tables',
  },
  { name: 'schedule_icmp', initial: '0', meaning: '1: ICMP is scheduled to servers as well' },
  {
    name: 'secure_tcp',
    initial: '0',
    meaning: 'a stricter TCP state table under attack: 0 never, 1 and 2 when memory runs low, 3 always',
  },
  {
    name: 'sloppy_sctp',
    initial: '0',
    meaning: '1: SCTP connections may begin with any packet, as after a fail-over',
  },
  {
    name: 'sloppy_tcp',
    initial: '0',
    meaning: '1: TCP connections may begin with any packet, as after a fail-over',
  },
  {
    name: 'snat_reroute',
    initial: '1',
    meaning: '1: answers of NAT servers are routed by the address of the VIP',
  },
  {
    name: 'sync_persist_mode',
    initial: '0',
    meaning: '1: of persistent services only the templates are told to the backup, not each connection',
  },
  {
    name: 'sync_ports',
    initial: '1',
    meaning: 'threads, each with a UDP port, that exchange connections: 1, 2, 4 or 8',
  },
  {
    name: 'sync_qlen_max',
    initial: undefined,
    meaning:
      'messages that may wait to be sent to the backup; the kernel starts with a thirty-second of the memory pages',
  },
  {
    name: 'sync_refresh_period',
    initial: '0',
    meaning: 'seconds between two messages about a connection; 0 goes by sync_threshold',
  },
  {
    name: 'sync_retries',
    initial: '0',
    meaning: 'how often a message is repeated, 0 to 3, an eighth of the refresh period apart',
  },
  {
    name: 'sync_sock_size',
    initial: '0',
    meaning: 'buffer of the sync sockets in bytes; 0 is the system’s usual',
  },
  {
    name: 'sync_threshold',
    initial: '3\t50',
    meaning: 'packets of a connection after which it is told to the backup first, and after which again',
  },
  {
    name: 'sync_version',
    initial: '1',
    meaning: '0: messages that directors with kernels before 2.6.39 understand',
  },
];
