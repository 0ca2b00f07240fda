/** From files to desired state: everything is read, understood and looked up before anything is touched. */
import { DocumentError, type Problem } from '../errors.js';
import type { DesiredState } from '../model/state.js';
import { convertDocument } from './convert.js';
import { quickSource } from './formats/fast-parse.js';
import type { Part, Report } from './fragment.js';
import { raise, type Source } from './location.js';
import { looksLikeRules } from './looks.js';
import { mergeParts } from './merge.js';
import { type Lookup, Names } from './names.js';
import { type DocumentValue, document } from './schema.js';

/** A text and the name of the file it is from. */
export interface NamedText {
  readonly file: string;
  readonly text: string;
}

/** Makes a part, as far as the names that are known allow. */
type Reading = (report: Report) => Part;

/** The documents in a text. @throws DocumentError */
type Parse = (file: string, text: string) => Promise<Source[]>;

/**
 * The desired state that texts describe together; each is YAML, JSON, or rules as `-S` writes them.
 * @throws DocumentError with every problem that was found
 */
export async function parseDocuments(texts: readonly NamedText[], lookup: Lookup): Promise<DesiredState> {
  const names = new Names(lookup);
  const quick = await understand(texts, names, parseQuickly);
  if (quick.problems.length === 0) return quick.state;
  // The quick ways know no places; what is wrong is worth reading everything once more.
  const { state, problems } = await understand(texts, names, parseWithPlaces);
  raise(inOrder(problems, texts));
  return state;
}

const parseQuickly: Parse = async (file, text) => quickSource(file, text) ?? parseYaml(file, text);

/** A text that is too much for the slow parser and not for a quick one keeps its problems, without their places. */
const parseWithPlaces: Parse = async (file, text) => {
  try {
    return await parseYaml(file, text);
  } catch (error) {
    const quick = quickSource(file, text);
    if (quick === undefined) throw error;
    return quick;
  }
};

/** The YAML parser is a large one, and is loaded for those texts only that need it. */
const parseYaml: Parse = async (file, text) => (await import('./formats/yaml.js')).parseSource(file, text);

async function understand(texts: readonly NamedText[], names: Names, parse: Parse) {
  const problems: Problem[] = [];
  const readings: Reading[] = [];
  for (const text of texts) readings.push(...(await collect(problems, () => readingsOf(text, names, parse))));
  let { state, found } = convert(readings);
  // A conversion finds out which names there are; a service's name hides its servers' until it is known.
  while (await names.lookUp()) ({ state, found } = convert(readings));
  return { state, problems: [...problems, ...found] };
}

function convert(readings: readonly Reading[]): { state: DesiredState; found: Problem[] } {
  const found: Problem[] = [];
  const report: Report = (problem) => void found.push(problem);
  const state = mergeParts(
    readings.map((reading) => reading(report)),
    report,
  );
  return { state, found };
}

/** By file as they were given, and by place within each. */
function inOrder(problems: readonly Problem[], texts: readonly NamedText[]): Problem[] {
  const files = new Map(texts.map(({ file }, index) => [file, index]));
  const rank = ({ file, line = 0, column = 0 }: Problem) => [files.get(file) ?? 0, line, column] as const;
  return problems.toSorted((a, b) => {
    const [left, right] = [rank(a), rank(b)];
    return left[0] - right[0] || left[1] - right[1] || left[2] - right[2];
  });
}

/** A file that makes no sense does not keep the others from being looked at. */
async function collect(problems: Problem[], read: () => Promise<Reading[]>): Promise<Reading[]> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    problems.push(...error.problems);
    return [];
  }
}

async function readingsOf({ file, text }: NamedText, names: Names, parse: Parse): Promise<Reading[]> {
  if (looksLikeRules(text)) {
    const { rulesPart } = await import('./formats/rules.js');
    return [(report) => rulesPart(file, text, names, report)];
  }
  const sources = (await parse(file, text)).filter(({ value }) => value !== undefined);
  if (sources.length === 0) throw new DocumentError([{ file, text: EMPTY }]);
  const readings: Reading[] = [];
  for (const source of sources) {
    const value = await validated(source);
    readings.push((report) => convertDocument(value, source, names, report));
  }
  return readings;
}

const EMPTY = 'empty; a document has services, timeouts or sync (services: [] for a table without services)';

async function validated(source: Source): Promise<DocumentValue> {
  const value = document.fits(source.value) ? (source.value as DocumentValue) : await explained(source);
  const { services, timeouts, sync } = value;
  if (!services && !timeouts && !sync) throw new DocumentError([{ ...source.locate([]), text: EMPTY }]);
  return value;
}

/** What does not fit is told by zod, which is loaded only for that. */
const explained = async (source: Source): Promise<DocumentValue> => (await import('./zod.js')).parse(source);
