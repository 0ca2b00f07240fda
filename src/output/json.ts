/** JSON with exact 64-bit counters. */
import { jsonString } from '../foreign-text.js';

export type Json =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | readonly Json[]
  | { readonly [key: string]: Json };

/**
 * The text of a value, indented by two, with a line feed at its end. A bigint becomes the digits that it has, which
 * JSON.stringify refuses to write and numbers beyond 2^53 would round. Members that are undefined are left out.
 */
export const toJson = (value: Json): string => `${write(value, '\n')}\n`;

/** The text of a value on one line, with a line feed at its end: for streams of one object a line. */
export const toJsonLine = (value: Json): string => `${write(value, '')}\n`;

/** @param newline a line feed and the indent of the value; empty for a value on one line */
function write(value: Json, newline: string): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null)
    return typeof value === 'string' ? jsonString(value) : JSON.stringify(value ?? null);
  const inner = newline && `${newline}  `;
  if (isList(value))
    return enclose(
      '[',
      value.map((item) => write(item, inner)),
      ']',
      newline,
    );
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([key, member]) => `${jsonString(key)}:${newline && ' '}${write(member, inner)}`);
  return enclose('{', members, '}', newline);
}

const isList = (value: object): value is readonly Json[] => Array.isArray(value);

const enclose = (open: string, items: readonly string[], close: string, newline: string): string =>
  items.length === 0
    ? open + close
    : newline === ''
      ? open + items.join(',') + close
      : `${open}${newline}  ${items.join(`,${newline}  `)}${newline}${close}`;
