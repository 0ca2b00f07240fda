/** The last phase: a command with all its parts, made from checked arguments; defaults are filled in. */
import { NoEngineError, UsageError } from '../../errors.js';
import { familyOf, isUnspecified } from '../../model/address.js';
import type { Change } from '../../model/change.js';
import { type Daemon, type DaemonState, daemonDefaults } from '../../model/daemon.js';
import {
  type Destination,
  type DestinationId,
  hasOwnPort,
  plainTunnel,
  type Tunnel,
  tunnelTypes,
} from '../../model/destination.js';
import {
  type DestinationNumber,
  destinationNumberNames,
  destinationNumbers,
  type ServiceSwitch,
  serviceSwitchNames,
} from '../../model/fields.js';
import { persistenceRange } from '../../model/limits.js';
import { engineProblem } from '../../model/schedulers.js';
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
import { type Args, readValue, spellingOf } from './args.js';
import { type Command, columnSettings } from './command.js';
import { type CommandName, daemonStates } from './commands.js';
import { type EndpointArg, portNumber, type ResolvedNames } from './endpoint.js';
import type { SettingName, Settings } from './settings.js';
import { netmask, number, oneOf, schedulerFlags } from './values.js';

const tunnelSettings = ['tunnelType', 'tunnelPort', 'tunnelChecksum'] as const;

const readTimeout = number('timeout', { ...persistenceRange, min: 0 });
const readState = oneOf('state', daemonStates);

export const build = (args: Args, names: ResolvedNames): Command =>
  builders[args.command.option.long](new Parts(args, names));

const change = (what: Change): Command => ({ do: 'change', change: what });

