/** From files to desired state: everything is read, understood and looked up before anything is touched. */
import { DocumentError, type Problem } from '../errors.js';
import type { DesiredState } from '../model/state.js';
import { convertDocument } from './convert.js';
import { mergeParts } from './merge.js';
import { type Lookup, Names } from './names.js';
import type { Part, Report } from './part.js';
import { raise, type Source } from './place.js';
import { schemaProblems } from './problems.js';
import { looksLikeRules, rulesPart } from './rules.js';
import { type DocumentValue, document } from './schema.js';
import { parseSource } from './source.js';

/** A text and the name of the file it is from. */
export interface NamedText {
  readonly file: string;
  readonly text: string;
}

/** Makes a part, as far as the names that are known allow. */
type Reading = (report: Report) => Part;

/**
 * The desired state that texts describe together; each is YAML, JSON, or rules as `-S` writes them.
 * @throws DocumentError with every problem that was found
 */
export async function parseDocuments(texts: readonly NamedText[], lookup: Lookup): Promise<DesiredState> {
  const names = new Names(lookup);
  const problems: Problem[] = [];
  const readings = texts.flatMap((text) => collect(problems, () => readingsOf(text, names)));
  let { state, found } = convert(readings);
  // A conversion finds out which names there are; a service's name hides its servers' until it is known.
  while (await names.lookUp()) ({ state, found } = convert(readings));
  raise(inOrder([...problems, ...found], texts));
  return state;
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
function collect(problems: Problem[], read: () => Reading[]): Reading[] {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    problems.push(...error.problems);
    return [];
  }
}

function readingsOf({ file, text }: NamedText, names: Names): Reading[] {
  if (looksLikeRules(text)) return [(report) => rulesPart(file, text, names, report)];
  const sources = parseSource(file, text).filter(({ value }) => value !== undefined);
  if (sources.length === 0) throw new DocumentError([{ file, text: EMPTY }]);
  return sources.map((source) => {
    const value = validated(source);
    return (report) => convertDocument(value, source, names, report);
  });
}

const EMPTY = 'empty; a document has services, timeouts or sync (services: [] for a table without services)';

function validated(source: Source): DocumentValue {
  const result = document.safeParse(source.value);
  if (!result.success) {
    throw new DocumentError(schemaProblems(source, result.error.issues) as [Problem, ...Problem[]]);
  }
  const { services, timeouts, sync } = result.data;
  if (!services && !timeouts && !sync) throw new DocumentError([{ ...source.locate([]), text: EMPTY }]);
  return result.data;
}
