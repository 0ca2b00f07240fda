/** `--filter weight=0`: conditions that services and servers have to meet. */
import { UsageError } from '../../errors.js';
import { quoted } from '../../foreign-text.js';
import { isFwmark } from '../../model/service.js';
import type { DestinationEntry } from '../../model/table.js';
import type { Entry } from './entries.js';
import { measures } from './measures.js';

/** A text, or a number, which has an order; undefined is equal to nothing. */
type Value = string | number | bigint | undefined;
type Compare = (order: number) => boolean;

/** The longest operators first. */
const operators: ReadonlyMap<string, Compare> = new Map<string, Compare>([
  ['!=', (order) => order !== 0],
  ['<=', (order) => order <= 0],
  ['>=', (order) => order >= 0],
  ['=', (order) => order === 0],
  ['<', (order) => order < 0],
  ['>', (order) => order > 0],
]);

const serviceFields: ReadonlyMap<string, (entry: Entry) => Value> = new Map<string, (entry: Entry) => Value>([
  ['protocol', ({ service: { id } }) => (isFwmark(id) ? 'fwmark' : id.protocol)],
  ['address', ({ service: { id } }) => (isFwmark(id) ? undefined : id.address)],
  ['port', ({ service: { id } }) => (isFwmark(id) ? undefined : id.port)],
  ['fwmark', ({ service: { id } }) => (isFwmark(id) ? id.fwmark : undefined)],
  ['scheduler', ({ service }) => service.scheduler],
  ['servers', ({ destinations }) => destinations.length],
]);

const serverFields: ReadonlyMap<string, (server: DestinationEntry) => Value> = new Map<
  string,
  (server: DestinationEntry) => Value
>([
  ['server', ({ id }) => id.address],
  ['method', ({ method }) => method],
  ...measures.map(({ name, ofServer }) => [name, ofServer] as const),
]);

export const serviceFieldNames = [...serviceFields.keys()];
export const serverFieldNames = [...serverFields.keys()];

interface Condition {
  readonly field: string;
  readonly meets: (value: Value) => boolean;
}

/** @param text `weight=0`, `active>=100`, `address=192.0.2.*`. @throws UsageError */
function conditionOf(text: string): Condition {
  const [, field = '', operator = '', value = ''] = /^([a-z]+)(!=|<=|>=|=|<|>)(.+)$/.exec(text) ?? [];
  const compare = operators.get(operator);
  if (compare === undefined) throw refused(text, 'is not FIELD=VALUE, such as weight=0 or active>=100');
  if (!serviceFields.has(field) && !serverFields.has(field)) {
    throw refused(text, `has none of the fields ${[...serviceFieldNames, ...serverFieldNames].join(', ')}`);
  }
  return { field, meets: comparison(value.toLowerCase(), operator, compare, text) };
}

function comparison(wanted: string, operator: string, compare: Compare, text: string): Condition['meets'] {
  const number = /^\d{1,20}$/.test(wanted) ? BigInt(wanted) : undefined;
  if (number === undefined && operator !== '=' && operator !== '!=') {
    throw refused(text, `compares with ${operator}, which takes a number`);
  }
  return (value) => {
    if (value === undefined) return operator === '!=';
    if (typeof value === 'string') return compare(isLike(value, wanted) ? 0 : 1);
    if (number === undefined) return operator === '!=';
    return compare(Number(BigInt(value) > number) - Number(BigInt(value) < number));
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
  const conditions = texts.map(conditionOf);
  const ofServices = conditions.filter(({ field }) => serviceFields.has(field));
  const ofServers = conditions.filter(({ field }) => serverFields.has(field));
  return (entries) =>
    entries
      .filter((entry) => ofServices.every(({ field, meets }) => meets(serviceFields.get(field)?.(entry))))
      .map((entry) => ({
        ...entry,
        shown: entry.destinations.filter((server) =>
          ofServers.every(({ field, meets }) => meets(serverFields.get(field)?.(server))),
        ),
      }))
      .filter(({ shown }) => ofServers.length === 0 || shown.length > 0);
}
