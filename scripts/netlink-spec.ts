/**
 * npm run netlink-spec: docs/ipvs-netlink.yaml, the protocol of IPVS in the kernel's format for such specifications
 * (Documentation/netlink/genetlink-legacy.yaml), out of the tables that lvsadm itself encodes and decodes by. Names are those of
 * linux/ip_vs.h: this file has them beside ours.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { codes } from '../src/ipvs/codes.js';
import {
  CommandAttributes,
  DaemonAttributes,
  DestinationAttributes,
  InfoAttributes,
  type IpvsOperations,
  ipvsSchema,
  ServiceAttributes,
  Stats32,
  Stats64,
} from '../src/ipvs/schema.js';
import { destinationNumbers } from '../src/model/fields.js';
import { INT_MAX } from '../src/model/limits.js';
import { type AttributeSet, type Kind, nestedSet, type Rows } from '../src/netlink/attributes.js';
import { isMain, root } from './build/project.js';

/** What the kernel's header calls an attribute or a command, in the words of the format, and what the tables do not say. */
interface Named {
  readonly name: string;
  readonly doc: string;
  /** The definition that its numbers are of. */
  readonly enum?: keyof typeof definitions;
}

type NamesOf<S> = S extends AttributeSet<infer R> ? Readonly<Record<keyof R, Named>> : never;

/** Flags by the numbers of their bits. */
function bitNumbers(masks: Readonly<Record<string, number>>): Record<string, number> {
  const set = Object.entries(masks).filter(([, mask]) => mask !== 0);
  return Object.fromEntries(set.map(([name, mask]) => [name, Math.log2(mask)]));
}

const definitions = {
  family: { type: 'enum', of: codes.family },
  protocol: { type: 'enum', of: codes.protocol },
  'forwarding-method': { type: 'enum', of: codes.method },
  'tunnel-type': { type: 'enum', of: codes.tunnelType },
  'tunnel-flags': { type: 'flags', of: bitNumbers(codes.tunnelChecksum) },
  'daemon-state': { type: 'enum', of: codes.daemonState },
} as const;

const statsNames: NamesOf<typeof Stats32> = {
  connections: { name: 'conns', doc: 'Connections scheduled.' },
  inPackets: { name: 'inpkts', doc: 'Packets from clients.' },
  outPackets: { name: 'outpkts', doc: 'Packets to clients; with NAT only.' },
  inBytes: { name: 'inbytes', doc: 'Bytes from clients.' },
  outBytes: { name: 'outbytes', doc: 'Bytes to clients; with NAT only.' },
  connectionRate: { name: 'cps', doc: 'Connections per second.' },
  inPacketRate: { name: 'inpps', doc: 'Packets from clients per second.' },
  outPacketRate: { name: 'outpps', doc: 'Packets to clients per second.' },
  inByteRate: { name: 'inbps', doc: 'Bytes from clients per second.' },
  outByteRate: { name: 'outbps', doc: 'Bytes to clients per second.' },
};

const serviceNames: NamesOf<typeof ServiceAttributes> = {
  family: { name: 'af', doc: 'Address family.', enum: 'family' },
  protocol: { name: 'protocol', doc: 'Transport protocol; absent with a firewall mark.', enum: 'protocol' },
  address: {
    name: 'addr',
    doc: 'Virtual address; absent with a firewall mark. IPv4 uses the first 4 bytes of 16.',
  },
  port: { name: 'port', doc: 'Virtual port; 0 is every port of a persistent service.' },
  fwmark: { name: 'fwmark', doc: 'Firewall mark, instead of protocol, address and port.' },
  scheduler: { name: 'sched-name', doc: 'Scheduler, such as wlc.' },
  flags: { name: 'flags', doc: 'Bits of the service, and a mask of those that count.' },
  timeout: { name: 'timeout', doc: 'Persistence, in seconds.' },
  netmask: {
    name: 'netmask',
    doc: 'Clients that persistence takes for one: an IPv4 mask in network order, or an IPv6 prefix length in the order of the machine.',
  },
  stats: { name: 'stats', doc: 'Counters; connections and packets in 32 bits.' },
  engine: { name: 'pe-name', doc: 'Persistence engine, such as sip.' },
  stats64: { name: 'stats64', doc: 'Counters in 64 bits; since Linux 4.1.' },
};

