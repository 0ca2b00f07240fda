/**
 * What the program can be told, as data: for shells, which complete it, and for the manual page. Both grammars are the same
 * here: a first word says what is to be done, and options and words follow it.
 */

/** What a value names, where a shell can offer what there is. */
export type Kind = 'path' | 'directory' | 'interface' | 'service' | 'service-url' | 'server';

export interface Value {
  /** As the help writes it: `HOST[:PORT]`. */
  readonly name: string;
  /** Words that it is one of; none where it can be anything. */
  readonly choices: readonly string[];
  readonly kind?: Kind | undefined;
  readonly optional?: boolean;
  /** Several of the choices, with commas between them. */
  readonly list?: boolean;
}

export interface Option {
  /** With their dashes, the shortest first. */
  readonly names: readonly string[];
  readonly value?: Value | undefined;
  readonly help: string;
}

export interface Positional extends Value {
  readonly help: string;
  /** Whether any number of them may follow. */
  readonly many: boolean;
}

/** One thing that the program does. */
export interface Use {
  /** Its first word, in each spelling: `-A` and `--add-service`; `drain`. */
  readonly names: readonly string[];
  readonly help: string;
  /** What follows the first word, as the help writes it. */
  readonly usage: string;
  readonly positionals: readonly Positional[];
  readonly options: readonly Option[];
  /** Paragraphs, and command lines with what they are for. */
  readonly notes: readonly string[];
  readonly examples: readonly (readonly [command: string, what: string])[];
}

/** A name that the program is called by. */
export interface Program {
  readonly name: string;
  readonly uses: readonly Use[];
  /** What may follow the name where it says by itself what is to be done. */
  readonly options: readonly Option[];
}

/** What a text is said with: a value's name, or what stands between brackets where it may be left out. */
export const valueText = ({ name, optional }: Value): string => (optional ? `[${name}]` : name);
