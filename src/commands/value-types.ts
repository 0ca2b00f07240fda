/** The types of values in the words of a subcommand: how each is written, read and completed. */

import { UsageError, ValueError } from '../errors.js';
import { nodeName } from '../fleet/layout.js';
import type { WaveRequest } from '../fleet/rollout.js';
import { parseStoreAddress } from '../fleet/store-url.js';
import { quoted } from '../foreign-text.js';
import { canonicalAddress, familyOf, isLoopback, notOfOneMachine } from '../model/address.js';
import { destinationNumbers } from '../model/fields.js';
import { LONGEST_REASON } from '../model/hold.js';
import { interfaceName } from '../model/interface.js';
import { INT_MAX, portRange, type Range } from '../model/limits.js';
import { ON_NETWORK, parseNetwork, parseOnNetwork } from '../model/network.js';
import { type Grouping, groupingNames } from '../observe/connections/keys.js';
import { connectionStates } from '../observe/connections/selection.js';
import { type EventSection, eventSections } from '../observe/table/event.js';
import type { RemovalLimit } from '../plan/policy.js';
import { nearest } from '../suggest.js';
import type { ListenAddress } from '../system/network/http-server.js';
import { comparisons } from './shared/comparisons.js';
import { moment } from './shared/moment.js';

/** What a shell completes a value with: names of files or links, or services and servers in the table. */
export type Completion = 'path' | 'directory' | 'interface' | 'netns' | 'service' | 'service-url' | 'server';

export interface ValueType<T> {
  /** As help writes such a value: `SECONDS`. */
  readonly name: string;
  /** The unit that follows a default in the help. */
  readonly unit?: string;
  readonly completion?: Completion;
  /** How such a value is written, where its name does not say it. */
  readonly notation?: string;
  /** @param argument as the user spelled it, for the error. @throws UsageError, ValueError */
  read(text: string, argument: string): T;
}

const asWritten = (text: string): string => text;

/** Services and servers stay text: their ports may be names, which are looked up when the command runs. */
export const valueTypes = {
  path: { name: 'FILE', completion: 'path', read: asWritten },
  directory: { name: 'DIRECTORY', completion: 'directory', read: asWritten },
  interface: { name: 'INTERFACE', completion: 'interface', read: interfaceName },
  service: {
    name: 'SERVICE',
    completion: 'service-url',
    notation: 'tcp://ADDRESS:PORT, udp://ADDRESS:PORT, sctp://ADDRESS:PORT or fwmark://MARK',
    read: asWritten,
  },
  server: {
    name: 'SERVER',
    completion: 'server',
    notation: "ADDRESS or ADDRESS:PORT (default: the service's port); IPv6 with a port: [ADDRESS]:PORT",
    read: asWritten,
  },
  word: { name: 'WORD', read: asWritten },
  text: { name: 'TEXT', read: asWritten },
  number: {
    name: 'NUMBER',
    read: (text, argument) => wholeNumber(text, { min: 0, max: INT_MAX }, 'number', argument),
  },
  node: { name: 'DIRECTOR', read: nodeName },
  store: {
    name: 'STORE',
    notation:
      'etcd://HOST:PORT/PREFIX/ (several hosts with commas between them), etcds:// with TLS, or file:///DIRECTORY',
    read: storeName,
  },
  wave: {
    name: 'WAVE',
    notation:
      'names of directors with commas between them, or a share such as 25%; with :TIME the time to be well',
    read: wave,
  },
  pair: { name: 'NAME=VALUE', read: pair },
  filter: { name: 'CONDITION', read: asWritten },
  client: {
    name: 'CLIENT',
    notation: 'ADDRESS, ADDRESS:PORT, or a network of at most 65536 clients: ADDRESS/LENGTH',
    read: asWritten,
  },
  address: { name: 'ADDRESS', read: canonicalAddress },
  vips: { name: 'ADDRESS', read: vips },
  addressOnNetwork: {
    name: 'ADDRESS/LENGTH',
    notation: 'an address with the length of its network: 198.51.100.250/24',
    read: addressOnNetwork,
  },
  network: {
    name: 'NETWORK',
    notation: 'ADDRESS or ADDRESS/LENGTH: 192.0.2.7, 192.0.2.0/24, 2001:db8::/32',
    read: parseNetwork,
  },
  states: {
    name: 'STATE,...',
    notation:
      'states as the kernel writes them: SYN_RECV, ESTABLISHED, FIN_WAIT, UDP; NONE and ASSURED of templates',
    read: states,
  },
  timeLeft: {
    name: 'COMPARISON',
    notation: "a time after <, <=, >, >=, = or != (default: =), in quotes: '<60', '>=5m'",
    read: timeLeft,
  },
  grouping: {
    name: 'GROUP',
    notation: 'client, client/LENGTH (client/24: by network), service, server, state or port',
    read: grouping,
  },
  count: {
    name: 'NUMBER',
    read: (text, argument) => wholeNumber(text, { min: 1, max: 65_536 }, 'number', argument),
  },
  med: {
    name: 'NUMBER',
    read: (text, argument) => wholeNumber(text, { min: 0, max: 0xffff_ffff }, 'number', argument),
  },
  community: {
    name: 'COMMUNITY',
    notation: 'A:B, numbers up to 65535 (RFC 1997), or A:B:C, numbers up to 4294967295 (RFC 8092)',
    read: community,
  },
  port: { name: 'PORT', read: (text) => wholeNumber(text, portRange, 'port') },
  listen: {
    name: 'ADDRESS:PORT',
    notation: 'ADDRESS:PORT, PORT (address: 127.0.0.1), or unix:PATH; IPv6: [ADDRESS]:PORT',
    read: listenAddress,
  },
  program: { name: 'COMMAND', completion: 'path', read: programPath },
  sections: {
    name: 'SECTION,...',
    notation: `one or several of ${eventSections.join(', ')}, with commas between them`,
    read: sections,
  },
  weight: { name: 'WEIGHT', read: weight },
  removalLimit: { name: 'N|N%', read: removalLimit },
  seconds: {
    name: 'TIME',
    unit: 's',
    notation: 'seconds, or a number with its unit: 90, 90s, 5m, 2h, 1d',
    read: seconds,
  },
  moment: {
    name: 'WHEN',
    notation: 'a time from now (90, 5m, 2h, 1d), a time of day (18:00), or ISO 8601 (2026-12-01T18:00)',
    read: (text, argument) => moment(text, argument, (word) => seconds(word, argument)),
  },
  reason: { name: 'TEXT', read: reason },
} as const satisfies Readonly<Record<string, ValueType<unknown>>>;

