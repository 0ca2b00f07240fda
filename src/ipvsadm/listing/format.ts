/** The lines of -L, byte for byte as ipvsadm writes them. Pure: services and servers in, bytes out. */
import { masked } from '../../foreign-text.js';
import { familyOf } from '../../model/address.js';
import type { Daemon } from '../../model/daemon.js';
import { type ServiceSwitch, serviceSwitchNames } from '../../model/fields.js';
import {
  defaults,
  isFwmark,
  type Protocol,
  type Service,
  type ServiceId,
  serviceFamily,
} from '../../model/service.js';
import type { Info, ServiceEntry, Timeouts } from '../../model/table.js';
import { type Labels, numericLabels } from '../grammar/endpoint-format.js';
import { flagList, protocolOf } from '../rules.js';
import { abbreviated, exact, putCounter } from './counters.js';
import type { Layout } from './layouts.js';
import { putServer, type RowFormat } from './rows.js';

/** Width of the column with names, `TCP  ` or `  -> ` included. */
const NAME = 33;
const PREFIX = 5;

/** The rows of a table in this layout; without labels all is numeric. Counters are abbreviated unless `inFull`. */
export function tableFormat(layout: Layout, inFull: boolean, names?: Labels): RowFormat {
  const labels = names && cutToFit(names);
  let protocol: Protocol | undefined;
  const beginServer: RowFormat['server'] = (to, servers) => {
    to.begin(NAME);
    to.text('  -> ');
    putServer(to, servers, protocol, labels);
  };
  if ('counters' in layout) {
    const { counters } = layout;
    const long = inFull ? exact : abbreviated;
    return {
      service(to, service) {
        protocol = protocolOf(service.id);
        to.begin(NAME);
        to.text(serviceName(service.id, labels));
        to.pad();
        const { stats } = service as ServiceEntry;
        for (const counter of counters) putCounter(to, stats[counter], long);
        to.end();
      },
      server(to, servers) {
        beginServer(to, servers);
        to.pad();
        for (const counter of counters) putCounter(to, servers.counter(counter), long);
        to.end();
      },
    };
  }
  return {
    service(to, service) {
      protocol = protocolOf(service.id);
      to.begin();
      to.text(`${serviceName(service.id, labels)} ${properties(service)}`);
      to.end();
    },
    server(to, servers) {
      beginServer(to, servers);
      for (const column of layout.servers) {
        to.cell(column.width);
        column.put(to, servers);
      }
      to.end();
    },
  };
}

/** Names of IPv4 addresses are cut off to fit their column; those of IPv6 addresses push the others aside. */
const cutToFit = (labels: Labels): Labels => ({
  endpoint(address, port, protocol) {
    const text = labels.endpoint(address, port, protocol);
    return familyOf(address) === 'inet' ? text.slice(0, NAME - PREFIX) : text;
  },
});

/** `TCP  192.0.2.1:80`, `FWM  7 IPv6` */
function serviceName(id: ServiceId, labels = numericLabels): string {
  if (isFwmark(id)) return `FWM  ${id.fwmark}${id.family === 'inet6' ? ' IPv6' : ''}`;
  return `${id.protocol.toUpperCase().padEnd(4)} ${labels.endpoint(id.address, id.port, id.protocol)}`;
}

const switchWords: Readonly<Record<ServiceSwitch, string>> = { onePacket: 'ops' };

/** `sh (sh-port) persistent 60 mask 255.255.255.0 pe sip ops` */
function properties(service: Service): string {
  const { scheduler, schedulerFlags, persistence, id } = service;
  let text = masked(scheduler);
  if (schedulerFlags.length > 0) text += ` (${flagList(service)})`;
  if (persistence) {
    text += ` persistent ${persistence.timeout}`;
    if (persistence.netmask !== defaults.netmask[serviceFamily(id)]) text += ` mask ${persistence.netmask}`;
    if (persistence.engine) text += ` pe ${masked(persistence.engine)}`;
  }
  for (const name of serviceSwitchNames) if (service[name]) text += ` ${switchWords[name]}`;
  return text;
}

export const versionLine = ({ version, connectionTableSize }: Info): string =>
  `IP Virtual Server version ${version.major}.${version.minor}.${version.patch} (size=${connectionTableSize})\n`;

export const timeoutsLine = ({ tcp, tcpFin, udp }: Timeouts): string =>
  `Timeout (tcp tcpfin udp): ${tcp} ${tcpFin} ${udp}\n`;

/** `master sync daemon (mcast=eth0, syncid=0, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)` */
export function daemonLine(daemon: Daemon): string {
  const details = [`mcast=${masked(daemon.interface)}`, `syncid=${daemon.syncId}`];
  if (daemon.maxLength) details.push(`maxlen=${daemon.maxLength}`);
  if (daemon.group) details.push(`group=${daemon.group}`);
  if (daemon.port) details.push(`port=${daemon.port}`);
  if (daemon.ttl) details.push(`ttl=${daemon.ttl}`);
  return `${daemon.state} sync daemon (${details.join(', ')})\n`;
}
