/** The types of values in the words of a subcommand: how each is written, read and completed. */
import { UsageError } from '../errors.js';
import { canonicalAddress } from '../model/address.js';
import { destinationNumbers } from '../model/fields.js';
import { portRange, type Range } from '../model/limits.js';

/** What a shell completes a value with: names of files or links, or services and servers in the table. */
export type Completion = 'path' | 'directory' | 'interface' | 'service' | 'service-url' | 'server';

export interface ValueType<T> {
  /** As help writes such a value: `SECONDS`. */
  readonly name: string;
  /** The unit that follows a default in the help. */
  readonly unit?: string;
  readonly completion?: Completion;
  /** @param argument as the user spelled it, for the error. @throws UsageError, ValueError */
  read(text: string, argument: string): T;
}

const asWritten = (text: string): string => text;

/** Services and servers stay text: their ports may be names, which are looked up when the command runs. */
export const valueTypes = {
  path: { name: 'FILE', completion: 'path', read: asWritten },
  directory: { name: 'DIRECTORY', completion: 'directory', read: asWritten },
  interface: { name: 'INTERFACE', completion: 'interface', read: asWritten },
  service: { name: 'SERVICE', completion: 'service-url', read: asWritten },
  server: { name: 'SERVER', completion: 'server', read: asWritten },
  address: { name: 'ADDRESS', read: canonicalAddress },
  vips: { name: 'ADDRESS', read: vips },
  port: { name: 'PORT', read: (text) => wholeNumber(text, portRange, 'port') },
  weight: { name: 'WEIGHT', read: (text) => wholeNumber(text, destinationNumbers.weight, 'weight') },
  seconds: { name: 'SECONDS', unit: 's', read: seconds },
} as const satisfies Readonly<Record<string, ValueType<unknown>>>;

export type ValueTypeName = keyof typeof valueTypes;

/** The type that a value is read as. */
export type ValueOf<T extends ValueTypeName> = ReturnType<(typeof valueTypes)[T]['read']>;

/** One address or several with commas between them, canonical; the prefix length of a single address may follow each. */
function vips(text: string): readonly string[] {
  return text.split(',').map((word) => canonicalAddress(word.replace(/\/(32|128)$/, ''), '--vip'));
}

function wholeNumber(text: string, { min, max }: Range, noun: string): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new UsageError(`'${text}' is not a ${noun} from ${min} to ${max}`, text);
}

/** 23 days: a timer in milliseconds cannot take 25. */
const LONGEST = 2_000_000;

/** Fractions are allowed. */
function seconds(text: string, argument: string): number {
  const number = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (number <= LONGEST) return number;
  throw new UsageError(`'${text}' is not a number of seconds from 0 to ${LONGEST}`, argument);
}