export type ValueTypeName = keyof typeof valueTypes;

/** The type that a value is read as. */
export type ValueOf<T extends ValueTypeName> = ReturnType<(typeof valueTypes)[T]['read']>;

/** One address or several with commas between them, canonical; the prefix length of a single address may follow each. */
function vips(text: string): readonly string[] {
  return text.split(',').map((word) => {
    const [host = '', length, ...more] = word.split('/');
    const address = canonicalAddress(host, '--vip');
    const whole = familyOf(address) === 'inet' ? '32' : '128';
    if (more.length > 0 || (length !== undefined && length !== whole)) {
      throw new ValueError('--vip', word, `one address; its prefix can only be /${whole}`);
    }
    const fault = isLoopback(address)
      ? 'is a loopback address, which clients cannot reach'
      : notOfOneMachine(address);
    if (fault !== undefined) throw new UsageError(`${quoted(word)} ${fault}`, '--vip');
    return address;
  });
}

/** `198.51.100.250/24`, with a canonical address. */
function addressOnNetwork(text: string, argument: string): string {
  const found = parseOnNetwork(text);
  if (found !== undefined) return found;
  throw new ValueError(argument, text, ON_NETWORK);
}

/** @param argument as the user spelled it, if not by its value alone */
function wholeNumber(text: string, { min, max }: Range, noun: string, argument = text): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new UsageError(`${quoted(text)} is not a ${noun} from ${min} to ${max}`, argument);
}

/** `65000:1`, or `65000:1:2` of a large community. */
function community(text: string, argument: string): string {
  const numbers = /^\d{1,10}(?::\d{1,10}){1,2}$/.test(text) ? text.split(':').map(Number) : [];
  const most = numbers.length === 2 ? 0xffff : 0xffff_ffff;
  if (numbers.length > 0 && numbers.every((number) => number <= most)) return numbers.join(':');
  throw new UsageError(`${quoted(text)} is not a community such as 65000:1, or 65000:1:2`, argument);
}

function storeName(text: string): string {
  parseStoreAddress(text);
  return text;
}

/** `lb1,lb2`, `25%`, `25%:60s`: the time is in seconds if it has no unit. */
function wave(text: string, argument: string): WaveRequest {
  const [, who = '', time] = /^([^:]*)(?::(.*))?$/.exec(text) ?? [];
  const wait = time === undefined ? 0 : Math.round(seconds(time, argument) * 1000);
  const [, percent] = /^(\d{1,3})%$/.exec(who) ?? [];
  if (percent === undefined) return { nodes: who.split(',').map(nodeName), wait };
  if (Number(percent) >= 1 && Number(percent) <= 100) return { percent: Number(percent), wait };
  throw new UsageError(`${quoted(text)} is not a share from 1% to 100%`, argument);
}

function pair(text: string, argument: string): readonly [string, string] {
  const [, name, value] = /^([A-Za-z_][\w.-]{0,62})=(.*)$/s.exec(text) ?? [];
  if (name !== undefined && value !== undefined && value.length <= 1000) return [name, value];
  throw new UsageError(`${quoted(text)} is not a name and a value such as site=eu1`, argument);
}

/** Not looked for along PATH: what runs as root should be the same program wherever it is started. */
function programPath(text: string, argument: string): string {
  if (text.includes('/')) return text;
  throw new UsageError(`${quoted(text)} is not a path such as /usr/local/bin/on-change`, argument);
}

