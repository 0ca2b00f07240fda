/** `--filter weight=0`: conditions that services and servers have to meet. */
import { UsageError } from '../../errors.js';
import { quoted } from '../../foreign-text.js';
import { canonicalAddress, isIpv6 } from '../../model/address.js';
import { forwardingMethods } from '../../model/destination.js';
import { isFwmark } from '../../model/service.js';
import type { DestinationEntry } from '../../model/table.js';
import { comparisons } from '../shared/comparisons.js';
import type { Entry } from './entries.js';
import { measures } from './measures.js';

type Quantity = number | bigint;
/** Texts are equal or not; numbers have an order. A field without a value is equal to nothing. */
type Field<T> =
  | {
      readonly kind: 'text';
      readonly of: (from: T) => string | undefined;
      /** Every value that there is, if they are few. */
      readonly choices?: readonly string[];
    }
  | { readonly kind: 'number'; readonly of: (from: T) => Quantity | undefined };

const serviceFields: ReadonlyMap<string, Field<Entry>> = new Map<string, Field<Entry>>([
  [
    'protocol',
    {
      kind: 'text',
      of: ({ service: { id } }) => (isFwmark(id) ? 'fwmark' : id.protocol),
      choices: ['tcp', 'udp', 'sctp', 'fwmark'],
    },
  ],
  ['address', { kind: 'text', of: ({ service: { id } }) => (isFwmark(id) ? undefined : id.address) }],
  ['port', { kind: 'number', of: ({ service: { id } }) => (isFwmark(id) ? undefined : id.port) }],
  ['fwmark', { kind: 'number', of: ({ service: { id } }) => (isFwmark(id) ? id.fwmark : undefined) }],
  ['scheduler', { kind: 'text', of: ({ service }) => service.scheduler }],
  ['servers', { kind: 'number', of: ({ destinations }) => destinations.length }],
]);

const serverFields: ReadonlyMap<string, Field<DestinationEntry>> = new Map<string, Field<DestinationEntry>>([
  ['server', { kind: 'text', of: ({ id }) => id.address }],
  ['method', { kind: 'text', of: ({ method }) => method, choices: forwardingMethods }],
  ...measures.map(({ name, ofServer }) => [name, { kind: 'number', of: ofServer }] as const),
]);

export const serviceFieldNames = [...serviceFields.keys()];
export const serverFieldNames = [...serverFields.keys()];

interface Conditions {
  readonly service: readonly ((entry: Entry) => boolean)[];
  readonly server: readonly ((server: DestinationEntry) => boolean)[];
}

/** @param texts `weight=0`, `active>=100`, `address=192.0.2.*`. @throws UsageError */
function conditionsOf(texts: readonly string[]): Conditions {
  const service: ((entry: Entry) => boolean)[] = [];
  const server: ((server: DestinationEntry) => boolean)[] = [];
  for (const text of texts) {
    const [, name = '', operator = '', value = ''] = /^([a-z]+)([!=<>]+)(.+)$/.exec(text) ?? [];
    if (operator === '') throw refused(text, 'is not FIELD=VALUE, such as weight=0 or active>=100');
    const comparison = { text, name, operator, value: value.toLowerCase() };
    const ofService = serviceFields.get(name);
    const ofServer = serverFields.get(name);
    if (ofService) service.push(condition(ofService, comparison));
    else if (ofServer) server.push(condition(ofServer, comparison));
    else
      throw refused(text, `has none of the fields ${[...serviceFieldNames, ...serverFieldNames].join(', ')}`);
  }
  return { service, server };
}

interface Comparison {
  /** As it was given. */
  readonly text: string;
  /** Of the field. */
  readonly name: string;
  readonly operator: string;
  readonly value: string;
}

function condition<T>(field: Field<T>, comparison: Comparison): (from: T) => boolean {
  const { text, operator } = comparison;
  const compare = comparisons.get(operator);
  if (compare === undefined) {
    throw refused(
      text,
      `has the operator ${operator}, which is none of ${[...comparisons.keys()].join(' ')}`,
    );
  }
  const orderOf = field.kind === 'text' ? textOrder(field, comparison) : numberOrder(field, comparison);
  return (from) => {
    const order = orderOf(from);
    return order === undefined ? operator === '!=' : compare(order);
  };
}

/** How a field's value stands to that of the condition; undefined for a field without a value. */
type Order<T> = (from: T) => number | undefined;

function numberOrder<T>({ of }: Field<T> & { kind: 'number' }, { text, name, value }: Comparison): Order<T> {
  if (!/^\d{1,20}$/.test(value)) throw refused(text, `compares ${name}, which takes a whole number`);
  const wanted = BigInt(value);
  return (from) => {
    const found = of(from);
    return found === undefined ? undefined : Number(BigInt(found) > wanted) - Number(BigInt(found) < wanted);
  };
}

function textOrder<T>(
  { of, choices }: Field<T> & { kind: 'text' },
  { text, name, operator, value }: Comparison,
): Order<T> {
  if (operator !== '=' && operator !== '!=') {
    throw refused(text, `compares with ${operator}, which takes a number; ${name} takes = and !=`);
  }
  const wanted = isIpv6(value) ? canonicalAddress(value) : value;
  if (choices !== undefined && !choices.some((choice) => isLike(choice, wanted))) {
    throw refused(text, `compares ${name}, which is one of ${choices.join(', ')}`);
  }
  return (from) => {
    const found = of(from);
    return found === undefined ? undefined : Number(!isLike(found, wanted));
  };
}

/** Whether a text is the wanted one, or starts with it where that ends in `*`. */
const isLike = (text: string, wanted: string): boolean =>
  wanted.endsWith('*') ? text.startsWith(wanted.slice(0, -1)) : text === wanted;

const refused = (text: string, why: string): UsageError =>
  new UsageError(`${quoted(text)} ${why}`, '--filter');

/**
 * A filter by conditions, all of which have to be met. Those on servers leave out services that have no such server.
 * @throws UsageError
 */
export function filterOf(texts: readonly string[]): (entries: readonly Entry[]) => Entry[] {
  const conditions = conditionsOf(texts);
  return (entries) =>
    entries
      .filter((entry) => conditions.service.every((meets) => meets(entry)))
      .map((entry) => ({
        ...entry,
        shown: entry.destinations.filter((server) => conditions.server.every((meets) => meets(server))),
      }))
      .filter(({ shown }) => conditions.server.length === 0 || shown.length > 0);
}
