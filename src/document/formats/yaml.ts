/** The text of a document as a value, and the way back: where in the text a part of the value stands. */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  type YAMLMap,
} from 'yaml';
import { DocumentError } from '../../errors.js';
import { formatPath, type Path, type Place, raise, type Source } from '../location.js';

/**
 * The YAML parser builds some 2 KiB for each value. A table that needs more of them belongs into JSON, which is read a
 * hundred times faster.
 */
const YAML_VALUES = 1_000_000;

/** Values that a document holds when every alias is replaced by what it stands for: above it somebody is joking. */
const EXPANDED_VALUES = 5_000_000;

/**
 * The documents in a text that is YAML, of which JSON is a part.
 * @throws DocumentError
 */
export function parseSource(file: string, text: string): Source[] {
  const lines = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  if (valuesIn(text) > YAML_VALUES) {
    throw new DocumentError([
      {
        file,
        text: `more than ${YAML_VALUES} values, too many for YAML: write it as JSON, or as several files`,
      },
    ]);
  }
  const documents = parse(file, text, lines);
  const problems = documents.flatMap(({ errors, warnings }) =>
    [...errors, ...warnings].map(({ message, pos }) => ({ ...placeAt(pos[0]), text: wording(message) })),
  );
  raise(problems);
  return documents.map((document) => {
    const values = new Values(placeAt);
    const root = document.contents;
    return {
      value: root === null ? undefined : values.of(root),
      locate: (path, what) => ({ ...placeAt(values.offset(root, path, what)), path: formatPath(path) }),
    };
  });
}

function parse(file: string, text: string, lineCounter: LineCounter): Document.Parsed[] {
  try {
    const documents = parseAllDocuments(text, {
      lineCounter,
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: true,
      version: '1.2',
      logLevel: 'error',
    });
    return 'empty' in documents ? [] : documents;
  } catch (error) {
    if (error instanceof RangeError) throw new DocumentError([{ file, text: TOO_DEEP }]);
    throw error;
  }
}

const TOO_DEEP = 'nested too deeply';

/** Upper bound of the values in a YAML text: each has a mark before it. */
function valuesIn(text: string): number {
  let values = 0;
  for (let at = 0; at < text.length; at++) {
    const mark = text.charCodeAt(at);
    // : , - [ { and line feed
    if (mark === 58 || mark === 44 || mark === 45 || mark === 91 || mark === 123 || mark === 10) values++;
  }
  return values;
}

/** The parser's own words where they are clear; its internals and its API are not for administrators. */
function wording(message: string): string {
  if (message.includes('call stack')) return TOO_DEEP;
  if (message.startsWith('Map keys must be unique')) return 'the key stands here a second time';
  if (message.includes('all keys must be strings')) return 'a key must be a string';
  if (message.startsWith('Tabs are not allowed')) return 'a tab; YAML indents with spaces';
  return message.split('\n', 1)[0] ?? message;
}

/** Makes plain values of nodes. Aliases share the value of their anchor, and their size is counted, not copied. */
class Values {
  private readonly sizes = new Map<Node, number>();
  private readonly values = new Map<Node, unknown>();
  /** The node that each anchor names at this point of the text; a later one of the same name replaces it. */
  private readonly anchors = new Map<string, Node>();
  private readonly targets = new Map<Alias, Node>();

  constructor(private readonly placeAt: (offset: number) => Place) {}

  of(node: Node): unknown {
    if ('anchor' in node && node.anchor) this.anchors.set(node.anchor, node);
    if (isAlias(node)) return this.follow(node);
    if (isMap(node)) return this.remember(node, () => this.map(node));
    if (isSeq(node)) {
      return this.remember(node, () => {
        const values = node.items.map((item) => this.of(item as Node));
        return { value: values, size: this.total(node.items as Node[]) };
      });
    }
    return isScalar(node) ? node.value : undefined;
  }

  private map(node: YAMLMap): { value: object; size: number } {
    // Without a prototype, `__proto__` is a key like any other, and unknown like any other.
    const value: Record<string, unknown> = Object.create(null);
    for (const { key, value: child } of node.items) {
      value[String(isScalar(key) ? key.value : key)] = child === null ? null : this.of(child as Node);
    }
    return { value, size: this.total(node.items.map(({ value: child }) => child as Node)) };
  }

  private remember(node: Node, make: () => { value: unknown; size: number }): unknown {
    this.values.set(node, PENDING);
    const { value, size } = make();
    this.values.set(node, value);
    this.sizes.set(node, size);
    if (size > EXPANDED_VALUES) this.fail(node, 'aliases that expand to too many values');
    return value;
  }

  private follow(alias: Alias): unknown {
    const target = this.anchors.get(alias.source);
    if (target === undefined) this.fail(alias, `*${alias.source} has no anchor before it`);
    this.targets.set(alias, target);
    const value = isScalar(target) ? target.value : this.values.get(target);
    if (value === PENDING) this.fail(alias, `*${alias.source} stands inside of what it stands for`);
    this.sizes.set(alias, this.sizes.get(target) ?? 1);
    return value;
  }

  /** Offset of the value at `path`, or of its key, or of the nearest thing around it that exists. */
  offset(root: unknown, path: Path, what: 'value' | 'key' = 'value'): number {
    let node = root;
    let offset = start(node) ?? 0;
    for (const [index, step] of path.entries()) {
      if (isAlias(node)) node = this.targets.get(node);
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
        if (pair === undefined) return offset;
        node = pair.value;
        const keyMeant = what === 'key' && index === path.length - 1;
        offset = (keyMeant ? undefined : start(node)) ?? start(pair.key) ?? offset;
      } else if (isSeq(node) && typeof step === 'number') {
        node = node.items[step];
        offset = start(node) ?? offset;
      } else return offset;
    }
    return offset;
  }

  private total(nodes: readonly Node[]): number {
    let size = 1;
    for (const node of nodes) size += this.sizes.get(node) ?? 1;
    return size;
  }

  private fail(node: Node, text: string): never {
    throw new DocumentError([{ ...this.placeAt(node.range?.[0] ?? 0), text }]);
  }
}

const PENDING = Symbol('a value that is being made');

const start = (node: unknown): number | undefined => (node as Node | null | undefined)?.range?.[0];
