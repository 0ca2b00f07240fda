/** How what is wrong in a document is said: where, what was given, and what would be right. */
import type * as z from 'zod/mini';
import type { Problem } from '../errors.js';
import { nearest } from '../suggest.js';
import type { Path, Source } from './location.js';
import { KNOWN_KEYS } from './shape.js';

/** `'heavy' is not a whole number from 0 to 65535` */
export const notThat = (given: unknown, noun: string): string => `${show(given)} is not ${noun}`;

/** A value as it is shown in a message: on one line, and short. */
export function show(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? '[]' : 'a list';
  if (typeof value === 'object') return 'an object';
  const text = JSON.stringify(String(value)).slice(1, -1).replaceAll('\\"', '"');
  return `'${text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text}'`;
}

const LONGEST_SHOWN = 60;

/** The problems that the schema's issues with a source are. */
export const schemaProblems = (source: Source, issues: readonly z.core.$ZodIssue[]): Problem[] =>
  issues.flatMap((issue) => problemsOf(source, issue, []));

function problemsOf(source: Source, issue: z.core.$ZodIssue, base: Path): Problem[] {
  const path = [...base, ...(issue.path as Path)];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(source, [...path, key], issue.message.split(KNOWN_KEYS)));
    case 'invalid_union': {
      const meant = branchMeant(issue.errors);
      if (meant) return meant.flatMap((inner) => problemsOf(source, inner, path));
    }
  }
  const given = valueAt(source.value, path);
  const text = given === undefined ? `missing; it should be ${issue.message}` : notThat(given, issue.message);
  return [{ ...source.locate(path), text }];
}

/** The alternative of a union whose type fits, so that what is wrong lies inside of it. */
const branchMeant = (branches: readonly z.core.$ZodIssue[][]): readonly z.core.$ZodIssue[] | undefined =>
  branches.find((issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0));

function unknownKey(source: Source, path: Path, known: readonly string[]): Problem {
  const key = String(path.at(-1));
  const meant = nearest(key, known);
  const hint = meant === undefined ? `known are ${known.join(', ')}` : `did you mean '${meant}'?`;
  return { ...source.locate(path, 'key'), text: `unknown key '${key}' (${hint})` };
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string | number, unknown>)[step];
  }
  return at;
}
