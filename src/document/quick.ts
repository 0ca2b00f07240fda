/**
 * Quick ways to read what programs write: JSON, and the plain YAML of `export`, a hundred times
 * quicker than the YAML parser, which every table of thousands of services would feel. They know no places, and give up
 * at whatever is not plainly theirs.
 */

import { formatPath, type Source } from './place.js';

/** The one document in a text that a program wrote; it knows paths, and no lines. */
export function quickSource(file: string, text: string): Source[] | undefined {
  const value = readJson(text) ?? readPlainYaml(text);
  return value && [{ value, locate: (path) => ({ file, path: formatPath(path) }) }];
}

/** An object in JSON in which no key is there twice; undefined for anything else. */
export function readJson(text: string): object | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const value: object = JSON.parse(text);
    return isWrittenSo(text, value) || membersOf(value) === membersIn(text) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the text is just what most programs write of the value: then no key was there twice. */
function isWrittenSo(text: string, value: object): boolean {
  const written = text.trimEnd();
  return written === JSON.stringify(value, null, 2) || written === JSON.stringify(value);
}

/** Members of all objects in a value. `JSON.parse` keeps the last of several that have one key. */
function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const values = Object.values(value);
  let members = Array.isArray(value) ? 0 : values.length;
  for (const each of values) members += membersOf(each);
  return members;
}

/** Members of all objects in a valid JSON text: its colons outside of strings. */
function membersIn(text: string): number {
  let members = 0;
  for (const token of text.matchAll(/"(?:[^"\\]|\\.)*"|:/g)) if (token[0] === ':') members++;
  return members;
}

/**
 * The plain YAML that `export` writes, as a value: blocks by indentation, flow collections of one line, and strings without
 * blanks and escapes. Line by line it becomes JSON, which its own parser reads; undefined for anything else.
 */
export function readPlainYaml(text: string): object | undefined {
  const json = new PlainYaml().toJson(text);
  if (json === undefined) return undefined;
  try {
    const value: object = JSON.parse(json);
    return membersOf(value) === json.split('": ').length - 1 ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Words that some reader of YAML takes for something else than a string. */
const reserved = ['true', 'yes', 'on', 'false', 'no', 'off', 'null', 'nan', 'inf'].map(inAnyCase).join('|');
const word = `(?!(?:${reserved})(?![\\w.:/-]))[a-zA-Z][\\w.:/-]*[\\w.]`;
const scalar = `(?:"[\\w.:/[\\]-]*"|(?:0|[1-9]\\d{0,14})|true(?!\\w)|false(?!\\w)|${word})`;
const key = '[a-zA-Z]\\w*';

function inAnyCase(text: string): string {
  return text.replace(/./g, (letter) => `[${letter}${letter.toUpperCase()}]`);
}

/** A scalar, or a collection whose members are of the level below. */
const collection = (member: string): string =>
  `(?:${scalar}|\\{\\}|\\[\\]|\\{ ${key}: ${member}(?:, ${key}: ${member})* \\}|\\[${member}(?:, ${member})*\\])`;

/** A server in its list has a tunnel, which has settings: nothing is nested deeper. */
const flow = collection(collection(scalar));

/** Indentation, a dash for an item of a list, a key, and a value; a key without one has a block below it. */
const lineForm = new RegExp(`^( *)(- )?(?:(${key}):(?: (${flow}))?|(${flow}))$`);

const keys = new RegExp(`\\b(${key}): `, 'g');
/** The first member of a list stands behind its bracket; a bracket in a string has something before it. */
const words = /(^|: |, |(?<![^ ])\[)(?!(?:true|false)(?![\w.:/-]))([a-zA-Z][\w.:/-]*)/g;

/** Flow collections and scalars as JSON. Keys are quoted first, and are then no words any more. */
const flowToJson = (text: string): string => text.replace(keys, '"$1": ').replace(words, '$1"$2"');

interface Block {
  readonly indent: number;
  readonly end: '}' | ']';
}

/** Blocks that are open while the lines of a text become JSON. */
class PlainYaml {
  private json = '';
  private readonly open: Block[] = [];
  /** Whether a value must come: at the start, and after a key that stands alone. */
  private waiting = true;

  toJson(text: string): string | undefined {
    for (const line of text.trimEnd().split('\n')) {
      const [, blanks = '', dash, name, value, item] = lineForm.exec(line) ?? [];
      if (name === undefined && (dash === undefined || item === undefined)) return undefined;
      let indent = blanks.length;
      if (dash !== undefined) {
        if (!this.enter(indent, ']')) return undefined;
        indent += dash.length;
        this.waiting = true;
      }
      if (name === undefined) this.put(flowToJson(item ?? ''));
      else {
        if (!this.enter(indent, '}')) return undefined;
        this.put(`"${name}": `);
        if (value === undefined) this.waiting = true;
        else this.put(flowToJson(value));
      }
    }
    if (this.waiting) return undefined;
    this.leave(-1);
    return this.json;
  }

  private put(json: string): void {
    this.json += json;
    this.waiting = false;
  }

  /** Comes to the block of this indentation, for its next member. @returns whether there can be one */
  private enter(indent: number, end: Block['end']): boolean {
    if (this.waiting) {
      if (indent <= (this.open.at(-1)?.indent ?? -1)) return false;
      this.open.push({ indent, end });
      this.json += end === '}' ? '{' : '[';
      return true;
    }
    this.leave(indent);
    const block = this.open.at(-1);
    if (block?.indent !== indent || block.end !== end) return false;
    this.json += ', ';
    return true;
  }

  /** Closes the blocks that are deeper. */
  private leave(indent: number): void {
    for (let last = this.open.at(-1); last !== undefined && last.indent > indent; last = this.open.at(-1)) {
      this.json += last.end;
      this.open.pop();
    }
  }
}
