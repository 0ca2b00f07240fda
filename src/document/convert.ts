/** From a document that has the right shape to the model: defaults, names, and what several values must agree on. */
import { ValueError } from '../errors.js';
import type { Daemon, DaemonState } from '../model/daemon.js';
import {
  type Destination,
  type DestinationId,
  type ForwardingMethod,
  plainTunnel,
  type Tunnel,
  type TunnelChecksum,
  type TunnelType,
} from '../model/destination.js';
import {
  defaults,
  isFwmark,
  type Persistence,
  type SchedulerFlag,
  type Service,
  type ServiceId,
  serviceFamily,
} from '../model/service.js';
import { parseServer, parseService } from '../model/service-uri.js';
import type { Timeouts } from '../model/table.js';
import { canonicalNetmask, hostAddress, multicastGroup, NotRight, portNumber } from './addresses.js';
import type { Part, Report, Said, SaidService } from './fragment.js';
import type { Path, Source } from './location.js';
import type { Names } from './names.js';
import { ownSettings, PlainServers, serverText, settingsOf } from './plain.js';
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
import { notThat } from './schema-errors.js';

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
    const at =
      (...keys: string[]) =>
      () => [...path, ...keys];
    const id = this.attempt(at('service'), () => this.serviceId(value));
    if (id === undefined) return [];
    const settings: ServiceSettings = { ...this.document.defaults?.service, ...value };
    const service: Service = {
      id,
      scheduler: settings.scheduler ?? defaults.scheduler,
      schedulerFlags: this.attempt(at('schedulerFlags'), () => schedulerFlags(settings)) ?? [],
      persistence: this.attempt(at('persistence', 'netmask'), () =>
        persistence(settings.persistence ?? false, id),
      ),
      onePacket: settings.onePacket ?? false,
    };
    if (!isFwmark(id) && id.port === 0 && !service.persistence) {
      this.problem(at('service')(), 'port 0, every port, is for services with persistence only');
    }
    return [{ ...this.said(service, at('service')), destinations: this.servers(value, id, path) }];
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
          group: this.attempt(
            () => [...path, 'group'],
            () => daemonGroup(daemon),
          ),
          port: daemon.port,
          ttl: daemon.ttl,
        },
        () => path,
      );
    });
  }

  timeouts(value: NonNullable<DocumentValue['timeouts']>): Said<readonly [keyof Timeouts, number]>[] {
    const names: readonly (keyof Timeouts)[] = ['tcp', 'tcpFin', 'udp'];
    return names.flatMap((name) => {
      const seconds = value[name];
      return seconds === undefined ? [] : this.said([name, seconds] as const, () => ['timeouts', name]);
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
    const { protocol } = notation;
    const families = value.family ? [value.family] : (['inet', 'inet6'] as const);
    // Both, so that both names are looked up at once.
    const address = hostAddress(notation, families, this.names);
    const port = portNumber(notation.port, protocol, this.names);
    return address === undefined || port === undefined ? undefined : { protocol, address, port };
  }

  private servers(value: ServiceValue, of: ServiceId, path: Path): SaidService['destinations'] {
    const inherited: ServerSettings = { ...this.document.defaults?.server, ...value.defaults };
    const plain =
      value.servers && serviceFamily(of) === 'inet' ? PlainServers.of(value.servers, inherited) : undefined;
    if (plain !== undefined) return plain;
    return value.servers
      ?.map((server, index) => this.server(server, inherited, of, () => [...path, 'servers', index]))
      .filter((said) => said !== undefined);
  }

  /** A table has many of them: what only a problem needs, its path, is made only then. */
  private server(
    value: ServerValue,
    inherited: ServerSettings,
    of: ServiceId,
    path: () => Path,
  ): Said<Destination> | undefined {
    const own = ownSettings(value);
    const settings = settingsOf(own, inherited);
    const { method } = settings;
    const at = typeof value === 'string' ? path : () => [...path(), 'server'];
    const id = this.attempt(at, () => this.destinationId(serverText(value), method, of));
    if (id === undefined) return undefined;
    const encapsulation =
      method === 'tun' || own.tunnel !== undefined
        ? this.attempt(
            () => [...path(), 'tunnel'],
            () => tunnel(own.tunnel, inherited.tunnel, method),
          )
        : undefined;
    const destination: Destination = {
      id,
      ...settings,
      tunnel: encapsulation ?? plainTunnel,
    };
    if (destination.lowerThreshold > destination.upperThreshold) {
      this.problem(
        [...path(), 'lowerThreshold'],
        `'${destination.lowerThreshold}' is more than upperThreshold, ${destination.upperThreshold}`,
      );
    }
    return this.said(destination, at);
  }

  private destinationId(server: string, method: ForwardingMethod, of: ServiceId): DestinationId | undefined {
    const notation = parseServer(server);
    const family = serviceFamily(of);
    const other = family === 'inet' ? 'inet6' : 'inet';
    // Only a tunnel can carry one family's packets to a server of the other.
    const address = hostAddress(
      notation,
      method === 'tun' ? [family, other] : [family],
      this.names,
      TUN_ONLY,
    );
    const port = isFwmark(of)
      ? portNumber(notation.port ?? 0, undefined, this.names)
      : portNumber(notation.port ?? of.port, of.protocol, this.names);
    return address === undefined || port === undefined ? undefined : { address, port };
  }

  /** What `make` gives; what it throws about a value becomes a problem at `path`. */
  private attempt<T>(path: () => Path, make: () => T): T | undefined {
    try {
      return make();
    } catch (error) {
      if (error instanceof NotRight) this.problem(path(), error.message);
      else if (error instanceof ValueError) this.problem(path(), notThat(error.given, error.expected));
      else throw error;
      return undefined;
    }
  }

  private problem(path: Path, text: string): void {
    this.report({ ...this.source.locate(path), text });
  }

  private said<T>(value: T, path: () => Path): Said<T> {
    return { value, place: () => this.source.locate(path()) };
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

/** A default for tunnels is none of the other methods' business. */
function tunnel(own: TunnelValue, inherited: TunnelValue, method: ForwardingMethod): Tunnel {
  if (method !== 'tun') {
    if (own !== undefined) throw new NotRight(`a tunnel is for method tun, not for ${method}`);
    return plainTunnel;
  }
  const { type = 'ipip', port = 0, checksum = 'nocsum' } = own ?? inherited ?? {};
  if (type === 'gue' && port === 0) throw new NotRight('type gue needs a port: {type: gue, port: 6080}');
  if (type !== 'gue' && port !== 0) throw new NotRight(`a port is for type gue, not for ${type}`);
  if (!checksums[type].includes(checksum)) {
    throw new NotRight(
      `checksum ${checksum} is not for type ${type}, which knows ${checksums[type].join(', ')}`,
    );
  }
  return { type, port, checksum };
}

type TunnelValue = ServerSettings['tunnel'];

/** What each encapsulation has room for. */
const checksums: Record<TunnelType, readonly TunnelChecksum[]> = {
  ipip: ['nocsum'],
  gre: ['nocsum', 'csum'],
  gue: ['nocsum', 'csum', 'remcsum'],
};

const daemonGroup = ({ group }: DaemonValue): string | undefined => group && multicastGroup(group);
