/** The last phase: from settings that go together to the command that they make, defaults filled in. */
import { UsageError } from '../../errors.js';
import { familyOf } from '../../model/address.js';
import type { Change } from '../../model/change.js';
import type { Daemon, DaemonState } from '../../model/daemon.js';
import {
  type Destination,
  type DestinationId,
  hasOwnPort,
  plainTunnel,
  type Tunnel,
  type TunnelChecksum,
  type TunnelType,
} from '../../model/destination.js';
import { persistenceRange } from '../../model/limits.js';
import {
  defaults,
  isFwmark,
  type Persistence,
  type Protocol,
  type Service,
  type ServiceId,
  serviceFamily,
} from '../../model/service.js';
import type { Timeouts } from '../../model/table.js';
import { blaming, type Draft } from './args.js';
import type { Columns, Command } from './command.js';
import type { CommandName, Settings, Slot } from './options.js';
import { type Endpoint, type Names, netmask, number, oneOf, portNumber, schedulerFlags } from './values.js';

/** Listings by precedence: where several are asked for, the first of them is shown. */
const columns = [
  'stats',
  'rate',
  'thresholds',
  'persistentConnections',
  'tunnels',
] as const satisfies Columns[];

const tunnelSlots = ['tunnelType', 'tunnelPort', 'tunnelChecksum'] as const;

/** What each encapsulation has room for. */
const tunnelTypes: Readonly<Record<TunnelType, { port: boolean; checksums: readonly TunnelChecksum[] }>> = {
  ipip: { port: false, checksums: [] },
  gue: { port: true, checksums: ['nocsum', 'csum', 'remcsum'] },
  gre: { port: false, checksums: ['nocsum', 'csum'] },
};

type Builder = (parts: Parts) => Command;

export const build = (draft: Draft, names: Names): Command =>
  builders[draft.command.option.long](new Parts(draft, names));

const change = (what: Change): Command => ({ do: 'change', change: what });

const builders: Readonly<Record<CommandName, Builder>> = {
  'add-service': (parts) => change({ do: 'addService', service: parts.service() }),
  'edit-service': (parts) => change({ do: 'editService', service: parts.service() }),
  'delete-service': (parts) => change({ do: 'deleteService', id: parts.serviceId() }),
  clear: () => change({ do: 'flush' }),
  zero: (parts) =>
    change(parts.has('service') ? { do: 'zeroService', id: parts.serviceId() } : { do: 'zeroAll' }),
  'add-server': (parts) =>
    change({ do: 'addDestination', of: parts.serviceId(), destination: parts.destination() }),
  'edit-server': (parts) =>
    change({ do: 'editDestination', of: parts.serviceId(), destination: parts.destination() }),
  'delete-server': (parts) =>
    change({ do: 'deleteDestination', of: parts.serviceId(), id: parts.destinationId() }),
  'start-daemon': (parts) => change({ do: 'startDaemon', daemon: parts.daemon() }),
  'stop-daemon': (parts) => change({ do: 'stopDaemon', daemon: parts.stoppedDaemon() }),
  set: (parts) => change({ do: 'setTimeouts', timeouts: parts.timeouts() }),
  list: (parts) => parts.list(),
  save: (parts) => ({ do: 'save', numeric: parts.has('numeric') }),
  restore: () => ({ do: 'restore' }),
  help: () => ({ do: 'help' }),
  version: () => ({ do: 'version' }),
};

/** The parts of a command, each made from the settings that concern it. */
class Parts {
  private readonly settings: Partial<Settings>;

  constructor(
    private readonly draft: Draft,
    private readonly names: Names,
  ) {
    this.settings = draft.settings;
  }

  has(slot: Slot): boolean {
    return this.settings[slot] !== undefined;
  }

  serviceId(): ServiceId {
    const { service, ipv6 } = this.settings;
    if (service === undefined) throw new Error('a command without a service was not refused');
    if ('fwmark' in service) return { fwmark: service.fwmark, family: ipv6 ? 'inet6' : 'inet' };
    const { protocol, at } = service;
    const port = this.blaming('service', () => this.port(at, protocol) ?? 0);
    return { protocol, address: at.address, port };
  }

  service(): Service {
    const id = this.serviceId();
    const { scheduler = defaults.scheduler, schedulerFlags: flags = '', onePacket = false } = this.settings;
    const persistence = this.persistence(id);
    if (!isFwmark(id) && id.port === 0 && persistence === undefined) {
      // Without brackets, what was meant as an IPv6 address's port has become its last part.
      const form = familyOf(id.address) === 'inet6' ? `, as in [${id.address}]:80` : '';
      throw new UsageError(`every port (port 0) needs persistence: add -p, or give a port${form}`);
    }
    if (onePacket && !isFwmark(id) && id.protocol !== 'udp') {
      throw new UsageError('one-packet scheduling is for UDP and firewall marks', this.spelling('onePacket'));
    }
    return {
      id,
      scheduler: scheduler || defaults.scheduler,
      schedulerFlags: this.blaming('schedulerFlags', () => schedulerFlags(flags, scheduler)),
      persistence,
      onePacket,
    };
  }

