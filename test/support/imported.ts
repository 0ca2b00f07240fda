/** `lvsadm import` of files that a test has, and what `lvsadm check` says of the result. */
import { main } from '../../src/cli/main.js';
import { Captured } from './captured.js';
import { chunks, contextWith } from './context.js';
import type { Result } from './director.js';

export type Program = 'keepalived' | 'ldirectord';

/** Runs a command line that reads standard input. */
async function run(words: readonly string[], stdin: string): Promise<Result> {
  const out = new Captured();
  const err = new Captured();
  const status = await main(words, contextWith({ out, err, stdin: chunks(stdin, 65_536) }));
  return { status, out: out.text, err: err.text };
}

export const importText = (
  program: Program,
  text: string,
  options: readonly string[] = [],
): Promise<Result> => run(['import', program, '-', ...options], text);

export const checkText = (text: string): Promise<Result> => run(['check', '-f', '-'], text);
