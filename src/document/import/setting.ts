/** Settings of other programs' files: their places, their values, and what of them could not be carried over. */
import { ValueError } from '../../errors.js';
import { excerpt, quoted } from '../../foreign-text.js';
import { canonicalAddress, notOfOneMachine } from '../../model/address.js';
import type { Range } from '../../model/limits.js';
import { InvalidValue, isNot } from '../invalid-value.js';
import { ProblemList } from '../problem-list.js';

export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** One setting as it stands in a file. */
export interface Setting {
  readonly name: string;
  readonly words: readonly string[];
  readonly place: Place;
}

/** Why a setting could not be carried over. */
export interface Remark {
  readonly place: Place;
  readonly text: string;
}

/** `smtp_alert: lvsadm sends no mail` */
export const remarkOn = ({ name, place }: Setting, reason: string): Remark => ({
  place,
  text: `${excerpt(name)}: ${reason}`,
});

/** Reads values; what cannot be read is a problem, and reading goes on. */
export class Values {
  readonly problems = new ProblemList();
  private readonly told = new Set<string>();

  /** One setting may be read for several servers: its problem is told once. */
  problem(place: Place, text: string): void {
    const key = JSON.stringify([place.file, place.line, text]);
    if (this.told.has(key)) return;
    this.told.add(key);
    this.problems.report(() => ({ ...place, text }));
  }

  /** What `make` returns; undefined after a problem. */
  attempt<T>({ name, place }: Setting, make: () => T): T | undefined {
    try {
      return make();
    } catch (error) {
      if (error instanceof ValueError)
        this.problem(place, `${excerpt(name)}: ${isNot(error.given, error.expected)}`);
      else if (error instanceof InvalidValue) this.problem(place, `${excerpt(name)}: ${error.message}`);
      else throw error;
      return undefined;
    }
  }

  /** A whole number in a range; `word` is the setting's first if left out. */
  integer(setting: Setting | undefined, range: Range, word = setting?.words[0] ?? ''): number | undefined {
    return (
      setting &&
      this.attempt(setting, () => {
        const number = /^\d{1,10}$/.test(word) ? Number(word) : Number.NaN;
        if (number >= range.min && number <= range.max) return number;
        throw new ValueError(setting.name, word, `a whole number from ${range.min} to ${range.max}`);
      })
    );
  }

  /** Seconds, which may have a fraction, in milliseconds. */
  duration(setting: Setting | undefined): number | undefined {
    const [word = ''] = setting?.words ?? [];
    return (
      setting &&
      this.attempt(setting, () => {
        if (!/^\d{1,7}(?:\.\d{1,6})?$/.test(word)) {
          throw new ValueError(setting.name, word, 'a number of seconds, such as 3 or 0.5');
        }
        return Math.round(Number(word) * 1000);
      })
    );
  }

  /** One of the words for on and off. */
  truth(setting: Setting | undefined, words: Readonly<Record<string, boolean>>): boolean | undefined {
    const [word = ''] = setting?.words ?? [];
    return (
      setting &&
      this.attempt(setting, () => {
        const truth = Object.hasOwn(words, word) ? words[word] : undefined;
        if (truth !== undefined) return truth;
        const known = Object.keys(words).filter((each) => each !== '');
        throw new ValueError(setting.name, word, known.join(' or '));
      })
    );
  }

  /** The address of one machine, canonical. */
  address(setting: Setting, word = setting.words[0] ?? ''): string | undefined {
    return this.attempt(setting, () => {
      const address = canonicalAddress(word);
      const fault = notOfOneMachine(address);
      if (fault !== undefined) throw new InvalidValue(`${quoted(word)} ${fault}`);
      return address;
    });
  }
}
