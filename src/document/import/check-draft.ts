/** A check as it is read from the file of another program. */
import { type CheckKind, checkKinds, timingOptions } from '../../model/check.js';
import { formatDuration } from '../../model/option.js';
import { checkShape } from '../check-shapes.js';
import { isNot } from '../invalid-value.js';
import { type Given, type OptionValues, optionShape } from '../option-shapes.js';
import { type Remark, remarkOn, type Setting } from './setting.js';

type DurationName = {
  [K in keyof typeof timingOptions]: (typeof timingOptions)[K]['value'] extends 'duration' ? K : never;
}[keyof typeof timingOptions];

export class CheckDraft {
  readonly remarks: Remark[] = [];
  private readonly options: Record<string, Given> = {};

  constructor(readonly kind: CheckKind) {}

  get value(): OptionValues {
    return { kind: this.kind, ...this.options };
  }

  has(name: string): boolean {
    return this.options[name] !== undefined;
  }

  /** Sets an option; a value that documents do not accept becomes a remark on the setting. */
  set(name: string, value: Given, setting: Setting | undefined): void {
    const shape = checkShape(this.kind).members[name];
    if (value === undefined || shape === undefined) return;
    if (shape.fits(value)) this.options[name] = value;
    else if (setting !== undefined) this.remarks.push(remarkOn(setting, isNot(value, shape.noun)));
  }

  /** Sets a time in milliseconds; the nearest that documents accept, with a remark, if it is too short or too long. */
  setTime(name: DurationName, time: number, setting: Setting | undefined): void {
    const { min, max } = timingOptions[name];
    const nearest = Math.min(Math.max(time, min), max);
    this.options[name] = formatDuration(nearest);
    if (nearest === time || setting === undefined) return;
    this.remarks.push(
      remarkOn(setting, `${name} is ${formatDuration(nearest)}, the nearest time that it can be`),
    );
  }

  /** Whether it connects to a port that neither it nor the server has. */
  lacksPort(serverPort: number | string | undefined): boolean {
    const isWithout = serverPort === undefined || serverPort === 0;
    return isWithout && !this.has('port') && !('usualPort' in checkKinds[this.kind]);
  }
}

/** The text that a regular expression stands for; undefined if it is more than text. */
export function literalText(pattern: string): string | undefined {
  if (/\\[a-z0-9]/i.test(pattern)) return undefined;
  const special = /[.*+?()[\]{}|^$]/;
  return special.test(pattern.replace(/\\./gs, '')) ? undefined : pattern.replace(/\\(.)/gs, '$1');
}

/** The words of a command line, with quotes as a shell has them; undefined if documents do not accept them as a program. */
export function commandWords(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (const character of line) {
    if (quote === '' && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (quote === '' && (character === "'" || character === '"')) {
      quote = character;
      word ??= '';
    } else if (character === quote) quote = '';
    else word = (word ?? '') + character;
  }
  if (word !== undefined) words.push(word);
  return optionShape(checkKinds.command.options.command).fits(words) ? words : undefined;
}
