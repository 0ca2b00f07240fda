/** From files to desired state: everything is read, checked and looked up before anything is touched. */
import { DocumentError } from '../errors.js';
import { LONGEST_LINE, splitRule } from '../ipvsadm/rules.js';
import type { DesiredState } from '../model/state.js';
import { type Director, noDirector, withVariables } from './audience.js';
import { convertDocument } from './convert.js';
import { positionValues } from './formats/bounds.js';
import { looksLikeJson, readJson } from './formats/json.js';
import type { Fragment, Report } from './fragment.js';
import type { Source } from './location.js';
import { mergeFragments } from './merge.js';
import { type Lookup, Names } from './names.js';
import { ProblemList } from './problem-list.js';
import { document } from './schema.js';

/** A text and the name of the file it is from. */
export interface NamedText {
  readonly file: string;
  readonly text: string;
  /** Rules, whatever it looks like. */
  readonly isRules?: true;
}

/** The last line of an exported YAML document: without it, a text that had it is not whole. */
export const END_MARKER = '# end';

/** The last line that is not blank is `# end`, or YAML's own `...`. */
const endsWithMarker = (text: string): boolean => /(?:^|\n)(?:# end|\.\.\.)\s*$/.test(text.slice(-80));

/**
 * Refuses a text that has lost the end that its last version had: it is probably still being written.
 * @throws DocumentError
 */
export function requireEnds(texts: readonly NamedText[], last: readonly NamedText[]): void {
  const ended = new Set(last.filter(({ text }) => endsWithMarker(text)).map(({ file }) => file));
  const cut = texts.find(({ file, text }) => ended.has(file) && !endsWithMarker(text));
  const text = `not whole: the last version ended with "${END_MARKER}" or "...", this one does not`;
  if (cut !== undefined) throw new DocumentError([{ file: cut.file, text }]);
}

/** The documents in a text. @throws DocumentError */
type Read = (file: string, text: string) => Promise<Source[]>;

/** Converts a document; parts with names that have not been looked up yet are left out. */
type Conversion = (report: Report) => Fragment;

/**
 * The desired state that texts describe together; each is YAML, JSON, or rules as `-S` writes them.
 * @param lookup without it, services and servers with names are checked and left out
 * @param director whom they are for (default: one without labels and variables)
 * @throws DocumentError
 */
export async function parseDocuments(
  texts: readonly NamedText[],
  lookup?: Lookup,
  director: Director = noDirector,
): Promise<DesiredState> {
  const names = new Names(lookup);
  const { state, problems } = await parseAll(texts, names, read, director);
  if (problems.isEmpty) return state;
  if (!texts.some(({ text }) => looksLikeJson(text))) throw problems.error(texts.map(({ file }) => file));
  const located = await parseAll(texts, names, readLocated, director);
  throw located.problems.error(texts.map(({ file }) => file));
}

const read: Read = async (file, text) => {
  const json = readJson(file, text);
  return json === undefined ? readYaml(file, text) : [json];
};

/** JSON has positions when it is read as YAML, unless it is too large for that. */
const readLocated: Read = async (file, text) => {
  const json = readJson(file, text);
  if (json === undefined) return readYaml(file, text);
  const yaml = await import('./formats/yaml.js');
  try {
    return yaml.readYaml(file, text, positionValues);
  } catch {
    return [json];
  }
};

/** The parser of YAML is loaded for those texts only that need it. */
const readYaml: Read = async (file, text) => (await import('./formats/yaml.js')).readYaml(file, text);

async function parseAll(texts: readonly NamedText[], names: Names, read: Read, director: Director) {
  const unread = new ProblemList();
  const conversions: Conversion[] = [];
  for (const text of texts) {
    // A file that cannot be read does not keep the others from being checked.
    for (const conversion of await conversionsOf(text, names, read, unread, director))
      conversions.push(conversion);
  }
  let { state, problems } = convert(conversions, unread);
  // A conversion may find more names, such as ports that only a known host asks for.
  while (await names.lookUp()) ({ state, problems } = convert(conversions, unread));
  return { state, problems };
}

function convert(conversions: readonly Conversion[], unread: ProblemList) {
  const problems = unread.copy();
  const fragments = conversions.map((conversion) => conversion(problems.report));
  return { state: mergeFragments(fragments, problems.report), problems };
}

async function conversionsOf(
  text: NamedText,
  names: Names,
  read: Read,
  problems: ProblemList,
  director: Director,
): Promise<Conversion[]> {
  try {
    if (text.isRules || looksLikeRules(text.text)) {
      const { convertRules } = await import('./formats/rules.js');
      return [(report) => convertRules(text.file, text.text, names, report)];
    }
    return await documentConversions(text, names, read, problems, director);
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    problems.add(error);
    return [];
  }
}

/** @throws DocumentError for a text that cannot be read, or without documents */
async function documentConversions(
  { file, text }: NamedText,
  names: Names,
  read: Read,
  problems: ProblemList,
  director: Director,
): Promise<Conversion[]> {
  const written = (await read(file, text)).filter(({ value }) => value !== undefined);
  const sources = text.includes('${')
    ? written.flatMap((source) => withVariables(source, director, problems.report) ?? [])
    : written;
  if (written.length === 0) throw new DocumentError([{ file, text: EMPTY }]);
  const conversions: Conversion[] = [];
  for (const source of sources) {
    const fits = document.fits(source.value);
    if (!fits) await reportMisfits(source, problems);
    const value = fits ? source.value : document.fitting(source.value);
    if (value === undefined) continue;
    if (!value.services && !value.timeouts && !value.sync && !value.settings) {
      problems.report(() => ({ ...source.locate([]), text: EMPTY }));
    } else conversions.push((report) => convertDocument(value, source, names, report, director));
  }
  return conversions;
}

/** Rules begin with an option, which no YAML document with keys in it does. */
function looksLikeRules(text: string): boolean {
  for (const [line] of text.matchAll(/.+/g)) {
    const [first] = splitRule(line.slice(0, LONGEST_LINE));
    if (first !== undefined) return /^--?[a-z]/i.test(first);
  }
  return false;
}

const EMPTY = 'empty; a document has services, timeouts or sync (services: [] for a table without services)';

async function reportMisfits(source: Source, problems: ProblemList): Promise<void> {
  const { misfitProblem } = await import('./schema-errors.js');
  for (const misfit of document.misfits(source.value, [])) {
    problems.report(() => misfitProblem(source, misfit));
  }
}
