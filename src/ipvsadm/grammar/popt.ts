/**
 * Words of a command line, cut into options and their values as popt(3) does it, which is what every script written
 * for ipvsadm relies on: short options cluster (`-Ln`, `-at VIP:80`), values may be glued (`-w5`, `-w=5`), long options
 * are spelled out in full (`--weight 5`, `--weight=5`). Knows nothing of IPVS.
 */

export interface PoptOption {
  /** Without the dashes. */
  readonly long: string;
  /** Letters, each of which is a short name. */
  readonly short?: string | undefined;
  readonly argument: 'none' | 'required' | 'optional';
}

/** What is wrong with a word that cannot be read as an option. */
export type Fault = 'unknown' | 'missing-value' | 'unwanted-value';

interface Place {
  /** Which argument this came from, counted from 0. */
  readonly index: number;
  /** How it was written: `-w`, `--weight`, or the whole word if it is no option. */
  readonly spelling: string;
}

export type Token<Option extends PoptOption> =
  | (Place & { readonly kind: 'option'; readonly option: Option; readonly value?: string })
  | (Place & { readonly kind: 'word' })
  | (Place & { readonly kind: 'fault'; readonly fault: Fault });

/** The option that has a name, without the dashes. A command line has few words: a table of all names would be made for each. */
export const optionNamed = <Option extends PoptOption>(
  options: readonly Option[],
  name: string,
): Option | undefined => options.find(({ long }) => long === name);

const optionOfLetter = <Option extends PoptOption>(
  options: readonly Option[],
  letter: string,
): Option | undefined => options.find(({ short }) => short?.includes(letter));

/** Cuts the words into tokens, in order; the first fault is the last token. */
export function tokenize<Option extends PoptOption>(
  words: readonly string[],
  options: readonly Option[],
): Token<Option>[] {
  return new Tokenizer(words, options).run();
}

class Tokenizer<Option extends PoptOption> {
  private readonly tokens: Token<Option>[] = [];
  private next = 0;
  private faulty = false;

  constructor(
    private readonly words: readonly string[],
    private readonly options: readonly Option[],
  ) {}

  run(): Token<Option>[] {
    let onlyWords = false;
    while (this.next < this.words.length && !this.faulty) {
      const index = this.next++;
      const word = this.words[index] as string;
      if (onlyWords || !word.startsWith('-') || word === '-') {
        this.tokens.push({ kind: 'word', index, spelling: word });
      } else if (word === '--') onlyWords = true;
      else if (word.startsWith('--')) this.long(word, index);
      else this.cluster(word, index);
    }
    return this.tokens;
  }

  private long(word: string, index: number): void {
    const equals = word.indexOf('=');
    const spelling = equals < 0 ? word : word.slice(0, equals);
    const glued = equals < 0 ? undefined : word.slice(equals + 1);
    const option = optionNamed(this.options, spelling.slice(2));
    if (option === undefined) this.fault('unknown', index, spelling);
    else if (option.argument !== 'none')
      this.option(option, index, spelling, glued ?? this.nextValue(option));
    else if (glued !== undefined) this.fault('unwanted-value', index, spelling);
    else this.option(option, index, spelling, undefined);
  }

  /** `-Ln`, `-atVIP:80`: flags, until an option takes what is left of the word as its value. */
  private cluster(word: string, index: number): void {
    for (let at = 1; at < word.length && !this.faulty; at++) {
      const letter = word.charAt(at);
      const spelling = `-${letter}`;
      const option = optionOfLetter(this.options, letter);
      const rest = word.slice(at + 1);
      if (option === undefined) this.fault('unknown', index, spelling);
      else if (option.argument !== 'none') {
        const glued = rest === '' ? undefined : rest.replace(/^=/, '');
        this.option(option, index, spelling, glued ?? this.nextValue(option));
        break;
      } else if (rest.startsWith('=')) this.fault('unwanted-value', index, spelling);
      else this.option(option, index, spelling, undefined);
    }
  }

  /** The following word, unless a value is optional and the word looks like an option. */
  private nextValue(option: Option): string | undefined {
    const word = this.words[this.next];
    if (word === undefined || (option.argument === 'optional' && word.startsWith('-'))) return undefined;
    this.next++;
    return word;
  }

  private option(option: Option, index: number, spelling: string, value: string | undefined): void {
    if (value === undefined && option.argument === 'required') this.fault('missing-value', index, spelling);
    else if (value === undefined) this.tokens.push({ kind: 'option', index, spelling, option });
    else this.tokens.push({ kind: 'option', index, spelling, option, value });
  }

  private fault(fault: Fault, index: number, spelling: string): void {
    this.tokens.push({ kind: 'fault', index, spelling, fault });
    this.faulty = true;
  }
}
