/** The lines of ipvsadm's listings, byte for byte. Pure: services and servers in, text out. */
import { addressOrder, type Family, familyOf } from '../model/address.js';
import type { Daemon } from '../model/daemon.js';
import {
  defaults,
  isFwmark,
  type Protocol,
  type Service,
  type ServiceId,
  serviceFamily,
} from '../model/service.js';
import type { Stats } from '../model/stats.js';
import type { DestinationEntry, Info, ServiceEntry, Timeouts } from '../model/table.js';
import { abbreviated, exact, layouts } from './columns.js';
import type { ListOptions } from './command.js';
import type { Labels } from './labels.js';
import { printable } from './printable.js';
import { flagList, protocolOf } from './rules.js';

/** Width of the column with names, `TCP  ` or `  -> ` included. */
const NAME = 33;
const PREFIX = 5;

/** What turns rows of the table into lines, each with its end. */
export interface Formatter {
  readonly heading: string;
  service(service: ServiceEntry): string;
  server(of: ServiceId, server: DestinationEntry): string;
}

export function formatter(options: Pick<ListOptions, 'columns' | 'exact'>, labels: Labels): Formatter {
  const layout = layouts[options.columns];
  const serverName = (of: ServiceId, { id }: DestinationEntry): string =>
    `  -> ${endpoint(labels, id.address, id.port, protocolOf(of))}`.padEnd(NAME);
  if ('counters' in layout) {
    const show = options.exact ? exact : abbreviated;
    const counters = (stats: Stats): string =>
      layout.counters.map((counter) => show(stats[counter])).join('');
    return {
      heading: layout.heading,
      service: (service) => `${serviceName(service.id, labels).padEnd(NAME)}${counters(service.stats)}\n`,
      server: (of, server) => `${serverName(of, server)}${counters(server.stats)}\n`,
    };
  }
  return {
    heading: layout.heading,
    service: (service) => `${serviceName(service.id, labels)} ${properties(service)}\n`,
    server(of, server) {
      let line = serverName(of, server);
      for (const { width, cell } of layout.servers) line += ` ${cell(server).padEnd(width)}`;
      return `${line}\n`;
    },
  };
}

/** Names of IPv4 addresses are cut off to fit their column; those of IPv6 addresses push the others aside. */
function endpoint(labels: Labels, address: string, port: number, protocol: Protocol | undefined): string {
  const text = labels.endpoint(address, port, protocol);
  return familyOf(address) === 'inet' ? text.slice(0, NAME - PREFIX) : text;
}

/** `TCP  192.0.2.1:80`, `FWM  7 IPv6` */
function serviceName(id: ServiceId, labels: Labels): string {
  if (isFwmark(id)) return `FWM  ${id.fwmark}${id.family === 'inet6' ? ' IPv6' : ''}`;
  return `${id.protocol.toUpperCase().padEnd(4)} ${endpoint(labels, id.address, id.port, id.protocol)}`;
}

/** `sh (sh-port) persistent 60 mask 255.255.255.0 pe sip ops` */
function properties(service: Service): string {
  const { scheduler, schedulerFlags, persistence, onePacket, id } = service;
  let text = scheduler;
  if (schedulerFlags.length > 0) text += ` (${flagList(service)})`;
  if (persistence) {
    text += ` persistent ${persistence.timeout}`;
    if (persistence.netmask !== defaults.netmask[serviceFamily(id)]) text += ` mask ${persistence.netmask}`;
    if (persistence.engine) text += ` pe ${persistence.engine}`;
  }
  return onePacket ? `${text} ops` : text;
}

export const versionLine = ({ version, connectionTableSize }: Info): string =>
  `IP Virtual Server version ${version.major}.${version.minor}.${version.patch} (size=${connectionTableSize})\n`;

export const timeoutsLine = ({ tcp, tcpFin, udp }: Timeouts): string =>
  `Timeout (tcp tcpfin udp): ${tcp} ${tcpFin} ${udp}\n`;

/** `master sync daemon (mcast=eth0, syncid=0, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)` */
export function daemonLine(daemon: Daemon): string {
  const details = [`mcast=${printable(daemon.interface)}`, `syncid=${daemon.syncId}`];
  if (daemon.maxLength) details.push(`maxlen=${daemon.maxLength}`);
  if (daemon.group) details.push(`group=${daemon.group}`);
  if (daemon.port) details.push(`port=${daemon.port}`);
  if (daemon.ttl) details.push(`ttl=${daemon.ttl}`);
  return `${daemon.state} sync daemon (${details.join(', ')})\n`;
}

const families: readonly Family[] = ['inet', 'inet6'];
const protocols: readonly Protocol[] = ['tcp', 'udp', 'sctp'];

const endpointOrder = (address: string, port: number): string =>
  `${addressOrder(address)} ${String(port).padStart(5, '0')}`;

/** Text that sorts as ipvsadm lists: firewall marks last; then by family, protocol, address and port. */
export function serviceOrder(id: ServiceId): string {
  const family = families.indexOf(serviceFamily(id));
  if (isFwmark(id)) return `1 ${String(id.fwmark).padStart(10, '0')} ${family}`;
  return `0 ${family} ${protocols.indexOf(id.protocol)} ${endpointOrder(id.address, id.port)}`;
}

/** Text that sorts real servers: by family, address and port. */
export const destinationOrder = ({ id }: DestinationEntry): string =>
  `${id.address.includes(':') ? 1 : 0} ${endpointOrder(id.address, id.port)}`;
