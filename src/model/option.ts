/**
 * Options that a document gives by name: each is a row with its kind of value, range, default and one sentence. From a row follow
 * the shape in documents and its JSON Schema, the type in the model, and the row of the manual's table.
 */
import type { Range } from './limits.js';

/** Whole numbers; `unit` for the manual. */
interface IntegerValue extends Range {
  readonly value: 'integer';
  readonly unit?: string;
}

/** A time: `2s`, `500ms`, `1m` in documents; milliseconds here, in the model and in the range. */
interface DurationValue extends Range {
  readonly value: 'duration';
}

/** A share: `50%` in documents, 50 in the model. */
interface PercentValue extends Range {
  readonly value: 'percent';
}

/** Text that matches a pattern, in documents and in the model alike. */
interface TextValue {
  readonly value: 'text';
  readonly pattern: RegExp;
  /** Says what would be right, as a noun phrase. */
  readonly noun: string;
}

interface WordValue<W extends string = string> {
  readonly value: 'word';
  readonly words: readonly W[];
}

/** True or false. */
interface SwitchValue {
  readonly value: 'switch';
}

/** A unicast IPv4 or IPv6 address; canonical text in the model. */
interface AddressValue {
  readonly value: 'address';
}

/** An address with the length of its network, or a list with one of each family; a list in the model. */
interface AddressesValue {
  readonly value: 'addresses';
}

/** An address or host name with a port, as the servers of a service are written. */
interface ServerValue {
  readonly value: 'server';
}

/** HTTP status codes: `200`, `200-299`, or a list of these in documents; ranges in the model. */
interface StatusesValue {
  readonly value: 'statuses';
}

/** A program by its absolute path, and its arguments. */
interface CommandValue {
  readonly value: 'command';
}

/** Header fields of HTTP: names with values. */
interface HeadersValue {
  readonly value: 'headers';
}

/** A text, a number, true or false, as JSON has them. */
interface ScalarValue {
  readonly value: 'scalar';
}

/** Several options as one. */
interface GroupValue {
  readonly value: 'group';
  readonly options: Options;
}

type OptionValue =
  | IntegerValue
  | DurationValue
  | PercentValue
  | TextValue
  | WordValue
  | SwitchValue
  | AddressValue
  | AddressesValue
  | ServerValue
  | StatusesValue
  | CommandValue
  | HeadersValue
  | ScalarValue
  | GroupValue;

/** Without a default an option is absent in the model unless the document has it. */
export type Option = OptionValue & {
  /** One sentence: meaning, and the meaning of 0 or of a missing value. */
  readonly about: string;
  /** As a document writes it. */
  readonly example: string;
  /** As the model has it. */
  readonly default?: number | string | boolean | readonly Range[];
  /** The kind has no meaning without it. */
  readonly required?: true;
};

export type Options = Readonly<Record<string, Option>>;

/** The value of an option in the model. */
type ModelValue<O> = O extends { readonly value: 'integer' | 'duration' | 'percent' }
  ? number
  : O extends { readonly value: 'text' | 'address' | 'server' }
    ? string
    : O extends { readonly value: 'word'; readonly words: readonly (infer W)[] }
      ? W
      : O extends { readonly value: 'switch' }
        ? boolean
        : O extends { readonly value: 'addresses' }
          ? readonly string[]
          : O extends { readonly value: 'statuses' }
            ? readonly Range[]
            : O extends { readonly value: 'command' }
              ? readonly [string, ...string[]]
              : O extends { readonly value: 'headers' }
                ? Readonly<Record<string, string>>
                : O extends { readonly value: 'scalar' }
                  ? string | number | boolean
                  : O extends { readonly value: 'group'; readonly options: infer G }
                    ? ValuesOf<G>
                    : never;

type PresentIn<T> = {
  [K in keyof T]: T[K] extends { readonly default: unknown } | { readonly required: true } ? K : never;
}[keyof T];

/** The values of a table of options in the model: those with a default are always there. */
export type ValuesOf<T> = { readonly [K in PresentIn<T>]: ModelValue<T[K]> } & {
  readonly [K in Exclude<keyof T, PresentIn<T>>]?: ModelValue<T[K]> | undefined;
};

/** A duration as a document writes it. */
export const durationPattern = /^(\d{1,9})(ms|s|m|h)$/;

const milliseconds: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `2s`, `500ms`, `1m`, `1h`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit = ''] = durationPattern.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * (milliseconds[unit] as number);
}

/** The shortest text of a duration in whole milliseconds: `1m`, `90s`, `500ms`. */
export function formatDuration(duration: number): string {
  const [unit = 'ms', size = 1] =
    Object.entries(milliseconds).findLast(([, each]) => duration > 0 && duration % each === 0) ?? [];
  return duration === 0 ? '0s' : `${duration / size}${unit}`;
}

/** The default as a document writes it; undefined if there is none, or `about` says it. */
export function defaultText({ value, default: usual }: Option): string | undefined {
  if (usual === undefined) return undefined;
  if (value === 'duration') return formatDuration(usual as number);
  if (value === 'percent') return `${usual}%`;
  if (value === 'statuses')
    return (usual as readonly Range[]).map(({ min, max }) => `${min}-${max}`).join(', ');
  return String(usual);
}
