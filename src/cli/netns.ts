/** `--netns NAME|PATH|pid:N`: the network namespace that a command line of either grammar is about. */
import { netnsHeading, wordsFor } from '../commands/shared/namespaces.js';
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import { jsonString, quoted } from '../foreign-text.js';
import { toJson } from '../output/json.js';
import { nearest } from '../suggest.js';
import { ifThere } from '../system/files/files.js';
import { namedNamespaces, netnsDirectory, otherNamespaces } from '../system/network/netns.js';
import type { ProgramRun } from '../system/programs/program.js';
import { netnsOption } from './argv0.js';
import { asksForJson } from './json-error.js';

export interface NetnsWords {
  /** As it was given; undefined without the option. */
  readonly netns?: string;
  /** The other words. */
  readonly words: readonly string[];
}

/** Takes the option out of a command line, wherever it stands before `--`. @throws UsageError */
export function takeNetns(argv: readonly string[]): NetnsWords {
  const end = argv.indexOf('--');
  const at = argv.findIndex((word, index) => (end < 0 || index < end) && isNetns(word));
  if (at < 0) return { words: argv };
  const word = argv[at] as string;
  const attached = word.startsWith(`${netnsOption}=`);
  const netns = attached ? word.slice(netnsOption.length + 1) : argv[at + 1];
  if (netns === undefined) throw new UsageError('a value must follow', netnsOption);
  const words = argv.toSpliced(at, attached ? 1 : 2);
  if (takeNetns(words).netns !== undefined) throw new UsageError('given twice', netnsOption);
  return { netns, words };
}

const isNetns = (word: string): boolean => word === netnsOption || word.startsWith(`${netnsOption}=`);

/** Runs the other words there. @returns the exit status. @throws UsageError, HostError */
export const runInNetns = (
  netns: string,
  words: readonly string[],
  context: Pick<Context, 'runInNetns' | 'files'>,
): Promise<number> => context.runInNetns(netnsPath(netns, context.files), words);

/**
 * The file of the namespace. A word with a slash is a path, `pid:N` the namespace of a process, any other a name of ip-netns(8).
 * @throws UsageError if there is no such file
 */
function netnsPath(word: string, files: Context['files']): string {
  const exists = (path: string): boolean => {
    try {
      return ifThere(() => files.statSync(path)) !== undefined;
    } catch {
      // What cannot be looked at is refused when it is entered, with the reason.
      return true;
    }
  };
  if (word.startsWith('pid:')) {
    const pid = word.slice('pid:'.length);
    if (!/^[1-9]\d{0,9}$/.test(pid)) throw refused(`${quoted(word)} is not pid: and the number of a process`);
    const path = `/proc/${pid}/ns/net`;
    if (!exists(path)) throw refused(`there is no process ${pid}`);
    return path;
  }
  if (word.includes('/')) {
    if (exists(word)) return word;
    throw refused(`${quoted(word)} does not exist`);
  }
  const path = `${netnsDirectory}/${word}`;
  if (word !== '' && word !== '.' && word !== '..' && exists(path)) return path;
  const names = namedNamespaces(files);
  const known = names.length === 0 ? 'no namespace' : names.slice(0, SHOWN).map(quoted).join(', ');
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  throw refused(
    `${quoted(word)} is not a name in ${netnsDirectory}, which has ${known}${more}`,
    nearest(word, names),
  );
}

/** Names that an error lists. */
const SHOWN = 10;

const refused = (problem: string, meant?: string): UsageError => new UsageError(problem, netnsOption, meant);

/** Takes --all-netns out of the words of a subcommand. */
export function takeAllNetns(args: readonly string[]): readonly string[] | undefined {
  const end = args.indexOf('--');
  const at = args.indexOf('--all-netns');
  return at < 0 || (end >= 0 && end < at) ? undefined : args.toSpliced(at, 1);
}

/**
 * Runs a subcommand in this network namespace and in all that have names. Text is shown below headings, which begin a document of
 * YAML; objects of JSON are the items of one list.
 * @returns the exit status: the first that is not 0
 */
export async function runInAllNetns(words: readonly string[], context: Context): Promise<number> {
  const names = [undefined, ...otherNamespaces(context.files)];
  const runs: (ProgramRun & { readonly name: string | undefined })[] = [];
  for (const name of names) {
    const own = [...words, ...wordsFor(name)];
    if (!asksForJson(words)) await context.out.write(netnsHeading(name));
    runs.push({ name, ...(await context.runSelf(own, asksForJson(words) ? 'pipe' : 'inherit')) });
  }
  if (asksForJson(words)) await context.out.write(gathered(runs));
  return runs.find(({ status }) => status !== 0)?.status ?? 0;
}

/** The objects as they were written, so that counters keep all their digits. */
function gathered(runs: readonly (ProgramRun & { readonly name: string | undefined })[]): string {
  const items = runs.map(({ name, out, status }) => {
    // A program that was killed writes nothing.
    const [, ...members] = (out || toJson({ error: { status } })).trimEnd().split('\n');
    const lines = ['{', `  "netns": ${name === undefined ? 'null' : jsonString(name)},`, ...members];
    return lines.map((line) => `    ${line}`).join('\n');
  });
  return `{\n  "namespaces": [\n${items.join(',\n')}\n  ]\n}\n`;
}
