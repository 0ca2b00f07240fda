/** From a document that fits the schema to the model: defaults, names, and checks across several values. */

import { ValueError } from '../errors.js';
import type { Family } from '../model/address.js';
import type { Daemon, DaemonState } from '../model/daemon.js';
import {
  type Destination,
  type DestinationId,
  type ForwardingMethod,
  plainTunnel,
} from '../model/destination.js';
import { interfaceName } from '../model/interface.js';
import { type Owned, parseOwned } from '../model/ownership.js';
import {
  defaults,
  isFwmark,
  type Protocol,
  type Service,
  type ServiceId,
  serviceFamily,
} from '../model/service.js';
import { formatService, parseServer, parseService } from '../model/service-uri.js';
import { type Timeouts, timeoutNames } from '../model/table.js';
import { hostAddress, multicastGroup, portNumber } from './addresses.js';
import type { Fragment, Located, LocatedService, Report } from './fragment.js';
import { InvalidValue, isNot } from './invalid-value.js';
import type { Path, Source } from './location.js';
import type { Names } from './names.js';
import { PlainServers } from './plain-servers.js';
import type { DocumentValue, ServerValue, ServiceSettings, ServiceValue } from './schema.js';
import {
  addressOf,
  type InheritedSettings,
  inheritedSettings,
  numbersOf,
  settingsOf,
  tunnelOf,
} from './server-settings.js';
import { persistence, schedulerFlags, switchesOf } from './service-settings.js';

/**
 * The desired state in a document. Problems go to `report`. Services and servers with a problem are left out, and so are those
 * with a name that has not been looked up yet.
 */
export function convertDocument(
  value: DocumentValue,
  source: Source,
  names: Names,
  report: Report,
): Fragment {
  const conversion = new Conversion(value, source, names, report);
  return {
    owns: conversion.owns,
    services: value.services?.flatMap((service, index) => conversion.service(service, ['services', index])),
    daemons: value.sync && conversion.daemons(value.sync),
    timeouts: value.timeouts && conversion.timeouts(value.timeouts),
  };
}

class Conversion {
  readonly owns: readonly Owned[] | undefined;

  constructor(
    private readonly document: DocumentValue,
    private readonly source: Source,
    private readonly names: Names,
    private readonly report: Report,
  ) {
    const owns = document.owns?.map((text, index) =>
      this.attempt(
        () => ['owns', index],
        () => parseOwned(text),
      ),
    );
    // One that is wrong may be meant for any service.
    this.owns = owns?.every((owned) => owned !== undefined) ? owns : undefined;
  }

  /** One service; empty if its name is invalid or has not been looked up yet. */
  service(value: ServiceValue, path: Path): LocatedService[] {
    const at =
      (...keys: string[]) =>
      () => [...path, ...keys];
    const id = this.attempt(at('service'), () => this.serviceId(value));
    if (id === undefined) {
      // The mistakes of its servers are told all the same.
      this.servers(value, { family: value.family }, path);
      return [];
    }
    const settings: ServiceSettings = { ...this.document.defaults?.service, ...value };
    const service: Service = {
      id,
      scheduler: settings.scheduler ?? defaults.scheduler,
      schedulerFlags: this.attempt(at('schedulerFlags'), () => schedulerFlags(settings)) ?? [],
      persistence: this.attempt(at('persistence', 'netmask'), () =>
        persistence(settings.persistence ?? false, id),
      ),
      ...switchesOf(settings),
    };
    if (this.owns?.some((owned) => owned(id)) === false)
      this.problem(at('service')(), `${formatService(id)} is outside of what the document owns`);
    if (!isFwmark(id) && id.port === 0 && !service.persistence) {
      this.problem(at('service')(), 'port 0, every port, is for services with persistence only');
    }
    return [
      { ...this.located(service, at('service')), destinations: this.servers(value, ownerOf(id), path) },
    ];
  }

  daemons(value: NonNullable<DocumentValue['sync']>): Located<Daemon>[] {
    const states: readonly DaemonState[] = ['master', 'backup'];
    return states.flatMap((state) => {
      const daemon = value[state];
      if (daemon === undefined) return [];
      const path = ['sync', state];
      return this.located(
        {
          state,
          interface:
            this.attempt(
              () => [...path, 'interface'],
              () => interfaceName(daemon.interface, 'interface'),
            ) ?? daemon.interface,
          syncId: daemon.id ?? 0,
          maxLength: daemon.maxLength,
          group: this.attempt(
            () => [...path, 'group'],
            () => daemon.group && multicastGroup(daemon.group),
          ),
          port: daemon.port,
          ttl: daemon.ttl,
        },
        () => path,
      );
    });
  }

