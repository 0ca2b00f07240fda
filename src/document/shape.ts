/**
 * The kinds of values in a document. A shape is one definition with two uses: `fits` checks a value quickly, and zod's schema, made
 * of the same parts, explains what does not fit. zod as the only check would take 13 times as long, and has to be loaded first.
 */

import type * as z from 'zod/mini';
import type { Range } from '../model/limits.js';

export type Zod = typeof z;

export interface Shape<T> {
  fits(value: unknown): value is T;
  schema(zod: Zod): z.ZodMiniType<T>;
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

/** Separates the known keys, which the error for an unknown key carries in place of a noun phrase. */
export const KNOWN_KEYS = ', ';

// The noun phrase of each kind says what would be right; schema-errors.ts makes sentences of them.

export const text = (noun: string, pattern?: RegExp): Shape<string> => ({
  fits: (value): value is string =>
    typeof value === 'string' && (pattern === undefined || pattern.test(value)),
  schema: (z) => (pattern ? z.string(noun).check(z.regex(pattern, noun)) : z.string(noun)),
});

export function integer({ min, max }: Range): Shape<number> {
  const noun = `a whole number from ${min} to ${max}`;
  return {
    fits: (value): value is number => Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
    schema: (z) => z.int(noun).check(z.minimum(min, noun), z.maximum(max, noun)),
  };
}

export const boolean = (noun: string): Shape<boolean> => ({
  fits: (value): value is boolean => typeof value === 'boolean',
  schema: (z) => z.boolean(noun),
});

export const oneOf = <const T extends string>(...words: readonly T[]): Shape<T> => ({
  fits: (value): value is T => words.includes(value as T),
  schema: (z) => z.enum(words, `one of ${words.join(', ')}`) as z.ZodMiniType<T>,
});

export const list = <T>(item: Shape<T>, noun: string): Shape<T[]> => ({
  fits: (value): value is T[] => Array.isArray(value) && value.every(item.fits),
  schema: (z) => z.array(item.schema(z), noun),
});

export const union = <const S extends readonly [Shape<unknown>, ...Shape<unknown>[]]>(
  alternatives: S,
  noun: string,
): Shape<Infer<S[number]>> => ({
  fits: (value): value is Infer<S[number]> => alternatives.some((shape) => shape.fits(value)),
  schema: (z) =>
    z.union(
      alternatives.map((shape) => shape.schema(z)),
      noun,
    ) as z.ZodMiniType<Infer<S[number]>>,
});

export const optional = <T>(shape: Shape<T>): Optional<T> => ({
  optional: true,
  fits: (value): value is T | undefined => value === undefined || shape.fits(value),
  schema: (z) => z.optional(shape.schema(z)),
});

/** An object with these keys and no others. */
export function object<const M extends Members>(noun: string, members: M): Shape<ObjectOf<M>> {
  const keys = Object.keys(members);
  let needed: readonly string[] | undefined;
  return {
    fits(value): value is ObjectOf<M> {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
      const given = value as Readonly<Record<string, unknown>>;
      for (const key in given) {
        if (!Object.hasOwn(members, key) || !members[key]?.fits(given[key])) return false;
      }
      needed ??= keys.filter((key) => !('optional' in (members[key] as Shape<unknown>)));
      return needed.every((key) => Object.hasOwn(given, key));
    },
    schema: (z) =>
      z.strictObject(Object.fromEntries(keys.map((key) => [key, members[key]?.schema(z)])) as never, {
        error: (issue) => (issue.code === 'unrecognized_keys' ? keys.join(KNOWN_KEYS) : noun),
      }) as unknown as z.ZodMiniType<ObjectOf<M>>,
  };
}

/** The same, with a description for the JSON Schema. */
export const described = <S extends Shape<unknown>>(shape: S, description: string): S => ({
  ...shape,
  schema(zod: Zod) {
    const schema = shape.schema(zod);
    zod.globalRegistry.add(schema, { description });
    return schema;
  },
});
