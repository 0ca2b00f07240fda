/**
 * The kinds of values in a document. A shape is one definition with three uses: `fits` checks a value quickly, `misfits` finds what
 * does not fit, and zod's schema, made of the same parts, becomes the JSON Schema. zod as the check would take 13 times as long, and
 * would keep every mistake of a large document in memory.
 */

import type * as z from 'zod/mini';
import type { Range } from '../model/limits.js';
import type { Path } from './location.js';

export type Zod = typeof z;

export interface Shape<T> {
  /** Says what would be right; schema-errors.ts makes sentences of it. */
  readonly noun: string;
  fits(value: unknown): value is T;
  /** Whether a value is of this kind, so that what does not fit is inside of it. */
  isKind(value: unknown): boolean;
  /** What does not fit, in the order of the text; nothing of a value that fits. */
  misfits(value: unknown, path: Path): Iterable<Misfit>;
  /**
   * The value without the items of lists that do not fit, which leave holes; undefined if anything else does not fit. Checks of
   * what fits go on with it, and find no mistake that only follows from another.
   */
  fitting(value: unknown): T | undefined;
  schema(zod: Zod): z.ZodMiniType<T>;
}

/** A value that does not fit. */
export interface Misfit {
  readonly path: Path;
  readonly noun: string;
  /** Undefined for a key that is missing. */
  readonly given: unknown;
  /** The keys that there may be, if the last one of the path is none of them. */
  readonly known?: readonly string[];
}

/** A member that an object may lack. */
export interface Optional<T> extends Shape<T | undefined> {
  readonly optional: true;
}

/** The type of the values that fit. */
export type Infer<S> = S extends Shape<infer T> ? T : never;

type Members = Readonly<Record<string, Shape<unknown>>>;

type OptionalKeys<M> = { [K in keyof M]: M[K] extends Optional<unknown> ? K : never }[keyof M];

type ObjectOf<M> = Flat<
  { [K in Exclude<keyof M, OptionalKeys<M>>]: Infer<M[K]> } & {
    [K in OptionalKeys<M>]?: Infer<M[K]> | undefined;
  }
>;

type Flat<T> = { [K in keyof T]: T[K] };

/** A value without parts: it fits or does not. */
export const simple = <T>(parts: Pick<Shape<T>, 'noun' | 'fits' | 'isKind' | 'schema'>): Shape<T> => ({
  ...parts,
  *misfits(given, path) {
    if (!parts.fits(given)) yield { path, noun: parts.noun, given };
  },
  fitting: (value) => (parts.fits(value) ? value : undefined),
});

export const text = (noun: string, pattern?: RegExp): Shape<string> =>
  simple({
    noun,
    fits: (value): value is string =>
      typeof value === 'string' && (pattern === undefined || pattern.test(value)),
    isKind: (value) => typeof value === 'string',
    schema: (z) => (pattern ? z.string().check(z.regex(pattern)) : z.string()),
  });

export const integer = ({ min, max }: Range): Shape<number> =>
  simple({
    noun: `a whole number from ${min} to ${max}`,
    fits: (value): value is number => Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
    isKind: Number.isInteger,
    schema: (z) => z.int().check(z.minimum(min), z.maximum(max)),
  });

export const boolean = (noun: string): Shape<boolean> =>
  simple({
    noun,
    fits: (value): value is boolean => typeof value === 'boolean',
    isKind: (value) => typeof value === 'boolean',
    schema: (z) => z.boolean(),
  });

export const oneOf = <const T extends string>(...words: readonly T[]): Shape<T> =>
  simple({
    noun: `one of ${words.join(', ')}`,
    fits: (value): value is T => words.includes(value as T),
    isKind: (value) => typeof value === 'string',
    schema: (z) => z.enum(words) as z.ZodMiniType<T>,
  });

export const list = <T>(item: Shape<T>, noun: string): Shape<T[]> => ({
  noun,
  fits: (value): value is T[] => Array.isArray(value) && value.every(item.fits),
  isKind: Array.isArray,
  *misfits(given, path) {
    if (!Array.isArray(given)) yield { path, noun, given };
    else for (const [index, value] of given.entries()) yield* item.misfits(value, [...path, index]);
  },
  fitting(given) {
    if (!Array.isArray(given)) return undefined;
    const kept: T[] = [];
    for (const [index, value] of given.entries()) {
      const fitting = item.fitting(value);
      if (fitting !== undefined) kept[index] = fitting;
    }
    return kept;
  },
  schema: (z) => z.array(item.schema(z)),
});

