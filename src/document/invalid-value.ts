/** Invalid values in documents, and the messages about them. */
import { quoted } from '../foreign-text.js';

/** An invalid value. Its message is complete except for the location. */
export class InvalidValue extends Error {}

/** `'heavy' is not a whole number from 0 to 65535` */
export const isNot = (given: unknown, noun: string): string => `${show(given)} is not ${noun}`;

/** A value as messages show it: on one line, and short. */
function show(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? '[]' : 'a list';
  if (typeof value === 'object') return 'an object';
  return quoted(String(value));
}
