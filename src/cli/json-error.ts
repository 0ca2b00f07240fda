/** Errors of subcommands that were asked for JSON. */
import type { Context } from '../context.js';
import { type Json, toJson } from '../output/json.js';

/** Whether a subcommand is to write JSON, as far as its words tell: they may be wrong otherwise. */
export function asksForJson(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  const own = end < 0 ? words : words.slice(0, end);
  return own.some(
    (word, index) =>
      /^(?:--json(?:=true)?|-o=?json|--output=json)$/.test(word) ||
      (word === 'json' && ['-o', '--output'].includes(own[index - 1] ?? '')),
  );
}

/** Writes the one object that --json promises; its only member is the error. */
export async function writeError({ out }: Context, error: Json): Promise<void> {
  try {
    await out.write(toJson({ error }));
  } catch {
    // Standard output is the cause, or fails as well. Standard error and the status have told the error.
  }
}
