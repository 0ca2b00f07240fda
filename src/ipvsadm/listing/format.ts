/** The lines of ipvsadm's listings, byte for byte. Pure: services and servers in, bytes out. */
import type { DestinationCursor } from '../../ipvs/source/destination-cursor.js';
import { addressOrder, type Family, familyOf, formatAddress } from '../../model/address.js';
import type { Daemon } from '../../model/daemon.js';
import {
  defaults,
  isFwmark,
  type Protocol,
  type Service,
  type ServiceId,
  serviceFamily,
} from '../../model/service.js';
import type { Info, ServiceEntry, Timeouts } from '../../model/table.js';
import type { ListOptions } from '../grammar/command.js';
import { type Labels, numericLabels } from '../grammar/endpoint-format.js';
import { flagList, protocolOf } from '../rules.js';
import { abbreviated, exact, layouts, SHORT } from './columns.js';
import { type LineWriter, printable } from './line-writer.js';

/** Width of the column with names, `TCP  ` or `  -> ` included. */
const NAME = 33;
const PREFIX = 5;
/** Width of a counter's column. */
const COUNTER = 9;

/** What turns rows of the table into lines. */
export interface Formatter {
  readonly heading: string;
  service(to: LineWriter, service: Service | ServiceEntry): void;
  /** The server that `servers` has come to. */
  server(to: LineWriter, of: ServiceId, servers: DestinationCursor): void;
}

/** Without labels all is numeric. */
export function formatter(options: Pick<ListOptions, 'columns' | 'exact'>, labels?: Labels): Formatter {
  const layout = layouts[options.columns];
  const { heading } = layout;
  const endpoint = labels ? namedEndpoint(labels) : numericEndpoint;
  const serverName: Formatter['server'] = (to, of, servers) => {
    to.begin(NAME);
    to.text('  -> ');
    endpoint(to, of, servers);
  };
  if ('counters' in layout) {
    const { counters } = layout;
    const show = options.exact ? exact : abbreviated;
    return {
      heading,
      service(to, service) {
        to.begin(NAME);
        to.text(serviceName(service.id, labels));
        to.pad();
        const { stats } = service as ServiceEntry;
        for (const counter of counters) to.text(show(stats[counter]));
        to.end();
      },
      server(to, of, servers) {
        serverName(to, of, servers);
        to.pad();
        for (const counter of counters) {
          const count = servers.counter(counter);
          if (count < SHORT) to.right(Number(count), COUNTER);
          else to.text(show(BigInt(count)));
        }
        to.end();
      },
    };
  }
  return {
    heading,
    service(to, service) {
      to.begin();
      to.text(`${serviceName(service.id, labels)} ${properties(service)}`);
      to.end();
    },
    server(to, of, servers) {
      serverName(to, of, servers);
      for (const column of layout.servers) {
        to.cell(column.width);
        if ('number' in column) to.number(servers.number(column.number));
        else to.text(column.word(servers));
      }
      to.end();
    },
  };
}

const numericEndpoint: Formatter['server'] = (to, _of, servers) =>
  to.endpoint(servers.bytes, servers.address(), servers.family, servers.port());

const namedEndpoint =
  (labels: Labels): Formatter['server'] =>
  (to, of, servers) => {
    const address = formatAddress(servers.bytes, servers.address(), servers.family);
    to.text(endpoint(labels, address, servers.port(), protocolOf(of)));
  };

/** Names of IPv4 addresses are cut off to fit their column; those of IPv6 addresses push the others aside. */
function endpoint(labels: Labels, address: string, port: number, protocol: Protocol | undefined): string {
  const text = labels.endpoint(address, port, protocol);
  return familyOf(address) === 'inet' ? text.slice(0, NAME - PREFIX) : text;
}

/** `TCP  192.0.2.1:80`, `FWM  7 IPv6` */
function serviceName(id: ServiceId, labels = numericLabels): string {
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
