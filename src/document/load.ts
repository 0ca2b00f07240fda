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
import { type DocumentValue, document } from './schema.js';

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
type Read = (text: NamedText) => Promise<Source[]>;

/** Converts a document; parts with names that have not been looked up yet are left out. */
type Conversion = (report: Report) => Fragment;

/** The documents of a text. */
interface ReadText {
  readonly text: NamedText;
  readonly conversions: readonly Conversion[];
  /** Whether they say the same to every director. */
  readonly isCommon: boolean;
}

/**
 * The desired state that texts describe together; each is YAML, JSON, or rules as `-S` writes them.
 * @param lookup without it, services and servers with names are checked and left out
 * @param director whom they are for (default: one without labels and variables)
 * @throws DocumentError
 */
export const parseDocuments = (
  texts: readonly NamedText[],
  lookup?: Lookup,
  director: Director = noDirector,
): Promise<DesiredState> => new DocumentSet(texts, lookup).stateFor(director);

/** Texts that are for one director or several: each is read once, and converted once if it says the same to all. */
export class DocumentSet {
  private readonly names: Names;
  private readonly sources = new Map<NamedText, Promise<Source[]>>();
  private readonly common = new Map<NamedText, readonly Fragment[]>();

  /** @param lookup as {@link parseDocuments} takes it */
  constructor(
    private readonly texts: readonly NamedText[],
    lookup?: Lookup,
  ) {
    this.names = new Names(lookup);
  }

  /** @throws DocumentError */
  async stateFor(director: Director): Promise<DesiredState> {
    const { texts } = this;
    const { state, problems } = await this.parse(this.readOnce, director);
    if (problems.isEmpty) return state;
    if (!texts.some(({ text }) => looksLikeJson(text))) throw problems.error(texts.map(({ file }) => file));
    const located = await this.parse(readLocated, director);
    throw located.problems.error(texts.map(({ file }) => file));
  }

  private readonly readOnce: Read = (text) => {
    const sources = this.sources.get(text) ?? read(text);
    this.sources.set(text, sources);
    return sources;
  };

  private async parse(read: Read, director: Director) {
    const unread = new ProblemList();
    const readTexts: ReadText[] = [];
    // A file that cannot be read does not keep the others from being checked.
    for (const text of this.texts) readTexts.push(await this.conversionsOf(text, read, unread, director));
    let { state, problems, fragments } = convert(readTexts, unread);
    // A conversion may find more names, such as ports that only a known host asks for.
    while (await this.names.lookUp()) ({ state, problems, fragments } = convert(readTexts, unread));
    if (problems.isEmpty)
      for (const [index, { text, isCommon }] of readTexts.entries())
        if (isCommon) this.common.set(text, fragments[index] ?? []);
    return { state, problems };
  }

  private async conversionsOf(
    text: NamedText,
    read: Read,
    problems: ProblemList,
    director: Director,
  ): Promise<ReadText> {
    // Those that were read before have no positions of JSON.
    const known = read === this.readOnce ? this.common.get(text) : undefined;
    if (known !== undefined)
      return { text, conversions: known.map((fragment) => () => fragment), isCommon: true };
    try {
      if (text.isRules || looksLikeRules(text.text)) {
        const { convertRules } = await import('./formats/rules.js');
        const conversion: Conversion = (report) => convertRules(text.file, text.text, this.names, report);
        return { text, conversions: [conversion], isCommon: true };
      }
      return await documentConversions(text, this.names, read, problems, director);
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error;
      problems.add(error);
      return { text, conversions: [], isCommon: false };
    }
  }
}

const read: Read = async (text) => {
  const json = readJson(text.file, text.text);
  return json === undefined ? readYaml(text) : [json];
};

/** JSON has positions when it is read as YAML, unless it is too large for that. */
const readLocated: Read = async ({ file, text }) => {
  const json = readJson(file, text);
  if (json === undefined) return readYaml({ file, text });
  const yaml = await import('./formats/yaml.js');
  try {
    return yaml.readYaml(file, text, positionValues);
  } catch {
    return [json];
  }
};

/** The parser of YAML is loaded for those texts only that need it. */
const readYaml: Read = async ({ file, text }) => (await import('./formats/yaml.js')).readYaml(file, text);

function convert(texts: readonly ReadText[], unread: ProblemList) {
  const problems = unread.copy();
  const fragments = texts.map(({ conversions }) =>
    conversions.map((conversion) => conversion(problems.report)),
  );
  return { state: mergeFragments(fragments.flat(), problems.report), problems, fragments };
}

/** @throws DocumentError for a text that cannot be read, or without documents */
async function documentConversions(
  named: NamedText,
  names: Names,
  read: Read,
  problems: ProblemList,
  director: Director,
): Promise<ReadText> {
  const { file, text } = named;
  const written = (await read(named)).filter(({ value }) => value !== undefined);
  const hasVariables = text.includes('${');
  const sources = hasVariables
    ? written.flatMap((source) => withVariables(source, director, problems.report) ?? [])
    : written;
  if (written.length === 0) throw new DocumentError([{ file, text: EMPTY }]);
  const conversions: Conversion[] = [];
  let isCommon = !hasVariables;
  for (const source of sources) {
    const fits = document.fits(source.value);
    if (!fits) await reportMisfits(source, problems);
    const value = fits ? source.value : document.fitting(source.value);
    if (value === undefined) continue;
    isCommon &&= !namesDirectors(value);
    if (!value.services && !value.timeouts && !value.sync && !value.settings) {
      problems.report(() => ({ ...source.locate([]), text: EMPTY }));
    } else conversions.push((report) => convertDocument(value, source, names, report, director));
  }
  return { text: named, conversions, isCommon };
}

/** Whether a document, or a part of it, is for some directors. */
const namesDirectors = ({ only, sync, services = [] }: DocumentValue): boolean =>
  only !== undefined || sync?.peers !== undefined || services.some((service) => service.only !== undefined);

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
