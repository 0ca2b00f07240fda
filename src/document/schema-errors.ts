/** Problems of documents that do not fit the schema: where, what was given, and what would be right. */
import type { Problem } from '../errors.js';
import { quoted } from '../foreign-text.js';
import { nearest } from '../suggest.js';
import { isNot } from './invalid-value.js';
import type { Source } from './location.js';
import type { Misfit } from './shape.js';

export function misfitProblem(source: Source, { path, noun, given, known }: Misfit): Problem {
  if (known !== undefined) {
    return { ...source.locate(path, 'key'), text: unknownKey(String(path.at(-1)), known) };
  }
  const text = given === undefined ? `missing; it should be ${noun}` : isNot(given, noun);
  return { ...source.locate(path), text };
}

function unknownKey(key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  const hint = meant === undefined ? `known are ${known.join(', ')}` : `did you mean '${meant}'?`;
  return `unknown key ${quoted(key)} (${hint})`;
}
