/**
 * The kinds of values that a document is made of. Each says of itself whether a value fits, in a moment, and what zod's
 * schema of it is, whose messages tell what would be right: zod takes longer to load than most documents to be read, and
 * is needed only where something does not fit.
 */
import type * as z from 'zod/mini';

export type Zod = typeof z;

export interface Shape<T> {
  fits(value: unknown): boolean;
  schema(zod: Zod): z.ZodMiniType<T>;
}

/** What an object may have, and need not. */
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

/** Keys as a list, which the error for an unknown one carries in place of a noun phrase. */
export const KNOWN_KEYS = ', ';

// The noun phrase of each kind says what would be right; problems.ts makes sentences of them.

export const text = (noun: string, pattern?: RegExp): Shape<string> => ({
  fits: (value) => typeof value === 'string' && (pattern === undefined || pattern.test(value)),
  schema: (z) => (pattern ? z.string(noun).check(z.regex(pattern, noun)) : z.string(noun)),
});

export function integer(least: number, most: number): Shape<number> {
  const noun = `a whole number from ${least} to ${most}`;
  return {
    fits: (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
    schema: (z) => z.int(noun).check(z.minimum(least, noun), z.maximum(most, noun)),
  };
}

export const boolean = (noun: string): Shape<boolean> => ({
  fits: (value) => typeof value === 'boolean',
  schema: (z) => z.boolean(noun),
});

export const oneOf = <const T extends readonly [string, ...string[]]>(...words: T): Shape<T[number]> => ({
  fits: (value) => words.includes(value as string),
  schema: (z) => z.enum(words, `one of ${words.join(', ')}`) as z.ZodMiniType<T[number]>,
});

export const list = <T>(item: Shape<T>, noun: string): Shape<T[]> => ({
  fits: (value) => Array.isArray(value) && value.every(item.fits),
  schema: (z) => z.array(item.schema(z), noun),
});

export const union = <const S extends readonly [Shape<unknown>, ...Shape<unknown>[]]>(
  alternatives: S,
  noun: string,
): Shape<Infer<S[number]>> => ({
  fits: (value) => alternatives.some((shape) => shape.fits(value)),
  schema: (z) =>
    z.union(
      alternatives.map((shape) => shape.schema(z)),
      noun,
    ) as z.ZodMiniType<Infer<S[number]>>,
});

export const optional = <T>(shape: Shape<T>): Optional<T> => ({
  optional: true,
  fits: (value) => value === undefined || shape.fits(value),
  schema: (z) => z.optional(shape.schema(z)),
});

/** An object with these keys and no others. */
export function object<const M extends Members>(noun: string, members: M): Shape<ObjectOf<M>> {
  const keys = Object.keys(members);
  let needed: readonly string[] | undefined;
  return {
    fits(value) {
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
