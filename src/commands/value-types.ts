/** The types of values in the words of a subcommand: how each is written, read and completed. */

import { nodeName } from '../fleet/layout.js';
import { canonicalAddress } from '../model/address.js';
import { interfaceName } from '../model/interface.js';
import { INT_MAX, portRange, U32_MAX } from '../model/limits.js';
import { parseNetwork } from '../model/network.js';
import { eventSections } from '../observe/table/event.js';
import { moment } from './shared/moment.js';
import { addressOnNetwork, listenAddress, vips } from './values/addresses.js';
import { removalLimit, seconds, timeLeft, weight, wholeNumber } from './values/numbers.js';
import {
  community,
  grouping,
  pair,
  programPath,
  reason,
  sections,
  states,
  storeName,
  wave,
} from './values/words.js';

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
  changeNumber: {
    name: 'NUMBER',
    read: (text, argument) => wholeNumber(text, { min: 1, max: U32_MAX }, 'number', argument),
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
