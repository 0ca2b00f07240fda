/** From a document that has the right shape to the model: defaults, names, and what several values must agree on. */
import { ValueError } from '../errors.js';
import type { Daemon, DaemonState } from '../model/daemon.js';
import {
  type Destination,
  type ForwardingMethod,
  plainTunnel,
  type Tunnel,
  type TunnelChecksum,
  type TunnelType,
} from '../model/destination.js';
import { parseServer, parseService } from '../model/notation.js';
import {
  defaults,
  isFwmark,
  type Persistence,
  type SchedulerFlag,
  type Service,
  type ServiceId,
  serviceFamily,
} from '../model/service.js';
import type { Timeouts } from '../model/table.js';
import { canonicalNetmask, hostAddress, multicastGroup, NotRight } from './addresses.js';
import type { Names } from './names.js';
import type { Part, Report, Said, SaidService } from './part.js';
import type { Path, Source } from './place.js';
import { notThat } from './problems.js';
import type {
  DaemonValue,
  DocumentValue,
  PersistenceValue,
  ServerSettings,
  ServerValue,
  ServiceSettings,
  ServiceValue,
  schedulerFlagWords,
} from './schema.js';

/**
 * What a document says. Problems go to `report`, and what they are about is left out, as is what depends on a name that
 * is yet to be looked up.
 */
export function convertDocument(value: DocumentValue, source: Source, names: Names, report: Report): Part {
  const conversion = new Conversion(value, source, names, report);
  return {
    services: value.services?.flatMap((service, index) => conversion.service(service, ['services', index])),
    daemons: value.sync && conversion.daemons(value.sync),
    timeouts: value.timeouts && conversion.timeouts(value.timeouts),
  };
}

class Conversion {
  constructor(
    private readonly document: DocumentValue,
    private readonly source: Source,
    private readonly names: Names,
    private readonly report: Report,
  ) {}

  /** None if there is no telling which service it is; otherwise one. */
  service(value: ServiceValue, path: Path): SaidService[] {
    const id = this.attempt([...path, 'service'], () => this.serviceId(value));
    if (id === undefined) return [];
    const settings: ServiceSettings = { ...this.document.defaults?.service, ...value };
    const service: Service = {
      id,
      scheduler: settings.scheduler ?? defaults.scheduler,
      schedulerFlags: this.attempt([...path, 'schedulerFlags'], () => schedulerFlags(settings)) ?? [],
      persistence: this.attempt([...path, 'persistence', 'netmask'], () =>
        persistence(settings.persistence ?? false, id),
      ),
      onePacket: settings.onePacket ?? false,
    };
    if (!isFwmark(id) && id.port === 0 && !service.persistence) {
      this.problem([...path, 'service'], 'port 0, every port, is for services with persistence only');
    }
    const servers = { ...this.document.defaults?.server, ...value.defaults };
    return [
      {
        ...this.said(service, [...path, 'service']),
        destinations: value.servers?.flatMap((server, index) =>
          this.server(server, servers, id, [...path, 'servers', index]),
        ),
      },
    ];
  }

  daemons(value: NonNullable<DocumentValue['sync']>): Said<Daemon>[] {
    const states: readonly DaemonState[] = ['master', 'backup'];
    return states.flatMap((state) => {
      const daemon = value[state];
      if (daemon === undefined) return [];
      const path = ['sync', state];
      return this.said(
        {
          state,
          interface: daemon.interface,
          syncId: daemon.id ?? 0,
          maxLength: daemon.maxLength,
          group: this.attempt([...path, 'group'], () => daemonGroup(daemon)),
          port: daemon.port,
          ttl: daemon.ttl,
        },
        path,
      );
    });
  }

  timeouts(value: NonNullable<DocumentValue['timeouts']>): Said<readonly [keyof Timeouts, number]>[] {
    const names: readonly (keyof Timeouts)[] = ['tcp', 'tcpFin', 'udp'];
    return names.flatMap((name) => {
      const seconds = value[name];
      return seconds === undefined ? [] : this.said([name, seconds] as const, ['timeouts', name]);
    });
  }

  private serviceId(value: ServiceValue): ServiceId | undefined {
    const notation = parseService(value.service);
    if ('fwmark' in notation) {
      const { fwmark, family = value.family ?? 'inet' } = notation;
      if (value.family !== undefined && value.family !== family) {
        throw new NotRight(`${value.service} has family ${family}, but family says ${value.family}`);
      }
      return { fwmark, family };
    }
    const families = value.family ? [value.family] : (['inet', 'inet6'] as const);
    const address = hostAddress(notation.host, families, this.names);
    return address === undefined ? undefined : { protocol: notation.protocol, address, port: notation.port };
  }

