/** Locations in documents: file, line and column, and the path to a value. */

import type { Problem } from '../errors.js';
import { excerpt } from '../foreign-text.js';

/** Keys and indexes that lead from a document to a value in it. */
export type Path = readonly (string | number)[];

/** Line and column are undefined if only the file is known. */
export type Location = Pick<Problem, 'file' | 'line' | 'column' | 'path'>;

/** One document: a file holds several if `---` separates them. */
export interface Source {
  /** Undefined for an empty document. */
  readonly value: unknown;
  /** The location of the value at `path`, or of the nearest value around it; with `key`, of its key. */
  locate(path: Path, what?: 'value' | 'key'): Location;
}

/** `services[2].servers[0].weight` */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[\w$-]+$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `["${excerpt(step)}"]`;
  }
  return text;
}

/** `web.yaml:12:15` */
export const formatLocation = ({ file, line, column }: Location): string =>
  [file === '-' ? 'standard input' : file, line, column].filter((part) => part !== undefined).join(':');