const destinationNames: NamesOf<typeof DestinationAttributes> = {
  address: { name: 'addr', doc: 'Address of the server. IPv4 uses the first 4 bytes of 16.' },
  port: { name: 'port', doc: 'Port of the server.' },
  method: { name: 'fwd-method', doc: 'Forwarding method.', enum: 'forwarding-method' },
  weight: { name: 'weight', doc: destinationNumbers.weight.about },
  upperThreshold: { name: 'u-thresh', doc: destinationNumbers.upperThreshold.about },
  lowerThreshold: { name: 'l-thresh', doc: destinationNumbers.lowerThreshold.about },
  activeConnections: { name: 'active-conns', doc: 'Connections in state ESTABLISHED.' },
  inactiveConnections: { name: 'inact-conns', doc: 'All other connections.' },
  persistentConnections: { name: 'persist-conns', doc: 'Persistence templates.' },
  stats: { name: 'stats', doc: 'Counters; connections and packets in 32 bits.' },
  family: {
    name: 'addr-family',
    doc: "Address family; without it the service's. Since Linux 3.18.",
    enum: 'family',
  },
  stats64: { name: 'stats64', doc: 'Counters in 64 bits; since Linux 4.1.' },
  tunnelType: { name: 'tun-type', doc: 'Encapsulation of the method tun.', enum: 'tunnel-type' },
  tunnelPort: { name: 'tun-port', doc: 'Destination port of GUE.' },
  tunnelFlags: { name: 'tun-flags', doc: 'Checksums of the encapsulation.', enum: 'tunnel-flags' },
};

const daemonNames: NamesOf<typeof DaemonAttributes> = {
  state: { name: 'state', doc: 'Role of the sync daemon.', enum: 'daemon-state' },
  interface: { name: 'mcast-ifn', doc: 'Interface of the multicast group.' },
  syncId: { name: 'sync-id', doc: 'Id of the group of directors, 0 to 255.' },
  maxLength: { name: 'sync-maxlen', doc: 'Largest message, in bytes.' },
  group: { name: 'mcast-group', doc: 'IPv4 multicast group.' },
  group6: { name: 'mcast-group6', doc: 'IPv6 multicast group.' },
  port: { name: 'mcast-port', doc: 'UDP port, in the order of the machine.' },
  ttl: { name: 'mcast-ttl', doc: 'Hops that a message may take.' },
};

const infoNames: NamesOf<typeof InfoAttributes> = {
  version: { name: 'version', doc: 'Version of IPVS: major, minor and patch in a byte each.' },
  connectionTableSize: { name: 'conn-tab-size', doc: 'Buckets of the connection table.' },
};

const commandNames: NamesOf<typeof CommandAttributes> = {
  service: { name: 'service', doc: 'Virtual service.' },
  destination: { name: 'dest', doc: 'Real server.' },
  daemon: { name: 'daemon', doc: 'Sync daemon.' },
  tcpTimeout: { name: 'timeout-tcp', doc: 'Idle timeout of TCP, in seconds.' },
  tcpFinTimeout: { name: 'timeout-tcp-fin', doc: 'Idle timeout of TCP after a FIN, in seconds.' },
  udpTimeout: { name: 'timeout-udp', doc: 'Idle timeout of UDP, in seconds.' },
};

/** The sets by their name in the specification, those that others nest before these. `prefix`: of the constants in C. */
const sets = [
  { name: 'stats', prefix: 'stats', set: Stats32, names: statsNames },
  { name: 'stats64', prefix: 'stats', set: Stats64, names: statsNames },
  { name: 'service', prefix: 'svc', set: ServiceAttributes, names: serviceNames },
  { name: 'dest', prefix: 'dest', set: DestinationAttributes, names: destinationNames },
  { name: 'daemon', prefix: 'daemon', set: DaemonAttributes, names: daemonNames },
  { name: 'info', prefix: 'info', set: InfoAttributes, names: infoNames },
  { name: 'cmd', prefix: 'cmd', set: CommandAttributes, names: commandNames },
] as const satisfies readonly {
  name: string;
  prefix: string;
  set: AttributeSet<Rows>;
  names: Readonly<Record<string, Named>>;
}[];

const timeouts = ['timeout-tcp', 'timeout-tcp-fin', 'timeout-udp'];

interface Described {
  readonly name: string;
  readonly doc: string;
  readonly request?: readonly string[];
  /** The kernel heads a reply with the number of the command that would set what it tells. */
  readonly reply?: { readonly value: number; readonly attributes: readonly string[] };
}

/** A command of the kernel; two of our operations may be one, with a request of its own each. */
const operations: Readonly<Record<keyof IpvsOperations, Described>> = {
  addService: { name: 'new-service', doc: 'Add a service.', request: ['service'] },
  editService: { name: 'set-service', doc: 'Change a service.', request: ['service'] },
  deleteService: { name: 'del-service', doc: 'Remove a service and its servers.', request: ['service'] },
  getService: {
    name: 'get-service',
    doc: 'A service, or all.',
    request: ['service'],
    reply: { value: 1, attributes: ['service'] },
  },
  getServices: {
    name: 'get-service',
    doc: 'A service, or all.',
    reply: { value: 1, attributes: ['service'] },
  },
  addDestination: { name: 'new-dest', doc: 'Add a server to a service.', request: ['service', 'dest'] },
  editDestination: { name: 'set-dest', doc: 'Change a server of a service.', request: ['service', 'dest'] },
  deleteDestination: { name: 'del-dest', doc: 'Remove a server of a service.', request: ['service', 'dest'] },
  getDestinations: {
    name: 'get-dest',
    doc: 'The servers of a service, the newest first.',
    request: ['service'],
    reply: { value: 5, attributes: ['dest'] },
  },
  startDaemon: { name: 'new-daemon', doc: 'Start a sync daemon.', request: ['daemon'] },
  stopDaemon: { name: 'del-daemon', doc: 'Stop a sync daemon.', request: ['daemon'] },
  getDaemons: {
    name: 'get-daemon',
    doc: 'The sync daemons that run.',
    reply: { value: 9, attributes: ['daemon'] },
  },
  setTimeouts: { name: 'set-config', doc: 'Set idle timeouts; 0 leaves one as it is.', request: timeouts },
  getTimeouts: { name: 'get-config', doc: 'Idle timeouts.', reply: { value: 12, attributes: timeouts } },
  getInfo: {
    name: 'get-info',
    doc: 'Version, and size of the connection table.',
    reply: { value: 14, attributes: ['version', 'conn-tab-size'] },
  },
  zeroService: { name: 'zero', doc: 'Set the counters of a service to zero, or all.', request: ['service'] },
  zeroAll: { name: 'zero', doc: 'Set the counters of a service to zero, or all.', request: ['service'] },
  flush: { name: 'flush', doc: 'Remove all services.' },
};