  private server(
    value: ServerValue,
    inherited: ServerSettings,
    of: ServiceId,
    path: Path,
  ): Said<Destination>[] {
    const own = typeof value === 'string' ? { server: value } : value;
    const at = typeof value === 'string' ? path : [...path, 'server'];
    const settings: ServerSettings = { ...inherited, ...own };
    const placed = this.attempt(at, () => this.destination(own.server, settings, of));
    if (placed === undefined) return [];
    const encapsulation = this.attempt([...path, 'tunnel'], () =>
      tunnel(typeof value === 'string' ? undefined : value.tunnel, settings, placed.method),
    );
    const destination = { ...placed, tunnel: encapsulation ?? plainTunnel };
    if (destination.lowerThreshold > destination.upperThreshold) {
      this.problem(
        [...path, 'lowerThreshold'],
        `'${destination.lowerThreshold}' is more than upperThreshold, ${destination.upperThreshold}`,
      );
    }
    return [this.said(destination, at)];
  }

  private destination(
    server: string,
    settings: ServerSettings,
    of: ServiceId,
  ): Omit<Destination, 'tunnel'> | undefined {
    const { host, port } = parseServer(server);
    const method = settings.method ?? 'dr';
    const family = serviceFamily(of);
    const other = family === 'inet' ? 'inet6' : 'inet';
    // Only a tunnel can carry one family's packets to a server of the other.
    const address = hostAddress(host, method === 'tun' ? [family, other] : [family], this.names, TUN_ONLY);
    if (address === undefined) return undefined;
    return {
      id: { address, port: port ?? (isFwmark(of) ? 0 : of.port) },
      method,
      weight: settings.weight ?? 1,
      upperThreshold: settings.upperThreshold ?? 0,
      lowerThreshold: settings.lowerThreshold ?? 0,
    };
  }

  /** What `make` gives; what it throws about a value becomes a problem at `path`. */
  private attempt<T>(path: Path, make: () => T): T | undefined {
    try {
      return make();
    } catch (error) {
      if (error instanceof NotRight) this.problem(path, error.message);
      else if (error instanceof ValueError) this.problem(path, notThat(error.given, error.expected));
      else throw error;
      return undefined;
    }
  }

  private problem(path: Path, text: string): void {
    this.report({ ...this.source.locate(path), text });
  }

  private said<T>(value: T, path: Path): Said<T> {
    return { value, place: () => this.source.locate(path) };
  }
}

const TUN_ONLY = 'only method tun carries packets to a server of the other family';

/** The bits that a scheduler's own words stand for. */
const flagWords: Record<
  (typeof schedulerFlagWords)[number],
  { readonly flag: SchedulerFlag; readonly scheduler?: string }
> = {
  'flag-1': { flag: 'flag-1' },
  'flag-2': { flag: 'flag-2' },
  'flag-3': { flag: 'flag-3' },
  'sh-fallback': { flag: 'flag-1', scheduler: 'sh' },
  'sh-port': { flag: 'flag-2', scheduler: 'sh' },
  'mh-fallback': { flag: 'flag-1', scheduler: 'mh' },
  'mh-port': { flag: 'flag-2', scheduler: 'mh' },
};

function schedulerFlags({ schedulerFlags: words = [], scheduler = defaults.scheduler }: ServiceSettings) {
  const chosen = words.map((word) => {
    const meaning = flagWords[word];
    if (meaning.scheduler !== undefined && meaning.scheduler !== scheduler) {
      throw new NotRight(`${word} is a flag of scheduler ${meaning.scheduler}, not of ${scheduler}`);
    }
    return meaning.flag;
  });
  return [...new Set(chosen)].sort();
}

function persistence(value: PersistenceValue, id: ServiceId): Persistence | undefined {
  if (value === false) return undefined;
  const settings = typeof value === 'object' ? value : {};
  const family = serviceFamily(id);
  return {
    timeout: typeof value === 'number' ? value : (settings.timeout ?? defaults.persistenceTimeout),
    netmask:
      settings.netmask === undefined ? defaults.netmask[family] : canonicalNetmask(settings.netmask, family),
    engine: settings.engine,
  };
}

/** `own` is what the server itself says; a default for tunnels is none of the other methods' business. */
function tunnel(own: object | undefined, settings: ServerSettings, method: ForwardingMethod): Tunnel {
  if (method !== 'tun') {
    if (own !== undefined) throw new NotRight(`a tunnel is for method tun, not for ${method}`);
    return plainTunnel;
  }
  const { type = 'ipip', port = 0, checksum = 'nocsum' } = settings.tunnel ?? {};
  if (type === 'gue' && port === 0) throw new NotRight('type gue needs a port: {type: gue, port: 6080}');
  if (type !== 'gue' && port !== 0) throw new NotRight(`a port is for type gue, not for ${type}`);
  if (!checksums[type].includes(checksum)) {
    throw new NotRight(
      `checksum ${checksum} is not for type ${type}, which knows ${checksums[type].join(', ')}`,
    );
  }
  return { type, port, checksum };
}

/** What each encapsulation has room for. */
const checksums: Record<TunnelType, readonly TunnelChecksum[]> = {
  ipip: ['nocsum'],
  gre: ['nocsum', 'csum'],
  gue: ['nocsum', 'csum', 'remcsum'],
};

const daemonGroup = ({ group }: DaemonValue): string | undefined => group && multicastGroup(group);
