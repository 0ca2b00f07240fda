/** The blocks of a keepalived.conf: a setting is a line of words, and may have settings of its own in braces. */
import { quoted } from '../../../foreign-text.js';
import type { Place, Setting, Values } from '../setting.js';
import type { Line } from './lines.js';

export interface Block extends Setting {
  /** Undefined for a setting without braces. */
  readonly settings?: readonly Block[];
}

/** A setting while it is read. */
interface OpenBlock extends Setting {
  settings?: OpenBlock[];
}

const DEEPEST = 64;
const OPEN = Symbol('{');
const CLOSE = Symbol('}');

type Token = string | typeof OPEN | typeof CLOSE;

/** The settings outside of all braces. */
export function blocksOf(lines: readonly Line[], values: Values): readonly Block[] {
  const reader = new BlockReader(values);
  for (const { text, ...place } of lines) reader.line(tokensOf(text, place, values), place);
  return reader.end();
}

class BlockReader {
  private readonly all: OpenBlock[] = [];
  private readonly open: OpenBlock[] = [];
  private words: string[] = [];

  constructor(private readonly values: Values) {}

  line(tokens: readonly Token[], place: Place): void {
    for (const token of tokens) {
      if (typeof token === 'string') this.words.push(token);
      else {
        this.statement(place);
        if (token === OPEN) this.begin(place);
        else if (this.open.pop() === undefined) this.values.problem(place, '} without a {');
      }
    }
    this.statement(place);
  }

  end(): readonly Block[] {
    for (const { name, place } of this.open) this.values.problem(place, `the block ${quoted(name)} has no }`);
    return this.all;
  }

  private get siblings(): OpenBlock[] {
    return this.open.at(-1)?.settings ?? this.all;
  }

  private statement(place: Place): void {
    const [name, ...words] = this.words;
    this.words = [];
    if (name !== undefined) this.siblings.push({ name, words, place });
  }

  private begin(place: Place): void {
    const last = this.siblings.at(-1);
    if (last === undefined || last.settings !== undefined || this.open.length === DEEPEST) {
      const text =
        this.open.length === DEEPEST
          ? `blocks more than ${DEEPEST} levels deep`
          : '{ without the name of a block';
      this.values.problem(place, text);
    }
    const block = last ?? { name: '', words: [], place };
    block.settings ??= [];
    this.open.push(block);
  }
}

/** Control characters by their letters after a backslash. */
const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

/** Words are separated by blanks outside of quotes; a brace stands by itself, or at the end of a word. */
function tokensOf(line: string, place: Place, values: Values): Token[] {
  const tokens: Token[] = [];
  let word = '';
  let isWord = false;
  let isPlain = true;
  let quote = '';
  const finish = () => {
    if (isWord && isPlain) tokens.push(...withBraces(word));
    else if (isWord) tokens.push(word);
    word = '';
    isWord = false;
    isPlain = true;
  };
  for (let at = 0; at < line.length; at++) {
    const character = line[at] as string;
    if (quote === '' && /\s/.test(character)) finish();
    else {
      isWord = true;
      if (character === '\\' && at + 1 < line.length) {
        const next = line[++at] as string;
        word += escapes[next] ?? next;
      } else if (character === quote) quote = '';
      else if (quote === '' && (character === '"' || character === "'")) {
        quote = character;
        isPlain = false;
      } else word += character;
    }
  }
  if (quote !== '') values.problem(place, `a ${quote} without its end`);
  finish();
  return tokens;
}

function withBraces(word: string): Token[] {
  if (word === '{') return [OPEN];
  if (/^\}+$/.test(word)) return [...word].map(() => CLOSE);
  if (/^[^{}]+\{$/.test(word)) return [word.slice(0, -1), OPEN];
  if (/^[^{}]+\}$/.test(word)) return [word.slice(0, -1), CLOSE];
  return [word];
}
