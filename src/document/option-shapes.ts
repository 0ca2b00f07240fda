/** The shapes of options (model/option.ts) in documents, and their values in the model. */
import { canonicalAddress, familyOf, isIpv4, isIpv6, isMulticast, isUnspecified } from '../model/address.js';
import type { Range } from '../model/limits.js';
import { parseOnNetwork } from '../model/network.js';
import {
  defaultText,
  durationPattern,
  formatDuration,
  type Option,
  type Options,
  parseDuration,
} from '../model/option.js';
import {
  boolean,
  described,
  integer,
  type Optional,
  object,
  oneOf,
  optional,
  type Shape,
  simple,
  text,
} from './shape.js';

/** A value as a document has it. */
export type Given =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly Given[]
  | { readonly [key: string]: Given };

/** Options by name, as a document has them. */
export type OptionValues = Readonly<Record<string, Given>>;

/** The members of an object for options; `required` counts only where `isWhole`: other layers may have the option. */
export const optionMembers = (options: Options, isWhole = false): Record<string, Shape<Given>> =>
  Object.fromEntries(
    Object.entries(options).map(([name, option]) => [
      name,
      isWhole && option.required ? describedOption(option) : optionalOption(option),
    ]),
  );

const optionalOption = (option: Option): Optional<Given> => optional(describedOption(option));

function describedOption(option: Option): Shape<Given> {
  const usual = defaultText(option);
  const about = usual === undefined ? option.about : option.about.replace(/\.$/, ` (default: ${usual}).`);
  return described(optionShape(option), about);
}

/** The shape of an option's value. */
export function optionShape(option: Option): Shape<Given> {
  switch (option.value) {
    case 'integer':
      return integer(option);
    case 'duration':
      return duration(option);
    case 'percent':
      return percentage(option);
    case 'text':
      return text(option.noun, option.pattern);
    case 'word':
      return oneOf(...option.words);
    case 'switch':
      return boolean('true or false');
    case 'address':
      return address;
    case 'addresses':
      return addresses;
    case 'server':
      return text('a server such as 198.51.100.7:80');
    case 'statuses':
      return statuses;
    case 'command':
      return command;
    case 'headers':
      return headers;
    case 'scalar':
      return scalar;
    case 'group':
      return object(`settings such as ${option.example}`, optionMembers(option.options, true));
  }
}

const duration = ({ min, max }: Range): Shape<string> =>
  simple({
    noun: `a time from ${formatDuration(min)} to ${formatDuration(max)}, such as 500ms, 2s or 1m`,
    fits: (value): value is string => {
      const time = typeof value === 'string' ? parseDuration(value) : undefined;
      return time !== undefined && time >= min && time <= max;
    },
    isKind: (value) => typeof value === 'string',
    schema: (z) => z.string().check(z.regex(durationPattern)),
  });

const percentPattern = /^\d{1,3}%$/;

const percentage = ({ min, max }: Range): Shape<string> =>
  simple({
    noun: `a percentage from ${min}% to ${max}%`,
    fits: (value): value is string =>
      typeof value === 'string' &&
      percentPattern.test(value) &&
      Number.parseInt(value, 10) >= min &&
      Number.parseInt(value, 10) <= max,
    isKind: (value) => typeof value === 'string',
    schema: (z) => z.string().check(z.regex(percentPattern)),
  });

const address: Shape<string> = simple({
  noun: 'the IPv4 or IPv6 address of a machine',
  fits: (value): value is string => typeof value === 'string' && isHostAddress(value),
  isKind: (value) => typeof value === 'string',
  schema: (z) => z.string(),
});

function isHostAddress(value: string): boolean {
  if (!isIpv4(value) && !isIpv6(value)) return false;
  const canonical = canonicalAddress(value);
  return !isMulticast(canonical) && !isUnspecified(canonical);
}

const listed = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

/** One address of each family at most. */
const addresses: Shape<Given> = simple({
  noun: 'an address with the length of its network, such as 198.51.100.250/24, or a list with one of each family',
  fits: (value): value is Given => {
    const items = listed(value).map((item) => parseOnNetwork(String(item)));
    const families = new Set(items.map((item) => item && familyOf(item)));
    return items.length > 0 && families.size === items.length && !families.has(undefined);
  },
  isKind: () => true,
  schema: (z) => z.union([z.string(), z.array(z.string()).check(z.minLength(1), z.maxLength(2))]),
});

const statusPattern = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/;

/** A status code or a range of them; undefined for anything else. */
function statusRange(value: unknown): Range | undefined {
  const [, from, to = from] = statusPattern.exec(String(value)) ?? [];
  const range = { min: Number(from), max: Number(to) };
  return range.min <= range.max ? range : undefined;
}

const statuses: Shape<Given> = simple({
  noun: 'status codes from 100 to 599, such as 200, 200-299 or [200, 301-302]',
  fits: (value): value is Given => {
    const items = listed(value);
    return items.length > 0 && items.every((item) => statusRange(item) !== undefined);
  },
  isKind: () => true,
  schema: (z) => {
    const item = z.union([z.int(), z.string().check(z.regex(statusPattern))]);
    return z.union([item, z.array(item)]);
  },
});

/** Arguments of a program: execve(2) ends each at its first NUL. */
const command: Shape<readonly string[]> = simple({
  noun: 'a list of the absolute path of a program and its arguments',
  fits: (value): value is readonly string[] =>
    Array.isArray(value) &&
    value.length <= 256 &&
    value.every((word) => typeof word === 'string' && word.length <= 4096 && !word.includes('\0')) &&
    /^\/./.test(value[0] ?? ''),
  isKind: Array.isArray,
  schema: (z) => z.array(z.string()).check(z.minLength(1)),
});

/** Names are tokens, and values have no line ends (RFC 9110, 5). */
const headers: Shape<Readonly<Record<string, string>>> = simple({
  noun: 'headers such as {X-Probe: lvs}',
  fits: (value): value is Readonly<Record<string, string>> =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.entries(value).every(
      ([name, content]) =>
        /^[\w!#$%&'*+.^`|~-]{1,128}$/.test(name) &&
        typeof content === 'string' &&
        /^[\x20-\x7e]{0,1024}$/.test(content),
    ),
  isKind: (value) => typeof value === 'object',
  schema: (z) => z.record(z.string(), z.string()),
});

const scalar: Shape<string | number | boolean> = simple({
  noun: 'a text, a number, true or false',
  fits: (value): value is string | number | boolean =>
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean',
  isKind: (value) => typeof value !== 'object',
  schema: (z) => z.union([z.string(), z.number(), z.boolean()]),
});

/** The model's values of options that fit, defaults filled in. */
export function modelValues(options: Options, values: OptionValues): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(options)) {
    const value = values[name];
    const model = value === undefined ? option.default : modelValue(option, value);
    if (model !== undefined) result[name] = model;
  }
  return result;
}

function modelValue(option: Option, value: unknown): unknown {
  switch (option.value) {
    case 'duration':
      return parseDuration(String(value));
    case 'percent':
      return Number.parseInt(String(value), 10);
    case 'address':
      return canonicalAddress(String(value));
    case 'statuses':
      return listed(value).map(statusRange);
    case 'addresses':
      return listed(value).map((item) => parseOnNetwork(String(item)));
    case 'group':
      return modelValues(option.options, value as OptionValues);
    default:
      return value;
  }
}
