/** The lines of a keepalived.conf and of the files that it includes, without comments. Names and wildcards: keepalived.conf(5). */
import { dirname, join } from 'node:path';
import { DocumentError } from '../../../errors.js';
import { quoted } from '../../../foreign-text.js';
import type { NamedText } from '../../load.js';
import type { Place, Remark } from '../setting.js';

export interface Line extends Place {
  readonly text: string;
}

/** The files that may be included. */
export interface IncludedFiles {
  /** Undefined if there is none. @throws DocumentError */
  read(path: string): Promise<NamedText | undefined>;
  /** The names in a directory, sorted; empty if there is none. */
  list(directory: string): readonly string[];
}

const MOST_FILES = 1000;
const DEEPEST = 16;

/** @throws DocumentError */
export async function linesOf(
  text: NamedText,
  files: IncludedFiles,
): Promise<{ lines: readonly Line[]; remarks: readonly Remark[] }> {
  const lines: Line[] = [];
  const remarks: Remark[] = [];
  let read = 0;
  const add = async ({ file, text: content }: NamedText, depth: number): Promise<void> => {
    for (const [index, raw] of content.split('\n').entries()) {
      const place = { file, line: index + 1 };
      const line = withoutComment(raw);
      const pattern = includedIn(line);
      if (pattern === undefined) lines.push({ ...place, text: line });
      else if (depth === DEEPEST) throw failure(place, `included more than ${DEEPEST} levels deep`);
      else {
        const paths = pathsOf(join(file === '-' ? '.' : dirname(file), ''), pattern, place, files);
        let found = 0;
        for (const path of paths) {
          if (++read > MOST_FILES) throw failure(place, `more than ${MOST_FILES} files are included`);
          const included = await files.read(path);
          if (included === undefined) continue;
          found++;
          await add(included, depth + 1);
        }
        if (found === 0) remarks.push({ place, text: `include: no file ${quoted(pattern)}` });
      }
    }
  };
  await add(text, 0);
  return { lines, remarks };
}

const failure = ({ file, line }: Place, text: string): DocumentError =>
  new DocumentError([{ file, line, text }]);

/** The line up to a `#` or `!` outside of quotes. */
function withoutComment(line: string): string {
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const character = line[at] as string;
    if (character === '\\') at++;
    else if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '#' || character === '!') return line.slice(0, at).trimEnd();
  }
  return line.trimEnd();
}

/** The suffix of `include` says which failures are errors. */
function includedIn(line: string): string | undefined {
  const [, pattern] = /^\s*include[rmwba]?\s+(\S.*)$/.exec(line) ?? [];
  return pattern?.replace(/^"([^"]*)"$/, '$1');
}

/** @throws DocumentError for wildcards other than `*` and `?`, or in the names of directories */
function pathsOf(base: string, pattern: string, place: Place, files: IncludedFiles): readonly string[] {
  const path = pattern.startsWith('/') ? pattern : join(base, pattern);
  const name = path.slice(path.lastIndexOf('/') + 1);
  const directory = path.slice(0, path.length - name.length);
  if (/[[\]{}]/.test(path) || /[*?]/.test(directory)) {
    const text = `include: ${quoted(pattern)} has other wildcards than * and ? in the name of a file; name the files`;
    throw failure(place, text);
  }
  if (!/[*?]/.test(name)) return [path];
  return files
    .list(directory === '' ? '.' : directory)
    .filter((each) => !each.startsWith('.') && matches(each, name))
    .map((each) => directory + each);
}

/** Whether a name matches a pattern with `*` and `?`. A mismatch goes back to the last `*` alone, so that no pattern takes long. */
function matches(name: string, pattern: string): boolean {
  let at = 0;
  let star = -1;
  let resumed = 0;
  let next = 0;
  while (at < name.length) {
    if (pattern[next] === '*') {
      star = next++;
      resumed = at;
    } else if (pattern[next] === '?' || (next < pattern.length && pattern[next] === name[at])) {
      at++;
      next++;
    } else if (star >= 0) {
      next = star + 1;
      at = ++resumed;
    } else return false;
  }
  while (pattern[next] === '*') next++;
  return next === pattern.length;
}
