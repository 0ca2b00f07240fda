/** Bounds of a text, checked before a parser takes memory for it: at most 10 times the text and 100 MB, in YAML 400 MB. */
import { DocumentError } from '../../errors.js';

/** Levels of lists and objects within each other. A document has seven. */
export const MAX_DEPTH = 64;

export const TOO_DEEP = `nested more than ${MAX_DEPTH} levels deep`;

/** The most values in a text of so many characters. Documents are less dense. */
export type ValueLimit = (length: number) => number;

/** JSON.parse takes up to 100 bytes for a value. */
export const jsonValues: ValueLimit = (length) => 400_000 + length / 10;
/** js-yaml takes up to 500 with what it leaves to be collected. For JSON that is read again for the positions of mistakes. */
export const positionValues: ValueLimit = (length) => 150_000 + length / 30;
/**
 * A table of 110,000 rules, as export writes it, has a value for each 8 characters: a text may be as dense up to the size of that
 * one, and takes up to 400 MB then.
 */
export const yamlValues: ValueLimit = (length) =>
  Math.max(150_000 + Math.min(length / 8, 1_100_000), positionValues(length));

/** @throws DocumentError */
export function checkValues(
  file: string,
  text: string,
  values: number,
  limit: ValueLimit,
  advice: string,
): void {
  const most = Math.floor(limit(text.length));
  if (values <= most) return;
  throw new DocumentError([{ file, text: `more than ${most} values: ${advice}` }]);
}
