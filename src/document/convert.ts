/** From a document that fits the schema to the model: defaults, names, and checks across several values. */

import type { Family } from '../model/address.js';
import { type DestinationId, type ForwardingMethod, plainTunnel } from '../model/destination.js';
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
import { hostAddress, portNumber } from './addresses.js';
import { type Director, isFor } from './audience.js';
import { CheckLayers } from './checks.js';
import { type Fragment, type LocatedServer, type LocatedService, located, type Report } from './fragment.js';
import { hasOwnChecks, healthParts } from './health.js';
import { InvalidValue } from './invalid-value.js';
import type { Path, Source } from './location.js';
import { Mistakes } from './mistakes.js';
import type { Names } from './names.js';
import type { OptionValues } from './option-shapes.js';
import { PlainServers } from './plain-servers.js';
import type { DocumentValue, ServerValue, ServiceSettings, ServiceValue } from './schema.js';
import { convertDaemons, convertSettings, convertTimeouts } from './sections.js';
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
 * The desired state in a document for a director. Problems go to `report`. Services and servers with a problem are left out, and so are those
 * with a name that has not been looked up yet.
 */
export function convertDocument(
  value: DocumentValue,
  source: Source,
  names: Names,
  report: Report,
  director: Director,
): Fragment {
  const mistakes = new Mistakes(source, report);
  const conversion = new Conversion(value, source, names, mistakes);
  const isMeant = isFor(value.only, director);
  const services = value.services?.flatMap((service, index) =>
    isMeant && isFor(service.only, director) ? conversion.service(service, ['services', index]) : [],
  );
  // What it has for others is not there on this director: it may be removed.
  if (!isMeant) return { owns: conversion.owns, services };
  return {
    owns: conversion.owns,
    services,
    daemons: value.sync && convertDaemons(value.sync, source, mistakes, director),
    timeouts: value.timeouts && convertTimeouts(value.timeouts, source),
    settings: value.settings && convertSettings(value.settings, source),
  };
}

class Conversion {
  readonly owns: readonly Owned[] | undefined;

  constructor(
    private readonly document: DocumentValue,
    private readonly source: Source,
    private readonly names: Names,
    private readonly mistakes: Mistakes,
  ) {
    const owns = document.owns?.map((text, index) =>
      this.mistakes.attempt(
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
    const id = this.mistakes.attempt(at('service'), () => this.serviceId(value));
    if (id === undefined) {
      // The mistakes of its servers are told all the same.
      this.servers(value, this.inherited(value, { family: value.family }, path), path);
      return [];
    }
    const settings: ServiceSettings = { ...this.document.defaults?.service, ...value };
    const service: Service = {
      id,
      scheduler: settings.scheduler ?? defaults.scheduler,
      schedulerFlags: this.mistakes.attempt(at('schedulerFlags'), () => schedulerFlags(settings)) ?? [],
      persistence: this.mistakes.attempt(at('persistence', 'netmask'), () =>
        persistence(settings.persistence ?? false, id),
      ),
      ...switchesOf(settings),
    };
    if (this.owns?.some((owned) => owned(id)) === false)
      this.mistakes.problem(at('service')(), `${formatService(id)} is outside of what the document owns`);
    if (!isFwmark(id) && id.port === 0 && !service.persistence) {
      this.mistakes.problem(at('service')(), 'port 0, every port, is for services with persistence only');
    }
    const inherited = this.inherited(value, ownerOf(id), path);
    const destinations = this.servers(value, inherited, path);
    const parts = this.healthParts(id, value, destinations, inherited, path);
    return [{ ...located(this.source, service, at('service')), destinations, ...parts }];
  }

  private healthParts(
    id: ServiceId,
    value: ServiceValue,
    destinations: LocatedService['destinations'],
    { of, settings, layers }: Inherited,
    path: Path,
  ): Pick<LocatedService, 'checks' | 'health'> | undefined {
    // A large table without checks is not to wait for them.
    const isChecked = !layers.areEmpty || settings.agent !== undefined || hasOwnChecks(destinations);
    if (!isChecked && value.health === undefined) return undefined;
    const sorryId = ({ server, method }: OptionValues) =>
      this.mistakes.attempt(
        () => [...path, 'health', 'sorry', 'server'],
        () => this.destinationId(String(server), method as ForwardingMethod, of),
      );
    const usual = this.document.defaults?.health;
    const { agent } = settings;
    return healthParts(
      { id, path, layers, usual, own: value.health, agent, destinations, sorryId },
      this.mistakes,
    );
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

  private inherited(value: ServiceValue, of: Owner, path: Path): Inherited {
    const { defaults: usual } = this.document;
    return {
      of,
      settings: inheritedSettings(usual?.server, value.defaults),
      layers: new CheckLayers(usual?.check, value.check, path, this.mistakes),
    };
  }

  private servers(value: ServiceValue, inherited: Inherited, path: Path): LocatedService['destinations'] {
    const plain =
      value.servers && inherited.of.family === 'inet'
        ? PlainServers.of(value.servers, inherited.settings, inherited.of.port)
        : undefined;
    return (
      plain ??
      value.servers
        ?.map((server, index) => this.server(server, inherited, [...path, 'servers', index]))
        .filter((server) => server !== undefined)
    );
  }

  private server(
    value: ServerValue,
    { settings: inherited, of, layers }: Inherited,
    path: Path,
  ): LocatedServer | undefined {
    const own = settingsOf(value);
    const { method = inherited.method } = own;
    const at = () => (typeof value === 'string' ? path : [...path, 'server']);
    const id = this.mistakes.attempt(at, () => this.destinationId(addressOf(value), method, of));
    if (id === undefined) return undefined;
    const tunnel = this.mistakes.attempt(
      () => [...path, 'tunnel'],
      () => tunnelOf(own.tunnel, inherited.tunnel, method),
    );
    const destination = { id, method, ...numbersOf(own, inherited), tunnel: tunnel ?? plainTunnel };
    const { lowerThreshold, upperThreshold } = destination;
    if (lowerThreshold > upperThreshold) {
      const text = `'${lowerThreshold}' is more than upperThreshold, ${upperThreshold}`;
      this.mistakes.problem([...path, 'lowerThreshold'], text);
    }
    const server = located(this.source, destination, at);
    if (own.check === undefined && own.agent === undefined) return server;
    return { ...server, checks: layers.own(own.check, own.agent ?? inherited.agent, path) };
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
}

/** What the servers of a service have in common. */
interface Inherited {
  readonly of: Owner;
  readonly settings: InheritedSettings;
  readonly layers: CheckLayers;
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
