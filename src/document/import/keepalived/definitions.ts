/** Definitions (`$NAME=value`), sequences (`~SEQ`) and conditions (`@name`) of a keepalived.conf, put into its lines. */
import { dirname } from 'node:path';
import { DocumentError } from '../../../errors.js';
import { quoted } from '../../../foreign-text.js';
import type { Place, Remark } from '../setting.js';
import type { Line } from './lines.js';

/** Definitions may refer to each other, so that few lines could expand to any number of them. */
const MOST_STEPS = 500_000;
const MOST_CHARACTERS = 16 * 1024 * 1024;
const LONGEST_LINE = 65_536;
const DEEPEST = 32;
const MOST_REPLACEMENTS = 1000;

const definition = /^\$([A-Za-z_]\w*)=(.*)$/;

export interface Expanded {
  readonly lines: readonly Line[];
  readonly remarks: readonly Remark[];
}

/** @throws DocumentError for lines that expand to too much, and sequences without sense */
export function expand(lines: readonly Line[]): Expanded {
  const expansion = new Expansion();
  for (let at = 0; at < lines.length; at++) {
    const { text, ...place } = lines[at] as Line;
    const parts = [text.trim()];
    // A definition goes on while its lines end with a backslash.
    if (definition.test(text.trim())) {
      while (parts.at(-1)?.endsWith('\\') && at + 1 < lines.length) {
        parts.push(parts.pop()?.slice(0, -1).trim() ?? '', lines[++at]?.text.trim() ?? '');
      }
    }
    expansion.add(parts, place);
  }
  return expansion;
}

class Expansion implements Expanded {
  readonly lines: Line[] = [];
  readonly remarks: Remark[] = [];
  private readonly values = new Map<string, readonly string[]>([
    ['_HASH', ['#']],
    ['_BANG', ['!']],
  ]);
  private steps = 0;
  private characters = 0;

  /** A line, or the lines of a definition. */
  add([first = '', ...more]: readonly string[], place: Place): void {
    const [, name, value = ''] = definition.exec(first) ?? [];
    if (name === undefined) this.line(first, place, 0);
    else this.values.set(name, more.length > 0 && value === '' ? more : [value, ...more]);
  }

  private line(text: string, place: Place, depth: number): void {
    this.steps++;
    if (depth > DEEPEST || this.steps > MOST_STEPS || text.length > LONGEST_LINE) {
      throw failure(place, 'the definitions here expand to too many lines, or refer to themselves');
    }
    if (text === '') return;
    if (definition.test(text)) this.add([text], place);
    else if (text.startsWith('@')) this.condition(text, place);
    else if (/^~[A-Z]/.test(text)) this.sequence(text, place, depth);
    else {
      const replaced = this.replaced(text, place);
      if (replaced.length === 1 && replaced[0] === text) this.emit(text, place);
      else for (const each of replaced) this.line(each.trim(), place, depth + 1);
    }
  }

  private emit(text: string, place: Place): void {
    this.characters += text.length;
    if (this.characters > MOST_CHARACTERS) throw failure(place, `more than ${MOST_CHARACTERS} characters`);
    this.lines.push({ ...place, text });
  }

  private condition(text: string, place: Place): void {
    const [word = ''] = text.split(/\s/, 1);
    this.remarks.push({ place, text: `${quoted(word)}: a condition; the line is left out` });
  }

  /** The line with the values of names; several lines if a value has several. */
  private replaced(text: string, place: Place): string[] {
    let rest = text;
    let done = '';
    for (let count = 0; ; count++) {
      const found = /\$(?:\{(\w+)\}|(\w+)(?=\s|$))/.exec(rest);
      if (found === null) return [done + rest];
      const value = this.valueOf(found[1] ?? found[2] ?? '', place);
      const end = found.index + found[0].length;
      if (value === undefined) {
        done += rest.slice(0, end);
        rest = rest.slice(end);
        continue;
      }
      if (count > MOST_REPLACEMENTS || rest.length > LONGEST_LINE) {
        throw failure(place, 'the definitions here refer to themselves, or expand to too much');
      }
      const before = done + rest.slice(0, found.index);
      const [first = '', ...more] = value;
      if (more.length > 0) {
        return [before + first, ...more.slice(0, -1), (more.at(-1) ?? '') + rest.slice(end)];
      }
      done = before;
      rest = first + rest.slice(end);
    }
  }

  private valueOf(name: string, { file }: Place): readonly string[] | undefined {
    return name === '_PWD' ? [file === '-' ? '.' : dirname(file)] : this.values.get(name);
  }

  /** `~SEQ(NAME, start, step, end) line`: the line for each number; `~SEQx` writes them in hexadecimal. */
  private sequence(text: string, place: Place, depth: number): void {
    const [, form = '', list = '', rest = ''] = /^~SEQ(x?)\(([^)]*)\)\s*(.*)$/.exec(text) ?? [];
    const [name = '', ...words] = (this.replaced(list, place)[0] ?? '').split(',').map((word) => word.trim());
    const numbers = words.map((word) =>
      /^-?(?:0x[0-9a-f]{1,8}|\d{1,9})$/i.test(word) ? integerOf(word) : Number.NaN,
    );
    const end = numbers.at(-1) ?? Number.NaN;
    const start = numbers.length > 1 ? (numbers[0] ?? Number.NaN) : Math.sign(end);
    const step = numbers.length > 2 ? (numbers[1] ?? 0) : end < start ? -1 : 1;
    if (
      !/^[A-Za-z_]\w*$/.test(name) ||
      numbers.length > 3 ||
      numbers.some(Number.isNaN) ||
      !(step * (end - start) >= 0) ||
      step === 0
    ) {
      throw failure(place, `${quoted(text)} is not a sequence such as ~SEQ(N, 1, 3) line`);
    }
    for (let number = start; step > 0 ? number <= end : number >= end; number += step) {
      this.values.set(name, [number.toString(form === 'x' ? 16 : 10)]);
      this.line(rest, place, depth + 1);
    }
  }
}

const integerOf = (word: string): number => (word.startsWith('-') ? -Number(word.slice(1)) : Number(word));

const failure = ({ file, line }: Place, text: string): DocumentError =>
  new DocumentError([{ file, line, text }]);
