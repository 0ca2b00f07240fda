/** From files to desired state: everything is read, checked and looked up before anything is touched. */
import { DocumentError, type Problem } from '../errors.js';
import { splitRule } from '../ipvsadm/rules.js';
import type { DesiredState } from '../model/state.js';
import { convertDocument } from './convert.js';
import { readJson } from './formats/json.js';
import type { Fragment, Report } from './fragment.js';
import { raise, type Source } from './location.js';
import { mergeFragments } from './merge.js';
import { type Lookup, Names } from './names.js';
import { type DocumentValue, document } from './schema.js';

/** A text and the name of the file it is from. */
export interface NamedText {
  readonly file: string;
  readonly text: string;
}

/** The documents in a text. @throws DocumentError */
type Read = (file: string, text: string) => Promise<Source[]>;

/** Converts a document; parts with names that have not been looked up yet are left out. */
type Conversion = (report: Report) => Fragment;

/**
 * The desired state that texts describe together; each is YAML, JSON, or rules as `-S` writes them.
 * @throws DocumentError with every problem that was found
 */
export async function parseDocuments(texts: readonly NamedText[], lookup: Lookup): Promise<DesiredState> {
  const names = new Names(lookup);
  const { state, problems } = await parseAll(texts, names, read);
  if (problems.length > 0) raise(inOrder((await parseAll(texts, names, readLocated)).problems, texts));
  return state;
}

const read: Read = async (file, text) => {
  const json = readJson(file, text);
  return json === undefined ? readYaml(file, text) : [json];
};

/** JSON has positions when it is read as YAML, unless it is too large for that. */
const readLocated: Read = async (file, text) => {
  const json = readJson(file, text);
  const yaml = readYaml(file, text);
  return json === undefined ? yaml : yaml.catch(() => [json]);
};

/** The parser of YAML is loaded for those texts only that need it. */
const readYaml: Read = async (file, text) => (await import('./formats/yaml.js')).readYaml(file, text);

async function parseAll(texts: readonly NamedText[], names: Names, read: Read) {
  const problems: Problem[] = [];
  const conversions: Conversion[] = [];
  for (const text of texts) {
    // A file that cannot be read does not keep the others from being checked.
    conversions.push(...(await conversionsOf(text, names, read).catch(collectInto(problems))));
  }
  let { state, found } = convert(conversions);
  // A conversion may find more names, such as ports that only a known host asks for.
  while (await names.lookUp()) ({ state, found } = convert(conversions));
  return { state, problems: [...problems, ...found] };
}

const collectInto =
  (problems: Problem[]) =>
  (error: unknown): [] => {
    if (!(error instanceof DocumentError)) throw error;
    for (const problem of error.problems) problems.push(problem);
    return [];
  };

function convert(conversions: readonly Conversion[]): { state: DesiredState; found: Problem[] } {
  const found: Problem[] = [];
  const report: Report = (problem) => void found.push(problem);
  const fragments = conversions.map((conversion) => conversion(report));
  return { state: mergeFragments(fragments, report), found };
}

/** By file in the given order, and by position within each. */
function inOrder(problems: readonly Problem[], texts: readonly NamedText[]): Problem[] {
  const files = new Map(texts.map(({ file }, index) => [file, index]));
  return problems.toSorted(
    (a, b) =>
      (files.get(a.file) ?? 0) - (files.get(b.file) ?? 0) ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0),
  );
}

async function conversionsOf({ file, text }: NamedText, names: Names, read: Read): Promise<Conversion[]> {
  if (looksLikeRules(text)) {
    const { convertRules } = await import('./formats/rules.js');
    return [(report) => convertRules(file, text, names, report)];
  }
  const sources = (await read(file, text)).filter(({ value }) => value !== undefined);
  if (sources.length === 0) throw new DocumentError([{ file, text: EMPTY }]);
  const conversions: Conversion[] = [];
  for (const source of sources) {
    const value = await validated(source);
    conversions.push((report) => convertDocument(value, source, names, report));
  }
  return conversions;
}

/** Rules begin with an option, which no YAML document with keys in it does. */
function looksLikeRules(text: string): boolean {
  for (const [line] of text.matchAll(/.+/g)) {
    const [first] = splitRule(line);
    if (first !== undefined) return /^--?[a-z]/i.test(first);
  }
  return false;
}

const EMPTY = 'empty; a document has services, timeouts or sync (services: [] for a table without services)';

/** @throws DocumentError */
async function validated(source: Source): Promise<DocumentValue> {
  if (!document.fits(source.value)) throw await invalid(source);
  const { services, timeouts, sync } = source.value;
  if (!services && !timeouts && !sync) throw new DocumentError([{ ...source.locate([]), text: EMPTY }]);
  return source.value;
}

/** zod is loaded only to explain what does not fit. */
const invalid = async (source: Source): Promise<DocumentError> =>
  (await import('./schema-errors.js')).schemaError(source);
