/** Bounds of a text, checked before a parser takes memory for it: at most 10 times the text and 100 MB. */
import { DocumentError } from '../../errors.js';

/** Levels of lists and objects within each other. A document has seven. */
export const MAX_DEPTH = 64;

export const TOO_DEEP = `nested more than ${MAX_DEPTH} levels deep`;

/** A text may have `base` values, and one more for each `bytesEach` of its characters. Documents are less dense. */
export interface ValueLimit {
  readonly base: number;
  readonly bytesEach: number;
}

/** JSON.parse takes up to 100 bytes for a value. */
export const jsonValues: ValueLimit = { base: 400_000, bytesEach: 10 };
/** js-yaml takes up to 500 with what it leaves to be collected. */
export const yamlValues: ValueLimit = { base: 150_000, bytesEach: 30 };

/** @throws DocumentError */
export function checkValues(
  file: string,
  text: string,
  values: number,
  { base, bytesEach }: ValueLimit,
  advice: string,
): void {
  const most = Math.floor(base + text.length / bytesEach);
  if (values <= most) return;
  throw new DocumentError([{ file, text: `more than ${most} values: ${advice}` }]);
}
