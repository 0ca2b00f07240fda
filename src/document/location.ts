/** Where something stands in what was read. */
import { DocumentError, type Problem } from '../errors.js';

/** Keys and indexes that lead from a document to a value in it. */
export type Path = readonly (string | number)[];

/** A place in a file, and the path to it. */
export type Place = Pick<Problem, 'file' | 'line' | 'column' | 'path'>;

/** One document: a file holds several if `---` stands between them. */
export interface Source {
  readonly value: unknown;
  /** Where the value at `path` stands, or what is nearest to it; with `key`, where its key stands. */
  locate(path: Path, what?: 'value' | 'key'): Place;
}

/** `services[2].servers[0].weight` */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[\w$-]+$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

/** `web.yaml:12:15`, as messages refer to a place. */
export const formatPlace = ({ file, line, column }: Place): string =>
  [file === '-' ? 'standard input' : file, line, column].filter((part) => part !== undefined).join(':');

/** @throws DocumentError if there are problems */
export function raise(problems: readonly Problem[]): void {
  const [first, ...rest] = problems;
  if (first !== undefined) throw new DocumentError([first, ...rest]);
}