/** `services,weights` */
function sections(text: string, argument: string): readonly EventSection[] {
  return text.split(',').map((word) => {
    const found = eventSections.find((section) => section === word);
    if (found !== undefined) return found;
    const problem = `${quoted(word)} is not one of ${eventSections.join(', ')}`;
    throw new UsageError(problem, argument, nearest(word, eventSections));
  });
}

/** Bytes of the path of a Unix socket: unix(7). */
const LONGEST_SOCKET = 107;

/** `9700`, `127.0.0.1:9700`, `[::1]:9700` or `unix:/run/lvsadm.sock` */
function listenAddress(text: string, argument: string): ListenAddress {
  const path = /^unix:(.+)$/s.exec(text)?.[1];
  if (path !== undefined) {
    if (new TextEncoder().encode(path).length <= LONGEST_SOCKET) return { path };
    throw new UsageError(`a path of more than ${LONGEST_SOCKET} bytes cannot be a Unix socket's`, argument);
  }
  const [, ipv6, ipv4 = '127.0.0.1', port] = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined) {
    const right =
      'an address and a port such as 127.0.0.1:9700 or [::1]:9700, a port, or unix:/run/lvsadm.sock';
    throw new UsageError(`${quoted(text)} is not ${right}`, argument);
  }
  return { host: canonicalAddress(ipv6 ?? ipv4, argument), port: wholeNumber(port, portRange, 'port') };
}

/** `5`, `+5` or `50%`. @returns the new weight for the present one; it throws UsageError where that would be too large */
function weight(text: string): (present: number) => number {
  const range = destinationNumbers.weight;
  const percent = /^(\d{1,7})%$/.exec(text)?.[1];
  const more = /^\+(\d{1,10})$/.exec(text)?.[1];
  if (percent === undefined && more === undefined) {
    const absolute = wholeNumber(text, range, 'weight');
    return () => absolute;
  }
  return (present) => {
    const wanted = more !== undefined ? present + Number(more) : share(present, Number(percent));
    if (wanted <= range.max) return wanted;
    throw new UsageError(`of weight ${present} is more than the largest weight, ${range.max}`, text);
  };
}

/** A part of a weight that is not none of it: 0 would take a server out of service. */
const share = (weight: number, percent: number): number =>
  Math.max(Math.round((weight * percent) / 100), weight > 0 && percent > 0 ? 1 : 0);

/** `5` or `50%` */
function removalLimit(text: string, argument: string): RemovalLimit {
  const [, digits, unit] = /^(\d{1,9})(%?)$/.exec(text) ?? [];
  const number = Number(digits);
  if (unit === '' || (unit === '%' && number <= 100)) return { number, unit };
  throw new UsageError(`${quoted(text)} is not a number such as 5, or a percentage up to 100%`, argument);
}

/** 23 days: a timer in milliseconds cannot take 25. */
const LONGEST = 2_000_000;

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `90`, `90s`, `1.5m`, `2h`, `1d`. @returns seconds */
function seconds(text: string, argument: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)([smhd])?$/.exec(text) ?? [];
  const value = Number(number) * unitSeconds[unit as keyof typeof unitSeconds];
  if (value <= LONGEST) return value;
  throw new UsageError(
    `${quoted(text)} is not a time such as 90, 90s, 5m or 1h, at most ${LONGEST} s`,
    argument,
  );
}

function reason(text: string, argument: string): string {
  if (new TextEncoder().encode(text).length <= LONGEST_REASON) return text;
  throw new UsageError(`longer than ${LONGEST_REASON} bytes`, argument);
}

/** States with commas between them, in capitals or not. */
function states(text: string, argument: string): ReadonlySet<string> {
  return new Set(
    text.split(',').map((word) => {
      const state = word.toUpperCase();
      if (connectionStates.includes(state)) return state;
      throw new UsageError(
        `${quoted(word)} is not a state, such as ESTABLISHED, SYN_RECV or TIME_WAIT`,
        argument,
        nearest(state, connectionStates),
      );
    }),
  );
}

/** `<60`, `>=5m`. @returns whether so many seconds meet it */
function timeLeft(text: string, argument: string): (left: number) => boolean {
  const [, operator = '', time = ''] = /^(<=|>=|!=|<|>|=)?(.*)$/s.exec(text) ?? [];
  const compare = comparisons.get(operator || '=');
  if (compare === undefined || !/^\d/.test(time)) {
    throw new UsageError(
      `${quoted(text)} is not a comparison with a time, such as '<60' or '>=5m'`,
      argument,
    );
  }
  const limit = seconds(time, argument);
  return (left) => compare(left - limit);
}

/** `client`, `client/24`, `server`. */
function grouping(text: string, argument: string): Grouping {
  const [, word, digits] = /^([a-z]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const by = groupingNames.find((name) => name === word);
  const prefix = digits === undefined ? undefined : Number(digits);
  if (by !== undefined && (prefix === undefined || (by === 'client' && prefix <= 128))) return { by, prefix };
  throw new UsageError(
    `${quoted(text)} is not one of ${groupingNames.join(', ')}, or client/24 for networks`,
    argument,
    nearest(word ?? text, groupingNames),
  );
}