  destinationId(): DestinationId {
    const { server } = this.settings;
    const of = this.serviceId();
    if (server === undefined) throw new Error('a command without a server was not refused');
    // A mark has no protocol; names of ports are then TCP's.
    const own = this.blaming('server', () => this.port(server, isFwmark(of) ? 'tcp' : of.protocol));
    return { address: server.address, port: own ?? (isFwmark(of) ? 0 : of.port) };
  }

  destination(): Destination {
    const of = this.serviceId();
    const { method = 'dr', weight = 1, upperThreshold = 0, lowerThreshold = 0 } = this.settings;
    const id = this.destinationId();
    if (method !== 'tun' && familyOf(id.address) !== serviceFamily(of)) {
      throw new UsageError(
        'a server of the other address family needs a tunnel (-i)',
        this.spelling('server'),
      );
    }
    const port = isFwmark(of) || hasOwnPort(method, of) ? id.port : of.port;
    return {
      id: { ...id, port },
      method,
      weight,
      upperThreshold,
      lowerThreshold,
      tunnel: this.tunnel(method === 'tun'),
    };
  }

  daemon(): Daemon {
    const { interface: device = 'eth0', syncId = 0, maxLength, group, port, ttl } = this.settings;
    return { state: this.daemonState(), interface: device, syncId, maxLength, group, port, ttl };
  }

  timeouts(): Timeouts {
    const [tcp = 0, tcpFin = 0, udp = 0] = this.draft.words.map(({ spelling }) =>
      blaming(this.draft.command.spelling, () => number('timeout', 0, persistenceRange.max)(spelling)),
    );
    return { tcp, tcpFin, udp };
  }

  list(): Command {
    const { service, connections, persistentConnections, timeouts, daemons } = this.settings;
    const numeric = this.has('numeric');
    if (connections) return { do: 'connections', numeric, engineData: persistentConnections === true };
    if (timeouts) return { do: 'timeouts' };
    if (daemons) return { do: 'daemons' };
    return {
      do: 'list',
      of: service && this.serviceId(),
      columns: columns.find((slot) => this.has(slot)) ?? 'plain',
      numeric,
      exact: this.has('exact'),
      sorted: !this.has('unsorted'),
    };
  }

  private persistence(id: ServiceId): Persistence | undefined {
    const { persistence: timeout, netmask: mask, engine } = this.settings;
    const family = serviceFamily(id);
    const clients =
      mask === undefined ? defaults.netmask[family] : this.blaming('netmask', () => netmask(mask, family));
    return timeout === undefined ? undefined : { timeout, netmask: clients, engine: engine || undefined };
  }

  private tunnel(tunnelled: boolean): Tunnel {
    const { tunnelType, tunnelPort, tunnelChecksum } = this.settings;
    const given = tunnelSlots.find((slot) => this.has(slot));
    if (given === undefined) return plainTunnel;
    if (!tunnelled) throw new UsageError('describes a tunnel, so -i must be there too', this.spelling(given));
    const type = tunnelType ?? plainTunnel.type;
    const { port, checksums } = tunnelTypes[type];
    if (port && tunnelPort === undefined)
      throw new UsageError(`${type} needs --tun-port`, this.spelling('tunnelType'));
    if (!port && tunnelPort !== undefined) {
      throw new UsageError(`${type} tunnels have no port`, this.spelling('tunnelPort'));
    }
    if (tunnelChecksum !== undefined && !checksums.includes(tunnelChecksum)) {
      throw new UsageError(`${type} tunnels do not have that`, this.spelling('tunnelChecksum'));
    }
    return { type, port: tunnelPort ?? 0, checksum: tunnelChecksum ?? plainTunnel.checksum };
  }

  /** The state is what a daemon is known by; the kernel passes over the rest. */
  stoppedDaemon(): Pick<Daemon, 'state' | 'syncId'> {
    return { state: this.daemonState(), syncId: this.settings.syncId ?? 0 };
  }

  private daemonState(): DaemonState {
    const { spelling, value = '' } = this.draft.command;
    return blaming(spelling, () => oneOf<DaemonState>('state', 'master', 'backup')(value));
  }

  private port({ port }: Endpoint, protocol: Protocol): number | undefined {
    return port === undefined ? undefined : portNumber(port, protocol, this.names);
  }

  /** How the option that filled a slot was written. */
  private spelling(slot: Slot): string {
    return this.draft.sources.find(({ option }) => option.slot === slot)?.spelling ?? '';
  }

  private blaming<T>(slot: Slot, read: () => T): T {
    return blaming(this.spelling(slot), read);
  }
}