  timeouts(value: NonNullable<DocumentValue['timeouts']>): Located<readonly [keyof Timeouts, number]>[] {
    return timeoutNames.flatMap((name) => {
      const seconds = value[name];
      return seconds === undefined ? [] : this.located([name, seconds] as const, () => ['timeouts', name]);
    });
  }

  private serviceId(value: ServiceValue): ServiceId | undefined {
    const notation = parseService(value.service);
    if ('fwmark' in notation) {
      const { fwmark, family = value.family ?? 'inet' } = notation;
      if (value.family !== undefined && value.family !== family) {
        throw new InvalidValue(`${value.service} has family ${family}, but family says ${value.family}`);
      }
      return { fwmark, family };
    }
    const { protocol } = notation;
    const families = value.family ? [value.family] : bothFamilies;
    // Both, so that both names are looked up at once.
    const address = hostAddress(notation, families, this.names);
    const port = portNumber(notation.port, protocol, this.names);
    return address === undefined || port === undefined ? undefined : { protocol, address, port };
  }

  private servers(value: ServiceValue, of: Owner, path: Path): LocatedService['destinations'] {
    const inherited = inheritedSettings(this.document.defaults?.server, value.defaults);
    const plain =
      value.servers && of.family === 'inet' ? PlainServers.of(value.servers, inherited) : undefined;
    return (
      plain ??
      value.servers
        ?.map((server, index) => this.server(server, inherited, of, [...path, 'servers', index]))
        .filter((server) => server !== undefined)
    );
  }

  private server(
    value: ServerValue,
    inherited: InheritedSettings,
    of: Owner,
    path: Path,
  ): Located<Destination> | undefined {
    const own = settingsOf(value);
    const { method = inherited.method } = own;
    const at = () => (typeof value === 'string' ? path : [...path, 'server']);
    const id = this.attempt(at, () => this.destinationId(addressOf(value), method, of));
    if (id === undefined) return undefined;
    const tunnel = this.attempt(
      () => [...path, 'tunnel'],
      () => tunnelOf(own.tunnel, inherited.tunnel, method),
    );
    const destination = { id, method, ...numbersOf(own, inherited), tunnel: tunnel ?? plainTunnel };
    const { lowerThreshold, upperThreshold } = destination;
    if (lowerThreshold > upperThreshold) {
      const text = `'${lowerThreshold}' is more than upperThreshold, ${upperThreshold}`;
      this.problem([...path, 'lowerThreshold'], text);
    }
    return this.located(destination, at);
  }

  private destinationId(server: string, method: ForwardingMethod, of: Owner): DestinationId | undefined {
    const notation = parseServer(server);
    const other: Family = of.family === 'inet' ? 'inet6' : 'inet';
    // Only a tunnel can carry one family's packets to a server of the other.
    const families =
      of.family === undefined ? bothFamilies : method === 'tun' ? [of.family, other] : [of.family];
    const address = hostAddress(notation, families, this.names, TUN_ONLY);
    const port = portNumber(notation.port ?? of.port ?? 0, of.protocol, this.names);
    return address === undefined || port === undefined ? undefined : { address, port };
  }

  /** What `make` returns; an error about a value becomes a problem at `path`. */
  private attempt<T>(path: () => Path, make: () => T): T | undefined {
    try {
      return make();
    } catch (error) {
      if (error instanceof InvalidValue) this.problem(path(), error.message);
      else if (error instanceof ValueError) this.problem(path(), isNot(error.given, error.expected));
      else throw error;
      return undefined;
    }
  }

  private problem(path: Path, text: string): void {
    this.report(() => ({ ...this.source.locate(path), text }));
  }

  private located<T>(value: T, path: () => Path): Located<T> {
    return { value, location: () => this.source.locate(path()) };
  }
}

/** What a server takes from its service, as far as that is known; a mark has no protocol and no port. */
interface Owner {
  readonly family: Family | undefined;
  readonly protocol?: Protocol;
  readonly port?: number;
}

const ownerOf = (id: ServiceId): Owner => ({
  family: serviceFamily(id),
  ...(!isFwmark(id) && { protocol: id.protocol, port: id.port }),
});

const bothFamilies: readonly Family[] = ['inet', 'inet6'];

const TUN_ONLY = 'only method tun carries packets to a server of the other family';
