/**
 * Quick ways to read what programs write: JSON, and the plain YAML of `export`, a hundred times
 * quicker than the YAML parser, which every table of thousands of services would feel. They know no places, and give up
 * at whatever is not plainly theirs.
 */

import { formatPath, type Source } from '../location.js';

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
  let members = 0;
  if (Array.isArray(value)) for (const item of value) members += membersOf(item);
  else for (const key in value) members += 1 + membersOf(value[key as keyof typeof value]);
  return members;
}

/** Members of all objects in a valid JSON text: its colons outside of strings. */
const membersIn = (text: string): number => text.replace(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1;

/**
 * The plain YAML that `export` writes, as a value: blocks by indentation, flow collections of one line, and strings without
 * blanks and escapes. Line by line it becomes JSON, which its own parser reads; undefined for anything else.
 */
export function readPlainYaml(text: string): object | undefined {
  try {
    const json = new PlainYaml().toJson(text.replace(emptyLines, ''));
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** Without content, or with nothing but a comment: no value of plain YAML goes on for more than a line. */
const emptyLines = /^ *(?:#.*)?\n/gm;

/** Words that some reader of YAML takes for something else than a string. */
const reserved: readonly string[] = ['true', 'yes', 'on', 'false', 'no', 'off', 'null', 'nan', 'inf'];

const isWord = (text: string): boolean =>
  /^[a-zA-Z][\w.:/-]*[\w.]$/.test(text) && !reserved.includes(text.toLowerCase());

/** A flow collection or a scalar as JSON; undefined where it is not plain, or a key is there twice. */
function flowToJson(text: string): string | undefined {
  const flow = new Flow(text);
  const json = flow.value();
  return flow.isAtEnd ? json : undefined;
}

class Flow {
  private at = 0;

  constructor(private readonly text: string) {}

  get isAtEnd(): boolean {
    return this.at === this.text.length;
  }

  value(): string | undefined {
    if (this.has('{}')) return '{}';
    if (this.has('[]')) return '[]';
    if (this.has('{')) return this.object();
    if (this.has('[')) return this.list();
    const scalar = this.match(/"[\w.:/[\]-]*"|[\w.:/-]+/y);
    if (scalar === undefined) return undefined;
    if (/^(?:"|(?:0|[1-9]\d{0,14}|true|false)$)/.test(scalar)) return scalar;
    return isWord(scalar) ? `"${scalar}"` : undefined;
  }

  private object(): string | undefined {
    const members = new Map<string, string>();
    this.has(' ');
    do {
      const key = this.match(/[a-zA-Z]\w*(?=: )/y);
      if (key === undefined || members.has(key)) return undefined;
      this.at += 2;
      const value = this.value();
      if (value === undefined) return undefined;
      members.set(key, value);
    } while (this.has(', '));
    const json = Array.from(members, ([key, value]) => `"${key}": ${value}`);
    this.has(' ');
    return this.has('}') ? `{${json.join(', ')}}` : undefined;
  }

  private list(): string | undefined {
    const items: string[] = [];
    do {
      const item = this.value();
      if (item === undefined) return undefined;
      items.push(item);
    } while (this.has(', '));
    return this.has(']') ? `[${items.join(', ')}]` : undefined;
  }

  /** Passes over this text, where it comes next. */
  private has(text: string): boolean {
    const found = this.text.startsWith(text, this.at);
    if (found) this.at += text.length;
    return found;
  }

  /** Passes over what comes next, if it is of this form. */
  private match(form: RegExp): string | undefined {
    form.lastIndex = this.at;
    const [found] = form.exec(this.text) ?? [];
    if (found !== undefined) this.at += found.length;
    return found;
  }
}

/** Indentation, a dash for an item of a list, a key, and a value; a key without one has a block below it. */
const lineForm = /^( *)(- )?(?:([a-zA-Z]\w*):(?: (.+))?|(.+))$/;

/** What a line says by itself. */
interface Line {
  /** Columns before it, and before what follows the dash of an item of a list. */
  readonly indent: number;
  readonly itemIndent: number | undefined;
  readonly key: string | undefined;
  /** Its value in JSON, without the first quoted text, which stands between the two; undefined for a block below. */
  readonly json: readonly [before: string, after: string] | undefined;
}

/** Stands for the first quoted text of a line, whatever it is. */
const SOME_TEXT = '"__"';

function readLine(text: string): Line | undefined {
  const [, blanks = '', dash, name, value, item] = lineForm.exec(text) ?? [];
  if (name === undefined && (dash === undefined || item === undefined)) return undefined;
  const line = {
    indent: blanks.length,
    itemIndent: dash === undefined ? undefined : blanks.length + dash.length,
    key: name,
  };
  const flow = value ?? item;
  if (flow === undefined) return { ...line, json: undefined };
  const [before, after = '', ...more] = flowToJson(flow)?.split(SOME_TEXT) ?? [];
  return before === undefined || more.length > 0 ? undefined : { ...line, json: [before, after] };
}

/** Without these a text in quotes stands for itself; JSON's own parser refuses a line's end in one. */
const escapes = /[^\x20-\x5b\x5d-\x7e\n]/;

interface Block {
  readonly indent: number;
  readonly end: '}' | ']';
  /** That it has so far. */
  readonly keys: string[];
}

/** An item of a list after which others like it may follow: all but the quoted text is the same. */
interface Repetition {
  /** The line before the quotes, and from there to the quotes of the next line. */
  readonly head: string;
  readonly rest: string;
  readonly before: string;
  readonly after: string;
}

/** Blocks that are open while the lines of a text become JSON. */
class PlainYaml {
  private json = '';
  private readonly open: Block[] = [];
  /** Whether a value must come: at the start, and after a key that stands alone. */
  private waiting = true;
  /** Lines by what is theirs but for a quoted text. */
  private readonly lines = new Map<string, Line | undefined>();
  /** What may come again: the servers of a service are many, and nearly all alike. */
  private repetition: Repetition | undefined;

  toJson(text: string): string | undefined {
    if (escapes.test(text)) return undefined;
    const parts = text.trimEnd().split('"');
    let head = this.takeLines(parts[0] ?? '');
    for (let at = 1; at < parts.length && head !== undefined; at += 2) {
      const quoted = parts[at] as string;
      const rest = parts[at + 1];
      const { repetition } = this;
      if (repetition !== undefined && rest === repetition.rest && head === repetition.head) {
        this.json += repetition.before + quoted + repetition.after;
      } else head = rest === undefined ? undefined : this.takeQuoted(head, quoted, rest);
    }
    if (head === undefined || !this.take(head) || this.waiting) return undefined;
    this.leave(-1);
    return this.json;
  }

  /** Takes whole lines. @returns the one that is not ended; undefined where something is not plain */
  private takeLines(text: string): string | undefined {
    const lines = text.split('\n');
    const last = lines.pop();
    return lines.every((line) => this.take(line)) ? last : undefined;
  }

  /** Takes the line with this quoted text, and those after it up to the next. */
  private takeQuoted(head: string, quoted: string, rest: string): string | undefined {
    const end = rest.indexOf('\n');
    // Another one in the same line, or the end of the text.
    if (end < 0) return `${head}"${quoted}"${rest}`;
    const tail = rest.slice(0, end);
    if (!this.take(head + SOME_TEXT + tail, quoted)) return undefined;
    const { repetition } = this;
    if (repetition) this.repetition = { ...repetition, head, rest: `${tail}\n${head}` };
    return rest === this.repetition?.rest ? head : this.takeLines(rest.slice(end + 1));
  }

  /** Takes a line, in which SOME_TEXT stands for `quoted`. @returns whether it can come here */
  private take(text: string, quoted?: string): boolean {
    this.repetition = undefined;
    const line = this.lineLike(text);
    if (line === undefined || (quoted === undefined && text.includes(SOME_TEXT))) return false;
    const { indent, itemIndent, key, json } = line;
    if (itemIndent !== undefined) {
      if (!this.enter(indent, ']')) return false;
      this.waiting = true;
    }
    if (key !== undefined) {
      if (!this.enter(itemIndent ?? indent, '}', key)) return false;
      this.json += `"${key}": `;
    }
    this.waiting = json === undefined;
    if (json === undefined) return true;
    const [before, after] = quoted === undefined ? json : [`${json[0]}"`, `"${json[1]}`];
    this.json += before + (quoted ?? '') + after;
    if (quoted !== undefined && key === undefined) {
      this.repetition = { head: '', rest: '', before: `, ${before}`, after };
    }
    return true;
  }

  private lineLike(text: string): Line | undefined {
    const known = this.lines.get(text);
    if (known !== undefined) return known;
    const line = readLine(text);
    this.lines.set(text, line);
    return line;
  }

  /** Comes to the block of this indentation, for its next member. @returns whether there can be one */
  private enter(indent: number, end: Block['end'], key?: string): boolean {
    if (this.waiting) {
      if (indent <= (this.open.at(-1)?.indent ?? -1)) return false;
      this.open.push({ indent, end, keys: key === undefined ? [] : [key] });
      this.json += end === '}' ? '{' : '[';
      return true;
    }
    this.leave(indent);
    const block = this.open.at(-1);
    if (block?.indent !== indent || block.end !== end) return false;
    if (key !== undefined) {
      if (block.keys.includes(key)) return false;
      block.keys.push(key);
    }
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
