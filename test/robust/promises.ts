/** What holds for every run, whatever the input was. docs/reliability.md has these promises in words. */
import assert from 'node:assert/strict';
import type { Ran } from './machine.js';

/** Every exit status that is documented, but not 70: a fault in lvsadm itself. */
const statuses: ReadonlySet<number> = new Set([0, 1, 2, 3, 75, 130, 141, 143, 255]);

/** Control characters except for line ends and tabs, and marks that change the direction of text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const raw = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

/** Milliseconds; a machine that does other things may take some. */
const TIME = 5000;

/** Longest line of a message, in characters. */
const LINE = 600;

const isHelpLine = (line: string): boolean => line.startsWith("Try '");

/** The lines of standard error that tell a mistake. */
export const told = ({ err }: Ran): string[] =>
  err.split('\n').filter((line) => line !== '' && !isHelpLine(line));

/** @throws AssertionError for a promise that is broken */
export function keepsPromises(ran: Ran): void {
  const { status, out, err, milliseconds } = ran;
  assert.ok(statuses.has(status), `status ${status}: ${err}`);
  assert.doesNotMatch(err, raw, 'standard error has control characters');
  assert.doesNotMatch(out, raw, 'standard output has control characters');
  assert.ok(err === '' || err.endsWith('\n'), `the last line has no end: ${JSON.stringify(err)}`);
  for (const line of told(ran))
    assert.ok(line.length <= LINE, `a line of ${line.length} characters: ${line}`);
  if (status === 2 || status === 75) assert.ok(told(ran).length > 0, `status ${status} without a line`);
  assert.ok(milliseconds < TIME, `took ${Math.round(milliseconds)} ms`);
}

/** One of the mistakes of a document, with its place, or their rest. */
const isOfDocument = (line: string): boolean => /:\d+:(\d+:)? |^lvsadm: and \d+ more$/.test(line);

/** A mistake in a command line is one line, and nothing is changed. */
export function refusesAsOne(ran: Ran): void {
  const { status, err, changes, refusals } = ran;
  const mistakes = told(ran).filter((line) => !line.includes(': state is ignored: '));
  const ofWords = mistakes.filter((line) => !isOfDocument(line));
  if (status === 2) assert.ok(mistakes.length > 0 && ofWords.length <= 1 + files(ran), err);
  if (refused.has(status) && refusals === 0) assert.equal(changes, 0, `changed, and then refused: ${err}`);
}

/** Documents that a command line names: each can have a mistake of its own. */
const files = ({ words }: Ran): number => words.filter((word) => /^(-f|--file)/.test(word)).length;

/** Statuses of command lines and documents that were refused before the kernel was asked to change anything. */
const refused: ReadonlySet<number> = new Set([2, 75, 255]);
