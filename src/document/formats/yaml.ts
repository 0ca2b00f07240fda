/** YAML documents, of which JSON is a part, by js-yaml: their values at once, the positions of parts on demand. */
import { constructFromEvents, EVENT_ID, type Event, parseEvents, YAMLException } from 'js-yaml';
import { DocumentError } from '../../errors.js';
import { formatPath, type Location, type Source } from '../location.js';
import { composeNodes, type Node, offsetOf } from './yaml-nodes.js';

/** js-yaml holds some 100 bytes for each value while it reads. Larger tables are for JSON. */
const MAX_VALUES = 1_000_000;

/**
 * The documents in a text.
 * @throws DocumentError
 */
export function readYaml(file: string, text: string): Source[] {
  if (valuesIn(text) > MAX_VALUES) {
    const problem = `more than ${MAX_VALUES} values, too many for YAML: write it as JSON, or as several files`;
    throw new DocumentError([{ file, text: problem }]);
  }
  const lines = new Lines(file, text);
  let composed: readonly Node[] | undefined;
  const nodes = (): readonly Node[] => {
    composed ??= composeNodes(events, text, (offset, problem) => {
      throw new DocumentError([{ ...lines.locationOf(offset), text: problem }]);
    });
    return composed;
  };
  const events = read(lines, () => parseEvents(text, {}));
  // js-yaml follows every alias, however large the value gets.
  if (events.some(({ type }) => type === EVENT_ID.ALIAS)) nodes();
  const values = read(lines, () => construct(events, text, nodes));
  return values.map((value, index) => ({
    value: value ?? undefined,
    locate: (path, what) => ({
      ...lines.locationOf(offsetOf(nodes()[index], path, what)),
      path: formatPath(path),
    }),
  }));
}

function construct(events: Event[], text: string, nodes: () => unknown): unknown[] {
  try {
    return constructFromEvents(events, { source: text });
  } catch (error) {
    // Keys are checked there as well, and their problems have the positions of whole keys.
    nodes();
    throw error;
  }
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
  if (reason.startsWith('nesting exceeded')) return 'nested too deeply';
  if (reason.startsWith('tab characters')) return 'a tab; YAML indents with spaces';
  return reason.replace(/^unknown \w+ tag !<(.*)>$/, 'Unresolved tag: $1');
}

/** Upper bound of the values in a YAML text: each has an indicator or a line feed before it. */
function valuesIn(text: string): number {
  let values = 0;
  for (let at = 0; at < text.length; at++) {
    const mark = text.charCodeAt(at);
    // : , - [ { and line feed
    if (mark === 58 || mark === 44 || mark === 45 || mark === 91 || mark === 123 || mark === 10) values++;
  }
  return values;
}

/** The lines of a file, which are found when a problem is reported. */
class Lines {
  private starts: number[] | undefined;

  constructor(
    private readonly file: string,
    private readonly text: string,
  ) {}

  locationOf(offset: number): Location {
    this.starts ??= [0, ...Array.from(this.text.matchAll(/\n/g), ({ index }) => index + 1)];
    const line = this.starts.findLastIndex((start) => start <= offset);
    return { file: this.file, line: line + 1, column: offset - (this.starts[line] as number) + 1 };
  }
}
