/** JSON documents, by JSON.parse: ten times faster than the reader of YAML, and without positions. */
import { DocumentError } from '../../errors.js';
import { formatPath, type Source } from '../location.js';
import { checkValues, jsonValues, MAX_DEPTH, TOO_DEEP } from './bounds.js';

/**
 * The document in a text that is an object in JSON and has no key twice; undefined for all others, which are read as YAML.
 * @throws DocumentError for a text that is too deep or has too many values
 */
export function readJson(file: string, text: string): Source | undefined {
  const value = parseObject(file, text);
  return value && { value, locate: (path) => ({ file, path: formatPath(path) }) };
}

export const looksLikeJson = (text: string): boolean => /^\s*\{/.test(text);

function parseObject(file: string, text: string): object | undefined {
  if (!looksLikeJson(text)) return undefined;
  const { depth, values, members } = measure(text);
  if (depth > MAX_DEPTH) throw new DocumentError([{ file, text: TOO_DEEP }]);
  checkValues(file, text, values, jsonValues, 'write it as several files');
  try {
    const value: object = JSON.parse(text);
    // JSON.parse keeps the last of several members with one key.
    return membersOf(value) === members ? value : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

/** Members of all objects in a value, which is not deep. */
function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let members = 0;
  if (Array.isArray(value)) for (const item of value) members += membersOf(item);
  else for (const key in value) members += 1 + membersOf(value[key as keyof typeof value]);
  return members;
}

/** Depth, values at most, and members of all objects, in a JSON text: counts of marks outside of strings. */
function measure(text: string): { depth: number; values: number; members: number } {
  let level = 0;
  let depth = 0;
  let values = 1;
  let members = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) inString = !inString;
    else if (code === BACKSLASH) at++;
    else if (inString) continue;
    else if (code === COLON) members++;
    else if (code === COMMA) values++;
    else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      values++;
      if (++level > depth) depth = level;
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) level--;
  }
  return { depth, values, members };
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