const builders: Readonly<Record<CommandName, (parts: Parts) => Command>> = {
  'add-service': (parts) => change({ do: 'addService', service: parts.service() }),
  'edit-service': (parts) => change({ do: 'editService', service: parts.service() }),
  'delete-service': (parts) => change({ do: 'deleteService', id: parts.serviceId() }),
  clear: () => change({ do: 'flush' }),
  zero: (parts) => change(parts.zero()),
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
    private readonly args: Args,
    private readonly names: ResolvedNames,
  ) {
    this.settings = args.settings;
  }

  has(setting: SettingName): boolean {
    return this.settings[setting] !== undefined;
  }

  serviceId(): ServiceId {
    const { service, ipv6 } = this.settings;
    if (service === undefined) throw new Error('a command without a service was not refused');
    if ('fwmark' in service) return { fwmark: service.fwmark, family: ipv6 ? 'inet6' : 'inet' };
    const { protocol, at } = service;
    return { protocol, address: at.address, port: this.port('service', at, protocol) ?? 0 };
  }

  service(): Service {
    const id = this.serviceId();
    const { schedulerFlags: flags = '', onePacket } = this.settings;
    const scheduler = this.settings.scheduler || defaults.scheduler;
    const persistence = this.persistence(id);
    if (!isFwmark(id) && id.port === 0 && persistence === undefined) {
      // Without brackets, a port becomes the last group of the IPv6 address.
      const form = familyOf(id.address) === 'inet6' ? `, as in [${id.address}]:80` : '';
      throw new UsageError(`every port (port 0) needs persistence: add -p, or give a port${form}`);
    }
    if (onePacket && !isFwmark(id) && id.protocol !== 'udp') {
      throw new UsageError('one-packet scheduling is for UDP and firewall marks', this.spelling('onePacket'));
    }
    return {
      ...this.switches(),
      id,
      scheduler,
      schedulerFlags: this.read('schedulerFlags', () => schedulerFlags(flags, scheduler)),
      persistence,
    };
  }

  /** Like ipvsadm, takes the unspecified address without a port for every service. */
  zero(): Change {
    if (!this.has('service')) return { do: 'zeroAll' };
    const id = this.serviceId();
    const everything = !isFwmark(id) && isUnspecified(id.address) && id.port === 0;
    return everything ? { do: 'zeroAll' } : { do: 'zeroService', id };
  }

  destinationId(): DestinationId {
    const { server } = this.settings;
    const of = this.serviceId();
    if (server === undefined) throw new Error('a command without a server was not refused');
    // A mark has no protocol; names of ports are then TCP's.
    const own = this.port('server', server, isFwmark(of) ? 'tcp' : of.protocol);
    return { address: server.address, port: own ?? (isFwmark(of) ? 0 : of.port) };
  }

  destination(): Destination {
    const of = this.serviceId();
    const { method = 'dr' } = this.settings;
    const id = this.destinationId();
    if (method !== 'tun' && familyOf(id.address) !== serviceFamily(of)) {
      throw new UsageError(
        'a server of the other address family needs a tunnel (-i)',
        this.spelling('server'),
      );
    }
    const port = isFwmark(of) || hasOwnPort(method, of) ? id.port : of.port;
    return { ...this.numbers(), id: { ...id, port }, method, tunnel: this.tunnel(method === 'tun') };
  }

  daemon(): Daemon {
    const { interface: device, maxLength, group, port, ttl } = this.settings;
    const name = device || daemonDefaults.interface;
    return { ...this.stoppedDaemon(), interface: name, maxLength, group, port, ttl };
  }

  /** The kernel finds a daemon by its state, and ignores everything else. */
  stoppedDaemon(): Pick<Daemon, 'state' | 'syncId'> {
    return { state: this.daemonState(), syncId: this.settings.syncId ?? daemonDefaults.syncId };
  }

  timeouts(): Timeouts {
    const { command, words } = this.args;
    const [tcp = 0, tcpFin = 0, udp = 0] = words.map(({ word }) =>
      readValue(command.spelling, () => readTimeout(word)),
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
      columns: columnSettings.find((setting) => this.has(setting)) ?? 'plain',
      numeric,
      exact: this.has('exact'),
      sorted: !this.has('unsorted'),
    };
  }

  private switches(): Record<ServiceSwitch, boolean> {
    const switches = {} as Record<ServiceSwitch, boolean>;
    for (const name of serviceSwitchNames) switches[name] = this.settings[name] ?? false;
    return switches;
  }

  private numbers(): Record<DestinationNumber, number> {
    const numbers = {} as Record<DestinationNumber, number>;
    for (const name of destinationNumberNames) {
      numbers[name] = this.settings[name] ?? destinationNumbers[name].default;
    }
    return numbers;
  }

  private persistence(id: ServiceId): Persistence | undefined {
    const { persistence: timeout, netmask: mask, engine } = this.settings;
    if (timeout === undefined && engine) this.refuseUnknownEngine(engine);
    const family = serviceFamily(id);
    const clients =
      mask === undefined ? defaults.netmask[family] : this.read('netmask', () => netmask(mask, family));
    return timeout === undefined ? undefined : { timeout, netmask: clients, engine: engine || undefined };
  }

  /** Without persistence the name is not sent, and the kernel cannot refuse it. */
  private refuseUnknownEngine(engine: string): void {
    const problem = engineProblem(engine);
    if (problem !== undefined) throw new NoEngineError(problem, this.spelling('engine'));
  }

  private tunnel(tunnelled: boolean): Tunnel {
    const { tunnelType: type = plainTunnel.type, tunnelPort, tunnelChecksum } = this.settings;
    const given = tunnelSettings.find((setting) => this.has(setting));
    if (given === undefined) return plainTunnel;
    if (!tunnelled) throw new UsageError('describes a tunnel, so -i must be there too', this.spelling(given));
    const { port, checksums } = tunnelTypes[type];
    if (port && tunnelPort === undefined)
      throw new UsageError(`${type} needs --tun-port`, this.spelling('tunnelType'));
    if (!port && tunnelPort !== undefined) {
      throw new UsageError(`${type} tunnels have no port`, this.spelling('tunnelPort'));
    }
    // Like ipvsadm, refuses even --tun-nocsum for a type that has no other checksum.
    if (tunnelChecksum !== undefined && (checksums.length === 1 || !checksums.includes(tunnelChecksum))) {
      throw new UsageError(`${type} tunnels do not have that`, this.spelling('tunnelChecksum'));
    }
    return { type, port: tunnelPort ?? 0, checksum: tunnelChecksum ?? plainTunnel.checksum };
  }

  private daemonState(): DaemonState {
    const { spelling, value = '' } = this.args.command;
    return readValue(spelling, () => readState(value));
  }

  /** The port of an endpoint; undefined if it has none. */
  private port(setting: SettingName, { port }: EndpointArg, protocol: Protocol): number | undefined {
    return port === undefined ? undefined : this.read(setting, () => portNumber(port, protocol, this.names));
  }

  private spelling(setting: SettingName): string {
    return spellingOf(this.args, setting);
  }

  private read<T>(setting: SettingName, read: () => T): T {
    return readValue(this.spelling(setting), read);
  }
}
