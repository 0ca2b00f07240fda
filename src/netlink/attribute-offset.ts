/** Where in a message a value stands: for those who change it there instead of writing the message again. */
import { type AttributeSet, eachAttribute, type Kind, nestedSet } from './attributes.js';
import type { Reader } from './bytes.js';

export interface Place {
  /** Where the payload starts. */
  readonly at: number;
  /** Of the payload: what writes another value there, if it is of a size that never differs. */
  readonly kind: Kind<unknown>;
}

/**
 * Finds an attribute among those between `start` and `end`.
 * @param path names of attributes, each within the one before
 * @returns undefined where the message does not have it
 */
export function findAttribute(
  set: AttributeSet,
  [name = '', ...within]: readonly string[],
  from: Reader,
  start: number,
  end: number,
): Place | undefined {
  const [wanted, kind] = set.rows[name] ?? [];
  const inner = kind && nestedSet(kind);
  let place: Place | undefined;
  eachAttribute(from, start, end, (attribute) => {
    if (kind === undefined || attribute.type !== wanted) return;
    if (within.length === 0) place = { at: attribute.start, kind };
    else if (inner) place = findAttribute(inner, within, from, attribute.start, attribute.end);
  });
  return place;
}
