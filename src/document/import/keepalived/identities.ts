/** The services that a virtual server of keepalived stands for: an address, a firewall mark, or those of a group. */
import { type Family, familyOf, formatEndpoint } from '../../../model/address.js';
import { fwmarkRange, portRange } from '../../../model/limits.js';
import type { Protocol } from '../../../model/service.js';
import { formatService } from '../../../model/service-uri.js';
import { isNot } from '../../invalid-value.js';
import { addressesBetween, addressesIn } from '../addresses.js';
import type { Setting, Values } from '../setting.js';
import type { Block } from './blocks.js';

/** A service, as far as its declaration tells. */
export interface Identity {
  /** Undefined for a mark that has none of its own. */
  readonly family: Family | undefined;
  /** Undefined for a mark, and for every port. */
  readonly port: number | undefined;
  name(protocol: Protocol, family: Family): string;
}

export type Groups = ReadonlyMap<string, Block>;

/** @param groups by name */
export function identitiesOf(block: Block, groups: Groups, values: Values): Identity[] {
  const [kind = '', name = ''] = block.words;
  if (kind !== 'group') return member(block, block.words, values);
  const group = groups.get(name);
  if (group === undefined) {
    values.problem(block.place, `virtual_server: ${isNot(name, 'the name of a virtual_server_group')}`);
    return [];
  }
  return (group.settings ?? []).flatMap((each) => member(each, [each.name, ...each.words], values));
}

function member(setting: Setting, words: readonly string[], values: Values): Identity[] {
  const [first = '', second, third] = words;
  if (first === 'fwmark') {
    const fwmark = values.integer({ ...setting, name: 'fwmark' }, fwmarkRange, second ?? '');
    const family = third === 'inet' || third === 'inet6' ? third : undefined;
    if (fwmark === undefined) return [];
    return [
      { family, port: undefined, name: (_, usual) => formatService({ fwmark, family: family ?? usual }) },
    ];
  }
  const port = second === undefined ? 0 : values.integer(setting, { min: 0, max: portRange.max }, second);
  if (port === undefined) return [];
  return addresses(setting, first, values).map((address) => ({
    family: familyOf(address),
    port: port || undefined,
    name: (protocol) => `${protocol}://${formatEndpoint(address, port)}`,
  }));
}

/** `192.0.2.1`, `192.0.2.1-10`, `192.0.2.250-192.0.3.10`, `192.0.2.8/29`. */
function addresses(setting: Setting, word: string, values: Values): readonly string[] {
  const [text = '', separator, end = ''] = /^([^-/]*)(?:([-/])(.*))?$/.exec(word)?.slice(1) ?? [word];
  const first = values.address(setting, text);
  if (first === undefined || separator === undefined) return first === undefined ? [] : [first];
  if (separator === '/') {
    const length = values.integer(setting, { min: 0, max: 128 }, end);
    return (length !== undefined && values.attempt(setting, () => addressesIn(first, length))) || [];
  }
  const isWhole = /[.:]/.test(end);
  const last = values.address(setting, isWhole ? end : text.replace(/[^.:]*$/, '') + end);
  return (last !== undefined && values.attempt(setting, () => addressesBetween(first, last))) || [];
}
