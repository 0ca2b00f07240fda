/** What a document says of the checks of a service's servers together, and of what their results do. */
import { type Check, goesThroughPath, pathLeg } from '../model/check.js';
import { type Destination, type DestinationId, destinationKey, plainTunnel } from '../model/destination.js';
import { destinationNumberNames, destinationNumbers } from '../model/fields.js';
import { type Health, healthOptions, type ServerChecks } from '../model/health.js';
import { lackOf, pathTo } from '../model/server-path.js';
import type { ServiceId } from '../model/service.js';
import { type CheckLayers, lacksPort } from './checks.js';
import type { LocatedServer, LocatedService } from './fragment.js';
import type { Path } from './location.js';
import type { Mistakes } from './mistakes.js';
import { modelValues, type OptionValues } from './option-shapes.js';
import { PlainServers } from './plain-servers.js';

/** A service in a document, as far as its health is concerned. */
export interface HealthSource {
  readonly id: ServiceId;
  readonly path: Path;
  readonly layers: CheckLayers;
  /** Options of health: of the document, and of the service. */
  readonly usual: OptionValues | undefined;
  readonly own: OptionValues | undefined;
  /** The agent of servers without one of their own. */
  readonly agent: OptionValues | undefined;
  readonly destinations: LocatedService['destinations'];
  /** The address of a sorry server; undefined until its name has been looked up. */
  sorryId(sorry: OptionValues): DestinationId | undefined;
}

/** Whether a server has checks of its own. */
export const hasOwnChecks = (destinations: LocatedService['destinations']): boolean =>
  destinations !== undefined &&
  !(destinations instanceof PlainServers) &&
  destinations.some(({ checks }) => checks !== undefined);

/** The checks of a service and what they do to it; empty for a service without both. */
export function healthParts(
  source: HealthSource,
  mistakes: Mistakes,
): Pick<LocatedService, 'checks' | 'health'> {
  const { layers, destinations, agent, own } = source;
  const servers = destinations === undefined || destinations instanceof PlainServers ? [] : destinations;
  const others = servers.flatMap(({ checks }) => checks ?? []);
  const areAllOwn = others.length > 0 && others.length === servers.length;
  const usual = areAllOwn ? {} : layers.usual(agent);
  const isChecked = [usual, ...others].some(
    ({ check, agent: asked }) => check !== undefined || asked !== undefined,
  );
  if (!isChecked && own === undefined) return {};
  requirePorts(usual, source, servers, mistakes);
  requirePaths(usual, source, servers, mistakes);
  return { ...(isChecked && { checks: usual }), health: healthOf(source, mistakes) };
}

function requirePorts(
  usual: ServerChecks,
  { destinations, path }: HealthSource,
  servers: readonly LocatedServer[],
  mistakes: Mistakes,
): void {
  for (const server of servers) {
    const { check } = server.checks ?? usual;
    if (lacksPort(check, server.value.id.port)) mistakes.about(server, needsPort(check));
  }
  // Few checks need a port, and few plain servers have none: their objects are made for these alone.
  if (!(destinations instanceof PlainServers) || !lacksPort(usual.check, 0)) return;
  if (destinations.destinations.some(({ id }) => id.port === 0)) {
    mistakes.problem([...path, 'check', 'port'], `missing; ${needsPort(usual.check)}`);
  }
}

/** Each server whose check goes through a path has one, and the leg leads to it. */
function requirePaths(
  usual: ServerChecks,
  { id, destinations, path }: HealthSource,
  servers: readonly LocatedServer[],
  mistakes: Mistakes,
): void {
  for (const server of servers) {
    const mistake = pathMistake((server.checks ?? usual).check, id, server.value);
    if (mistake !== undefined) mistakes.about(server, mistake);
  }
  if (!(destinations instanceof PlainServers) || usual.check === undefined) return;
  if (!goesThroughPath(usual.check)) return;
  for (const [index, server] of destinations.destinations.entries()) {
    const mistake = pathMistake(usual.check, id, server);
    if (mistake === undefined) continue;
    mistakes.problem([...path, 'servers', index], mistake);
    return;
  }
}

/** Why a check cannot go through the path to a server. */
function pathMistake(check: Check | undefined, of: ServiceId, server: Destination): string | undefined {
  if (check === undefined || !goesThroughPath(check)) return undefined;
  const { path, reason } = pathTo(of, server);
  if (path === undefined) return reason;
  for (const name of ['connectTo', 'bind'] as const) {
    if (check[name] !== undefined) return `${name} cannot be combined with through: path`;
  }
  const leg = pathLeg(check);
  if (leg === undefined) return 'leg is missing in check: through: path needs one';
  const lack = lackOf(leg, path);
  return lack && `leg.address: ${lack}`;
}

const needsPort = (check: Check | undefined): string =>
  `the server has no port that a check of kind ${check?.kind} could connect to: set port in check`;

function healthOf({ usual, own, path, destinations, sorryId }: HealthSource, mistakes: Mistakes): Health {
  const at: Path = own === undefined ? ['defaults', 'health'] : [...path, 'health'];
  const { sorry: sorryValues, ...values } = modelValues(healthOptions, { ...usual, ...own }) as Omit<
    Health,
    'sorry'
  > & {
    readonly sorry?: OptionValues;
  };
  const { quorum } = values;
  if (quorum !== undefined && quorum.hysteresis >= quorum.weight) {
    const text = `'${quorum.hysteresis}' is not less than weight, ${quorum.weight}: the quorum could never be lost`;
    mistakes.problem([...at, 'quorum', 'hysteresis'], text);
  }
  const id = sorryValues && sorryId(sorryValues);
  if (sorryValues === undefined || id === undefined) return values;
  const sorry = sorryServer(id, sorryValues['method'] as Destination['method']);
  if (keysOf(destinations).includes(destinationKey(id))) {
    mistakes.problem([...at, 'sorry', 'server'], `${destinationKey(id)} is one of the service's servers`);
  }
  return { ...values, sorry };
}

const keysOf = (destinations: LocatedService['destinations']): string[] =>
  destinations instanceof PlainServers
    ? destinations.destinations.map(({ id }) => destinationKey(id))
    : (destinations ?? []).map(({ value }) => destinationKey(value.id));

/** A server with the default numbers. */
function sorryServer(id: DestinationId, method: Destination['method']): Destination {
  const numbers = Object.fromEntries(
    destinationNumberNames.map((name) => [name, destinationNumbers[name].default]),
  ) as Pick<Destination, (typeof destinationNumberNames)[number]>;
  return { id, method, ...numbers, tunnel: plainTunnel };
}