/** An object with any keys, and values of one shape. */
export const record = <T>(value: Shape<T>, noun: string): Shape<Readonly<Record<string, T>>> => {
  const isObject = (given: unknown): given is object =>
    typeof given === 'object' && given !== null && !Array.isArray(given);
  const fits = (given: unknown): given is Readonly<Record<string, T>> =>
    isObject(given) && Object.values(given).every(value.fits);
  return {
    noun,
    fits,
    isKind: isObject,
    *misfits(given, path) {
      if (!isObject(given)) yield { path, noun, given };
      else for (const [key, each] of Object.entries(given)) yield* value.misfits(each, [...path, key]);
    },
    fitting: (given) => (fits(given) ? given : undefined),
    schema: (z) => z.record(z.string(), value.schema(z)),
  };
};

export const union = <const S extends readonly [Shape<unknown>, ...Shape<unknown>[]]>(
  alternatives: S,
  noun: string,
): Shape<Infer<S[number]>> => ({
  noun,
  fits: (value): value is Infer<S[number]> => alternatives.some((shape) => shape.fits(value)),
  isKind: (value) => alternatives.some((shape) => shape.isKind(value)),
  *misfits(given, path) {
    const meant = alternatives.find((shape) => shape.isKind(given));
    if (meant === undefined) yield { path, noun, given };
    else yield* meant.misfits(given, path);
  },
  fitting: (given) =>
    alternatives.find((shape) => shape.isKind(given))?.fitting(given) as Infer<S[number]> | undefined,
  schema: (z) => z.union(alternatives.map((shape) => shape.schema(z))) as z.ZodMiniType<Infer<S[number]>>,
});

export const optional = <T>(shape: Shape<T>): Optional<T> => ({
  ...shape,
  optional: true,
  fits: (value): value is T | undefined => value === undefined || shape.fits(value),
  schema: (z) => z.optional(shape.schema(z)),
});

/** A shape that is made at its first use: few documents have its values, and all would wait for it. */
export function lazy<T>(noun: string, make: () => Shape<T>): Shape<T> {
  let made: Shape<T> | undefined;
  const shape = (): Shape<T> => {
    made ??= make();
    return made;
  };
  return {
    noun,
    fits: (value): value is T => shape().fits(value),
    isKind: (value) => shape().isKind(value),
    misfits: (value, path) => shape().misfits(value, path),
    fitting: (value) => shape().fitting(value),
    schema: (z) => shape().schema(z),
  };
}

/** An object with these keys and no others. */
export function object<const M extends Members>(noun: string, members: M): Shape<ObjectOf<M>> {
  const keys = Object.keys(members);
  const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  let needed: readonly string[] | undefined;
  const missing = (given: object): string[] => {
    needed ??= keys.filter((key) => !('optional' in (members[key] as Shape<unknown>)));
    return needed.filter((key) => !Object.hasOwn(given, key));
  };
  return {
    noun,
    fits(value): value is ObjectOf<M> {
      if (!isObject(value)) return false;
      for (const key in value) {
        if (!Object.hasOwn(members, key) || !members[key]?.fits(value[key])) return false;
      }
      return missing(value).length === 0;
    },
    isKind: isObject,
    *misfits(given, path) {
      if (!isObject(given)) {
        yield { path, noun, given };
        return;
      }
      for (const key of missing(given)) {
        yield { path: [...path, key], noun: (members[key] as Shape<unknown>).noun, given: undefined };
      }
      for (const key in given) {
        const value = given[key];
        const at = [...path, key];
        const member = Object.hasOwn(members, key) ? members[key] : undefined;
        if (member === undefined) yield { path: at, noun, given: value, known: keys };
        else if (!member.fits(value)) yield* member.misfits(value, at);
      }
    },
    fitting(given) {
      if (!isObject(given) || missing(given).length > 0) return undefined;
      const kept: Record<string, unknown> = {};
      for (const key in given) {
        const value = Object.hasOwn(members, key) ? members[key]?.fitting(given[key]) : undefined;
        if (value === undefined) return undefined;
        kept[key] = value;
      }
      return kept as ObjectOf<M>;
    },
    schema: (z) =>
      z.strictObject(
        Object.fromEntries(keys.map((key) => [key, members[key]?.schema(z)])) as never,
      ) as unknown as z.ZodMiniType<ObjectOf<M>>,
  };
}

/** The same, with a description for the JSON Schema, and a pattern that only editors check: our own messages say more. */
export const described = <S extends Shape<unknown>>(shape: S, description: string, pattern?: RegExp): S => ({
  ...shape,
  schema(zod: Zod) {
    const schema = shape.schema(zod);
    zod.globalRegistry.add(schema, { description, ...(pattern && { pattern: pattern.source }) });
    return schema;
  },
});
