/** A kind of input, how it is made at random, and what must hold. */
import fc from 'fast-check';

export interface Target {
  /** How `--only` names it. */
  readonly name: string;
  readonly property: fc.IAsyncProperty<unknown>;
}

/** @param check throws an AssertionError for a promise that is broken */
export const target = <Case>(
  name: string,
  arbitrary: fc.Arbitrary<Case>,
  check: (one: Case) => Promise<void>,
): Target => ({ name, property: fc.asyncProperty(arbitrary, check) as fc.IAsyncProperty<unknown> });

/** One of many samples, the same in every process: where it takes longer to make a value than to check it. */
export const sampled = <T>(arbitrary: fc.Arbitrary<T>, samples: number): fc.Arbitrary<T> =>
  fc.constantFrom(...fc.sample(arbitrary, { numRuns: samples, seed: 1 }));
