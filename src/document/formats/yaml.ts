/** YAML documents, of which JSON is a part, by js-yaml: their values at once, the positions of parts on demand. */
import { constructFromEvents, EVENT_ID, type Event, parseEvents, YAMLException } from 'js-yaml';
import { DocumentError } from '../../errors.js';
import { formatPath, type Location, type Source } from '../location.js';
import { checkValues, MAX_DEPTH, TOO_DEEP, type ValueLimit, yamlValues } from './bounds.js';
import { checkNodes, NodeFinder } from './yaml-nodes.js';

/**
 * The documents in a text.
 * @throws DocumentError
 */
export function readYaml(file: string, text: string, limit: ValueLimit = yamlValues): Source[] {
  checkValues(file, text, valuesIn(text), limit, 'too many for YAML; write it as JSON, or as several files');
  const lines = new Lines(file, text);
  const parse = () => read(lines, () => parseEvents(text, { maxDepth: MAX_DEPTH }));
  const check = (events: readonly Event[]): void =>
    checkNodes(events, text, (offset, problem) => {
      throw new DocumentError([{ ...lines.locationOf(offset), text: problem }]);
    });
  const values = valuesOf(lines, parse(), text, check);
  // Parsed again: events that are kept would take several times the memory of the values.
  let finder: NodeFinder | undefined;
  const offsetOf: NodeFinder['offsetOf'] = (...place) => {
    finder ??= new NodeFinder(parse(), text);
    return finder.offsetOf(...place);
  };
  return values.map((value, index) => ({
    value: value ?? undefined,
    locate: (path, what) => ({
      ...lines.locationOf(offsetOf(index, path, what)),
      path: formatPath(path),
    }),
  }));
}

/** Documents in one text. */
const MAX_DOCUMENTS = 10_000;

function valuesOf(
  lines: Lines,
  events: Event[],
  text: string,
  check: (events: readonly Event[]) => void,
): unknown[] {
  if (events.filter(({ type }) => type === EVENT_ID.DOCUMENT).length > MAX_DOCUMENTS) {
    throw new DocumentError([{ file: lines.file, text: `more than ${MAX_DOCUMENTS} documents` }]);
  }
  // js-yaml follows every alias, however large the value gets.
  if (events.some(({ type }) => type === EVENT_ID.ALIAS)) check(events);
  return read(lines, () => {
    try {
      return constructFromEvents(events, { source: text });
    } catch (error) {
      // Keys are checked there as well, and their problems have the positions of whole keys.
      check(events);
      throw error;
    }
  });
}

/** What `parse` returns. @throws DocumentError for an exception of js-yaml */
function read<T>(lines: Lines, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const { reason, mark } = error;
    throw new DocumentError([{ ...lines.locationOf(mark?.position ?? 0), text: wording(reason) }]);
  }
}

/** js-yaml's text, if it is clear. */
function wording(reason: string): string {
  if (reason.startsWith('nesting exceeded')) return TOO_DEEP;
  if (reason.startsWith('tab characters')) return 'a tab; YAML indents with spaces';
  return reason.replace(/^unknown \w+ tag !<(.*)>$/, 'Unresolved tag: $1');
}

/** Upper bound of the values in a YAML text: each has an indicator before it, a document that is a word the end of the last one. */
function valuesIn(text: string): number {
  let values = 1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === COMMA || code === OPEN_LIST || code === OPEN_OBJECT) values++;
    // js-yaml puts a string with quotes in it together piece by piece.
    else if (code === SINGLE_QUOTE && text.charCodeAt(at + 1) === SINGLE_QUOTE) values++;
    else if (code === DASH || code === COLON || code === QUESTION || code === DOT) {
      // In front of a value only; dashes, colons and dots within words, of which addresses have many, are none.
      const next = text.charCodeAt(at + 1);
      const jsonKey = code === COLON && JSON_KEY_END.includes(text.charAt(at - 1));
      if (jsonKey || !(next > BLANK)) values++;
    }
  }
  return values;
}

const BLANK = 0x20;
const SINGLE_QUOTE = 0x27;
const COMMA = 0x2c;
const DASH = 0x2d;
const DOT = 0x2e;
const COLON = 0x3a;
const QUESTION = 0x3f;
const OPEN_LIST = 0x5b;
const OPEN_OBJECT = 0x7b;
/** In flow notation a colon may follow these at once. */
const JSON_KEY_END = '"\'}]';

/** The lines of a file, which are counted when a problem is reported. */
class Lines {
  constructor(
    readonly file: string,
    private readonly text: string,
  ) {}

  locationOf(offset: number): Location {
    let line = 1;
    let start = 0;
    for (let end = this.text.indexOf('\n'); end >= 0 && end < offset; end = this.text.indexOf('\n', start)) {
      line++;
      start = end + 1;
    }
    return { file: this.file, line, column: offset - start + 1 };
  }
}
