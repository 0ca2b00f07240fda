/**
 * Cuts the words of a command line into options and values as popt(3) does, because scripts written for ipvsadm rely on it: short
 * options cluster (`-Ln`, `-at VIP:80`), values may be attached (`-w5`, `-w=5`), long options are spelled out in full (`--weight 5`,
 * `--weight=5`). Knows nothing of IPVS.
 */

export interface PoptOption {
  /** Without the dashes. */
  readonly long: string;
  /** Letters, each of which is a short name. */
  readonly short?: string | undefined;
  readonly argument: 'none' | 'required' | 'optional';
}

type Names = Pick<PoptOption, 'long' | 'short'>;

/** How an option may be written, short names first: `-L`, `-l`, `--list`. */
export const spellings = ({ long, short = '' }: Names): string[] => [
  ...[...short].map((letter) => `-${letter}`),
  `--${long}`,
];

/** The shortest of them: `-L`, `--set`. */
export const spelling = (option: Names): string => spellings(option)[0] as string;

/** Why a word cannot be read as an option. */
export type Fault = 'unknown' | 'missing-value' | 'unwanted-value';

interface Source {
  /** Which word this came from, counted from 0. */
  readonly index: number;
  /** The whole word: `-w5`, `--weight=5`, `-Ln`. */
  readonly word: string;
  /** The option in it: `-w`, `--weight`; the whole word if it is no option. */
  readonly spelling: string;
}

export type Token<Option extends PoptOption> =
  | (Source & {
      readonly kind: 'option';
      readonly option: Option;
      readonly value?: string;
      /** Index of the word that ends with the value: the option's own word, or the next one. */
      readonly valueIndex?: number;
    })
  | (Source & { readonly kind: 'word' })
  | (Source & { readonly kind: 'fault'; readonly fault: Fault });

/** The option of a long name. A search, because building a map would cost a short run more than its few look-ups. */
export const optionNamed = <Option extends PoptOption>(
  options: readonly Option[],
  long: string,
): Option | undefined => options.find((option) => option.long === long);

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
  /** The word that is being cut. */
  private index = 0;
  private word = '';
  private next = 0;
  private faulty = false;

  constructor(
    private readonly words: readonly string[],
    private readonly options: readonly Option[],
  ) {}

  run(): Token<Option>[] {
    let onlyWords = false;
    while (this.next < this.words.length && !this.faulty) {
      this.index = this.next++;
      const word = this.words[this.index] as string;
      this.word = word;
      if (onlyWords || !word.startsWith('-') || word === '-') {
        this.tokens.push({ kind: 'word', ...this.source(word) });
      } else if (word === '--') onlyWords = true;
      else if (word.startsWith('--')) this.long(word);
      else this.cluster(word);
    }
    return this.tokens;
  }

  private long(word: string): void {
    const equals = word.indexOf('=');
    const spelling = equals < 0 ? word : word.slice(0, equals);
    const glued = equals < 0 ? undefined : word.slice(equals + 1);
    const option = optionNamed(this.options, spelling.slice(2));
    if (option === undefined) this.fault('unknown', spelling);
    else if (option.argument !== 'none') this.option(option, spelling, glued ?? this.nextValue(option));
    else if (glued !== undefined) this.fault('unwanted-value', spelling);
    else this.option(option, spelling, undefined);
  }

  /** `-Ln`, `-atVIP:80`: flags, until an option takes the rest of the word as its value. */
  private cluster(word: string): void {
    for (let at = 1; at < word.length && !this.faulty; at++) {
      const letter = word.charAt(at);
      const spelling = `-${letter}`;
      const option = optionOfLetter(this.options, letter);
      const rest = word.slice(at + 1);
      if (option === undefined) this.fault('unknown', spelling);
      else if (option.argument !== 'none') {
        const glued = rest === '' ? undefined : rest.replace(/^=/, '');
        this.option(option, spelling, glued ?? this.nextValue(option));
        break;
      } else if (rest.startsWith('=')) this.fault('unwanted-value', spelling);
      else this.option(option, spelling, undefined);
    }
  }

  /** The following word, unless a value is optional and the word looks like an option. */
  private nextValue(option: Option): string | undefined {
    const word = this.words[this.next];
    if (word === undefined || (option.argument === 'optional' && word.startsWith('-'))) return undefined;
    this.next++;
    return word;
  }

  /** A value ends the last word that was taken: the option's own, or the next one. */
  private option(option: Option, spelling: string, value: string | undefined): void {
    const source = this.source(spelling);
    if (value !== undefined) {
      this.tokens.push({ kind: 'option', ...source, option, value, valueIndex: this.next - 1 });
    } else if (option.argument === 'required') this.fault('missing-value', spelling);
    else this.tokens.push({ kind: 'option', ...source, option });
  }

  private fault(fault: Fault, spelling: string): void {
    this.tokens.push({ kind: 'fault', ...this.source(spelling), fault });
    this.faulty = true;
  }

  private source(spelling: string): Source {
    return { index: this.index, word: this.word, spelling };
  }
}
