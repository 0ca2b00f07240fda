/** Operators of conditions in command lines: `weight>=5`, `<60`. */

/** Whether a condition is met, by the order of the value and what it is compared with: negative, 0 or positive. */
export type Comparison = (order: number) => boolean;

/** The longest operators first. */
export const comparisons: ReadonlyMap<string, Comparison> = new Map<string, Comparison>([
  ['!=', (order) => order !== 0],
  ['<=', (order) => order <= 0],
  ['>=', (order) => order >= 0],
  ['=', (order) => order === 0],
  ['<', (order) => order < 0],
  ['>', (order) => order > 0],
]);
