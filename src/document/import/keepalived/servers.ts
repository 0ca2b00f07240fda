/** The real servers of a virtual server of keepalived, and its sorry server. */
import { type Family, familyOf, formatEndpoint } from '../../../model/address.js';
import type { Tunnel } from '../../../model/destination.js';
import { INT_MAX, portRange, U32_MAX } from '../../../model/limits.js';
import { InvalidValue, isNot } from '../../invalid-value.js';
import type { ServerSettings } from '../../schema.js';
import { tunnelOf } from '../../server-settings.js';
import type { ServerDraft } from '../draft.js';
import { type Remark, remarkOn, type Setting, type Values } from '../setting.js';
import type { Block } from './blocks.js';
import { checkOf } from './checkers.js';
import { Layer } from './layer.js';

/** A server, and what concerns its service. */
export interface RealServer extends ServerDraft {
  readonly address: string;
  /** Undefined: the port of the service. */
  readonly port: number | undefined;
  readonly isInhibited: boolean;
  /** Down until its check has succeeded. */
  readonly isAlpha: boolean;
}

export type Forwarding = Pick<ServerSettings, 'method' | 'tunnel'>;

const methods = { NAT: 'nat', DR: 'dr', TUN: 'tun' } as const;

/** `TUN type gue port 6080 csum`; NAT if the setting is missing. */
export function forwardingOf(setting: Setting | undefined, values: Values): Forwarding {
  const [word = 'NAT', ...options] = setting?.words ?? [];
  const name = word.toUpperCase();
  if (setting === undefined) return { method: 'nat' };
  const forwarding = values.attempt(setting, (): Forwarding => {
    if (!Object.hasOwn(methods, name)) throw new InvalidValue(isNot(word, 'one of NAT, DR, TUN'));
    const method = methods[name as keyof typeof methods];
    return options.length === 0 ? { method } : { method, tunnel: tunnelIn(options) };
  });
  return forwarding ?? { method: 'nat' };
}

/** @throws InvalidValue */
function tunnelIn(words: readonly string[]): Partial<Tunnel> {
  const given: Record<string, unknown> = {};
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (word === 'type') given['type'] = words[++at];
    else if (word === 'port') given['port'] = Number(words[++at]);
    else if (['nocsum', 'csum', 'remcsum'].includes(word)) given['checksum'] = word;
    else throw new InvalidValue(isNot(word, 'an option of a tunnel: type, port, nocsum, csum or remcsum'));
  }
  const { type = 'ipip', port } = given as Partial<Tunnel>;
  if (!['ipip', 'gue', 'gre'].includes(type)) throw new InvalidValue(isNot(type, 'one of ipip, gue, gre'));
  if (port !== undefined && !(port >= portRange.min && port <= portRange.max)) {
    throw new InvalidValue(isNot(port, `a port from ${portRange.min} to ${portRange.max}`));
  }
  tunnelOf(given as Partial<Tunnel>, undefined, 'tun');
  return { ...given, type };
}

/** The address and the port of a server; undefined after a problem. */
export function endpointOf(
  setting: Setting,
  values: Values,
): Pick<RealServer, 'address' | 'port'> | undefined {
  const address = values.address(setting);
  const [, word] = setting.words;
  const port = word === undefined ? 0 : values.integer(setting, { min: 0, max: portRange.max }, word);
  return address === undefined || port === undefined ? undefined : { address, port: port || undefined };
}

/** As documents write a server. */
export const serverText = ({ address, port }: Pick<RealServer, 'address' | 'port'>): string =>
  port === undefined ? address : formatEndpoint(address, port);

export function realServersOf(service: Layer, values: Values): RealServer[] {
  const usual = service.own('lvs_method');
  return service.all('real_server').flatMap((block) => realServer(block, service, usual, values) ?? []);
}

function realServer(
  block: Block,
  service: Layer,
  usual: Block | undefined,
  values: Values,
): RealServer | undefined {
  const endpoint = endpointOf(block, values);
  if (endpoint === undefined) return undefined;
  const layer = new Layer(block, service);
  const forwarding = forwardingOf(layer.own('lvs_method') ?? usual, values);
  const remarks: Remark[] = [];
  const settings = { ...forwarding, ...numbersOf(layer, values, remarks) };
  const isInhibited = layer.isOn('inhibit_on_failure', values);
  const { check, isAlpha, remarks: others } = checkOf(layer, values);
  return {
    ...endpoint,
    place: block.place,
    server: serverText(endpoint),
    settings,
    check,
    isInhibited,
    isAlpha,
    remarks: [...remarks, ...others, ...layer.remarks],
  };
}

function numbersOf(layer: Layer, values: Values, remarks: Remark[]): ServerSettings {
  const weight = values.integer(layer.nearest('weight'), { min: 0, max: INT_MAX });
  const threshold = { min: 0, max: U32_MAX };
  const upperThreshold = values.integer(layer.own('uthreshold'), threshold);
  const setting = layer.own('lthreshold');
  const lowerThreshold = values.integer(setting, threshold);
  const isLower = (lowerThreshold ?? 0) <= (upperThreshold ?? 0);
  if (setting !== undefined && !isLower) remarks.push(remarkOn(setting, 'more than uthreshold'));
  return {
    ...(weight !== undefined && weight !== 1 && { weight }),
    ...(upperThreshold && { upperThreshold }),
    ...(lowerThreshold && isLower && { lowerThreshold }),
  };
}

/** The server without its check, if that has no port to connect to in one of the services. */
export function withoutLostCheck(server: RealServer, ports: readonly (number | undefined)[]): RealServer {
  const { check, place } = server;
  const isLost = check !== undefined && ports.some((port) => check.lacksPort(server.port ?? port));
  if (!isLost) return server;
  const text = `${check.kind}: neither the server nor the check has a port (connect_port)`;
  return { ...server, check: undefined, remarks: [...server.remarks, { place, text }] };
}

/** The family of a firewall mark without one: that of its servers that have no tunnel, or of all of them. */
export function familyOfServers(servers: readonly RealServer[]): Family {
  const families = (some: readonly RealServer[]) => [
    ...new Set(some.map(({ address }) => familyOf(address))),
  ];
  const [family, other] = families(servers.filter(({ settings }) => settings.method !== 'tun'));
  if (family !== undefined && other === undefined) return family;
  const [only = 'inet', more] = families(servers);
  return more === undefined ? only : 'inet';
}

/** Problems of servers of the other family that no tunnel leads to. */
export function requireFamily(
  servers: readonly Pick<RealServer, 'address' | 'settings' | 'place'>[],
  family: Family,
  values: Values,
): void {
  for (const { address, settings, place } of servers) {
    if (settings.method === 'tun' || familyOf(address) === family) continue;
    const why = 'only TUN carries packets to a server of the other address family';
    values.problem(place, `${address} is not of the family of its service: ${why}`);
  }
}
