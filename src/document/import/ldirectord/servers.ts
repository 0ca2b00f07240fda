/** The real servers of a virtual service of ldirectord, and its fallback. */
import { type Family, formatEndpoint, notOfOneMachine } from '../../../model/address.js';
import { INT_MAX } from '../../../model/limits.js';
import { type HostPort, parseServer } from '../../../model/service-uri.js';
import { InvalidValue, isNot } from '../../invalid-value.js';
import type { ServerSettings } from '../../schema.js';
import { addressesBetween } from '../addresses.js';
import type { ServerDraft } from '../draft.js';
import { type Remark, remarkOn, type Setting, type Values } from '../setting.js';
import type { CheckedServer, Checker, ServiceFacts } from './checks.js';
import { valueText } from './sections.js';

export const methods = { gate: 'dr', masq: 'nat', ipip: 'tun' } as const;
type Method = (typeof methods)[keyof typeof methods];

/** @throws InvalidValue */
function methodOf(word: string): Method {
  if (Object.hasOwn(methods, word)) return methods[word as keyof typeof methods];
  throw new InvalidValue(isNot(word, `one of ${Object.keys(methods).join(', ')}`));
}

/** An address or a name and its port, of the family that the service has. @throws InvalidValue, ValueError */
function hostOf(text: string, family: Family): HostPort {
  const parsed = parseServer(text);
  const fault = parsed.family && notOfOneMachine(parsed.host);
  if (fault !== undefined) throw new InvalidValue(`${parsed.host} ${fault}`);
  if (parsed.family === undefined || parsed.family === family) return parsed;
  const suffix = family === 'inet' ? '6' : '';
  throw new InvalidValue(`${parsed.host} stands in virtual${suffix}, real${suffix} and fallback${suffix}`);
}

/** As documents write it. */
const textOf = (host: string, port: string | undefined): string =>
  port === undefined ? host : host.includes(':') ? formatEndpoint(host, Number(port)) : `${host}:${port}`;

const portOf = ({ port }: HostPort): string | undefined =>
  port === undefined || port === 0 ? undefined : String(port);

/** Servers that are the same but for their addresses. */
interface RealLine {
  readonly hosts: readonly string[];
  readonly port: string | undefined;
  readonly method: Method;
  readonly weight: number;
  readonly request?: string | undefined;
  readonly receive?: string | undefined;
}

/** `192.0.2.1->192.0.2.9:80 masq 10 "/health", "ok"`. @throws InvalidValue, ValueError */
function realLine(setting: Setting, family: Family): RealLine {
  const [, hosts = '', method = '', weight = '1', rest = ''] =
    /^(\S+)\s+(\w+)(?:\s+(\d+))?(?:\s+(".*))?$/.exec(valueText(setting)) ?? [];
  if (hosts === '') {
    throw new InvalidValue(
      isNot(valueText(setting), 'a server such as 198.51.100.7:80 masq 10 "/health", "ok"'),
    );
  }
  const [, request, receive] = /^"([^"]*)"\s*,?\s*"([^"]*)"$/.exec(rest) ?? [];
  if (rest !== '' && request === undefined)
    throw new InvalidValue(isNot(rest, 'a pair such as "/health", "ok"'));
  if (Number(weight) > INT_MAX) throw new InvalidValue(isNot(weight, `a whole number from 0 to ${INT_MAX}`));
  const [first = '', last] = hosts.split('->');
  const { host, ...end } = hostOf(last ?? first, family);
  return {
    hosts: last === undefined ? [host] : rangeOf(hostOf(first, family), { host, ...end }),
    port: portOf({ host, ...end }),
    method: methodOf(method),
    weight: Number(weight),
    request: request || undefined,
    receive: receive || undefined,
  };
}

/** @throws InvalidValue */
function rangeOf(first: HostPort, last: HostPort): string[] {
  if (first.family === undefined || last.family === undefined) {
    throw new InvalidValue('a range goes from one address to another; these are names');
  }
  return addressesBetween(first.host, last.host);
}

export interface ServersSource {
  readonly settings: readonly Setting[];
  readonly family: Family;
  readonly facts: ServiceFacts;
  readonly checker: Checker;
  readonly values: Values;
  /** Takes what concerns all servers. */
  readonly remarks: Remark[];
}

export const serversOf = (source: ServersSource): ServerDraft[] =>
  source.settings.flatMap((setting) => {
    const line = source.values.attempt(setting, () => realLine(setting, source.family));
    return line?.hosts.map((host) => serverOf(host, line, setting, source)) ?? [];
  });

function serverOf(host: string, line: RealLine, setting: Setting, source: ServersSource): ServerDraft {
  const { facts, checker } = source;
  const { method, request, receive } = line;
  const remarks: Remark[] = [];
  // Only NAT changes ports; a mark has none.
  const keepsPort = method === 'nat' || facts.port === undefined;
  if (!keepsPort && line.port !== undefined && line.port !== facts.port) {
    remarks.push(remarkOn(setting, `only masq changes the port; it is that of the service, ${facts.port}`));
  }
  const port = keepsPort && line.port !== facts.port ? line.port : undefined;
  const server: CheckedServer = { host, port, request, receive, setting };
  const check = checker.check(server);
  const isLost = check?.lacksPort(port ?? facts.port) ?? false;
  if (isLost)
    remarks.push(remarkOn(setting, 'not checked: neither the server nor the check has a port (checkport)'));
  // Of one check, settings of its service are told there.
  for (const remark of check?.remarks.splice(0) ?? []) {
    (remark.place.line === setting.place.line ? remarks : source.remarks).push(remark);
  }
  const weight = checker.type === 'off' ? 0 : line.weight;
  return {
    place: setting.place,
    server: textOf(host, port),
    settings: { method, ...(weight !== 1 && { weight }) } satisfies ServerSettings,
    check: isLost ? undefined : check,
    remarks,
  };
}

/** The server that gets the clients while no other is up: `127.0.0.1:80 gate`. @throws InvalidValue, ValueError */
export function fallbackOf(
  setting: Setting,
  family: Family,
): { readonly server: string; readonly method: Method } {
  const [text = '', method = 'gate'] = valueText(setting).split(/\s+/);
  const parsed = hostOf(text, family);
  return { server: textOf(parsed.host, portOf(parsed)), method: methodOf(method) };
}
