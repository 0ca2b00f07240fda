/** Parts of random command lines: arbitraries of words, put together. */
import fc from 'fast-check';

export type Words = fc.Arbitrary<string[]>;

/** The ways to give an option a value, all the same to popt. */
export const spellings = (short: string, long: string, value: string): string[][] => [
  [`-${short}`, value],
  [`-${short}${value}`],
  [`-${short}=${value}`],
  [`--${long}`, value],
  [`--${long}=${value}`],
];

export const flatten = (...parts: Words[]): Words => fc.tuple(...parts).map((words) => words.flat());
export const words = (...given: string[]): Words => fc.constant(given);
export const one = (...given: (readonly string[])[]): Words =>
  fc.constantFrom(...given).map((chosen) => [...chosen]);
/** Once in `times`. */
export const sometimes = (times: number, arbitrary: Words): Words =>
  fc.oneof({ weight: times - 1, arbitrary: words() }, { weight: 1, arbitrary });
export const spelled = (short: string, long: string, ...values: string[]): Words =>
  one(...values.flatMap((value) => spellings(short, long, value)));
/** In any order. */
export const shuffled = (...parts: Words[]): Words =>
  fc
    .tuple(...parts)
    .chain((given) => fc.shuffledSubarray(given, { minLength: given.length, maxLength: given.length }))
    .map((given) => given.flat());