/** Nested attributes are of the set with the same rows: a service without counters has the attributes of a service. */
const specNameOf = (set: AttributeSet): string =>
  sets.find((each) => (each.set as AttributeSet) === set)?.name ?? set.name;

/** The largest part of a union nf_inet_addr, in bytes. */
const ADDRESS = 16;

/** The format's types, by the names of our kinds. */
const types: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  u8: { type: 'u8' },
  u16: { type: 'u16' },
  u32: { type: 'u32' },
  u64: { type: 'u64' },
  be16: { type: 'u16', 'byte-order': 'big-endian' },
  string: { type: 'string' },
  address: { type: 'binary', checks: { 'max-len': ADDRESS } },
  netmask: { type: 'u32' },
  flags: { type: 'binary', struct: 'flags' },
};

function typeOf(kind: Kind<unknown>): Readonly<Record<string, unknown>> {
  const set = nestedSet(kind);
  if (set !== undefined) return { type: 'nest', 'nested-attributes': specNameOf(set) };
  const type = types[kind.name];
  if (type === undefined) throw new Error(`no type of the format for ${kind.name}`);
  return type;
}

/** IPVS_STATS_ATTR_PAD, which some processors need; lvsadm passes over it. */
const pad = { name: 'pad', type: 'pad', value: 11 };

const attributeSets = sets.map(({ name, prefix, set, names }) => ({
  name,
  'name-prefix': `ipvs-${prefix}-attr-`,
  attributes: [
    ...Object.entries(set.rows as Rows).map(([own, [value, kind]]) => {
      const { name, doc, enum: definition } = (names as Readonly<Record<string, Named>>)[own] as Named;
      return {
        name,
        value,
        ...typeOf(kind),
        ...(definition && { enum: definition }),
        ...(own === 'weight' && { checks: { max: INT_MAX } }),
        doc,
      };
    }),
    ...(prefix === 'stats' ? [pad] : []),
  ],
}));

function commands(): unknown[] {
  const list = new Map<number, Record<string, unknown>>();
  for (const [own, { command, reply: answer }] of Object.entries(ipvsSchema.operations)) {
    const { name, doc, request = [], reply } = operations[own as keyof IpvsOperations];
    const set = own === 'getInfo' ? 'info' : 'cmd';
    list.set(command, {
      ...(list.get(command) ?? { name, doc, 'attribute-set': set, flags: ['admin-perm'] }),
      [answer === 'dump' ? 'dump' : 'do']: {
        request: { value: command, attributes: request },
        ...(reply && { reply }),
      },
    });
  }
  return [...list.values()];
}

/** The text of docs/ipvs-netlink.yaml. */
export function netlinkSpec(): string {
  const { name, version } = ipvsSchema;
  const spec = {
    name,
    protocol: 'genetlink-legacy',
    'uapi-header': 'linux/ip_vs.h',
    version,
    doc: 'IPVS, the load balancer in the kernel: virtual services, their real servers, sync daemons and timeouts.',
    definitions: [
      ...Object.entries(definitions).map(([name, { type, of }]) => ({
        name,
        type,
        entries: Object.entries(of).map(([name, value]) => ({ name, value })),
      })),
      {
        name: 'flags',
        type: 'struct',
        members: [
          { name: 'flags', type: 'u32' },
          { name: 'mask', type: 'u32' },
        ],
      },
    ],
    'attribute-sets': attributeSets,
    operations: { 'enum-model': 'directional', 'name-prefix': 'ipvs-cmd-', list: commands() },
  };
  return [
    '# SPDX-License-Identifier: MIT',
    '# IPVS over generic netlink, in the format of the kernel (Documentation/netlink/genetlink-legacy.yaml).',
    '# Made by `npm run netlink-spec` out of src/ipvs/schema.ts.',
    dump(spec, { lineWidth: 120, noRefs: true }),
  ].join('\n');
}

/** Where it is kept, below the project's folder. */
export const specFile = 'docs/ipvs-netlink.yaml';

if (isMain(import.meta.filename)) writeFileSync(join(root, specFile), netlinkSpec());
