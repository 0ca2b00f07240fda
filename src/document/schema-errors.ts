/** Problems of documents that do not fit the schema: where, what was given, and what would be right. */

import * as z from 'zod/mini';
import { DocumentError, type Problem } from '../errors.js';
import { quoted } from '../foreign-text.js';
import { nearest } from '../suggest.js';
import { isNot } from './invalid-value.js';
import type { Path, Source } from './location.js';
import { document } from './schema.js';
import { KNOWN_KEYS } from './shape.js';

/** Every problem of a source that does not fit. */
export function schemaError(source: Source): DocumentError {
  const { error } = document.schema(z).safeParse(source.value);
  const problems = error?.issues.flatMap((issue) => problemsOf(source, issue, []));
  return new DocumentError(problems as [Problem, ...Problem[]]);
}

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
  const text = given === undefined ? `missing; it should be ${issue.message}` : isNot(given, issue.message);
  return [{ ...source.locate(path), text }];
}

/** The alternative of a union whose type fits: the problem is inside of it. */
const branchMeant = (branches: readonly z.core.$ZodIssue[][]): readonly z.core.$ZodIssue[] | undefined =>
  branches.find((issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0));

function unknownKey(source: Source, path: Path, known: readonly string[]): Problem {
  const key = String(path.at(-1));
  const meant = nearest(key, known);
  const hint = meant === undefined ? `known are ${known.join(', ')}` : `did you mean '${meant}'?`;
  return { ...source.locate(path, 'key'), text: `unknown key ${quoted(key)} (${hint})` };
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string | number, unknown>)[step];
  }
  return at;
}
