/** What checks send and expect, as documents give it, and what servers and programs answer. */
import { quoted } from '../../foreign-text.js';
import { CheckFailure, type Success } from './check.js';

type Encoding = 'text' | 'hex';

/** Bytes of an answer that a reason shows in hexadecimal digits. */
const SHOWN = 24;

export const bytesOf = (text: string, encoding: Encoding): Buffer =>
  Buffer.from(text, encoding === 'hex' ? 'hex' : 'utf8');

export const firstLine = (text: string): string => text.split(/\r?\n/, 1)[0] ?? '';

/** The first line of an answer in quotes, printable and bounded. */
export const quotedLine = (answer: Buffer | string): string => quoted(firstLine(String(answer)));

/** A success with the weight that the first line of a text has: a number from 0 to 100, in percent. */
export function withWeight(reason: string, text: string): Success {
  const [, digits] = /^\s*(\d{1,3})%?\s*$/.exec(firstLine(text)) ?? [];
  const weight = Number(digits);
  return weight <= 100 ? { reason: `${reason}, weight ${weight}%`, weight } : { reason };
}

/** @throws CheckFailure if the answer does not have the expected bytes */
export function expectBytes(answer: Buffer, expected: Buffer, encoding: Encoding): void {
  if (answer.includes(expected)) return;
  throw new CheckFailure(
    answer.length === 0
      ? 'empty answer'
      : `unexpected answer ${encoding === 'hex' ? answer.toString('hex', 0, SHOWN) : quotedLine(answer)}`,
  );
}
