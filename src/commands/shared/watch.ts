/** Repeats an action whenever files change, and at an interval. */

import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Context } from '../../context.js';
import { filesIn } from '../../document/files.js';
import { DocumentError, LockedError, UsageError } from '../../errors.js';
import { printable, printableLines } from '../../foreign-text.js';
import { mistake } from '../../messages.js';
import { someNames } from './server.js';

const POLL = 1000;

/** Why a document is applied again. */
export interface Occasion {
  readonly cause: 'start' | 'change' | 'drift';
  /** The documents that changed; all of them at the start, and if the table may have changed. */
  readonly files: readonly string[];
}

/** An occasion that ends when a file changes again. */
export interface Pass extends Occasion {
  /** Whether a file has changed since the last look: what was read may be half of one version and half of the next. */
  isOver(): Promise<boolean>;
}

/**
 * Calls `once`, and again when one of the files (or of the documents in a directory) has changed, and two looks a second apart see
 * no further change, and after `interval` seconds, until the process is asked to stop: it ends between two calls. An error in a
 * document is written once, and the next version of the document is awaited; every other error is thrown, so that a supervisor
 * restarts the process.
 */
export async function watchFiles(
  files: readonly string[],
  interval: number,
  context: Context,
  once: (pass: Pass) => Promise<unknown>,
): Promise<void> {
  const stop = context.stopRequest?.();
  // Taken before the files are read, so that a change in between is seen.
  let seen = await fingerprint(files);
  const missing = [...seen.keys()].filter((file) => !existsSync(file));
  if (missing.length > 0) await context.err.write(`lvsadm: waiting for ${printable(someNames(missing))}\n`);
  let told: string | undefined;
  let occasion: Occasion = { cause: 'start', files: [...seen.keys()] };
  while (!stop?.aborted) {
    const before = seen;
    const isOver = async () => differing(before, await fingerprint(files)).length > 0;
    const failure = await failureOf(() => once({ ...occasion, isOver }));
    if (failure !== undefined && failure !== told) await context.err.write(failure);
    told = failure;
    const due = context.now() + interval * 1000;
    const changed = new Set<string>();
    // A file that is still being written changes from look to look: half of a document must not be applied.
    let isSettled: boolean;
    do {
      await context.sleep(POLL);
      const now = await fingerprint(files);
      const since = differing(seen, now);
      for (const file of since) changed.add(file);
      isSettled = since.length === 0;
      seen = now;
    } while (!stop?.aborted && !(isSettled && (changed.size > 0 || context.now() >= due)));
    if (changed.size > 0) occasion = { cause: 'change', files: [...changed] };
    // After a failure the occasion is still the same.
    else if (failure === undefined) occasion = { cause: 'drift', files: [...seen.keys()] };
  }
}

/** The lines about a failure that another version of the documents may end; undefined for a success. */
export async function failureOf(once: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await once();
    return undefined;
  } catch (error) {
    if (error instanceof UsageError) return `lvsadm: ${mistake(error)}\n`;
    const passing = error instanceof DocumentError || error instanceof LockedError;
    if (!passing) throw error;
    return `${printableLines(error.message).replace(/^/gm, 'lvsadm: ')}\n`;
  }
}

function documentsOf(path: string): string[] {
  try {
    return filesIn(path) ?? [path];
  } catch {
    // It may be created again.
    return [path];
  }
}

/** For each file a text that changes when the file does. Polled, which works on every file system. */
async function fingerprint(paths: readonly string[]): Promise<Map<string, string>> {
  const marks = new Map<string, string>();
  for (const file of paths.flatMap(documentsOf)) {
    const mark = await stat(file, { bigint: true }).catch(() => undefined);
    marks.set(file, `${mark?.dev} ${mark?.ino} ${mark?.mtimeNs} ${mark?.size}`);
  }
  return marks;
}

/** The files that were changed, created or removed. */
const differing = (before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] =>
  [...new Set([...before.keys(), ...after.keys()])].filter((file) => before.get(file) !== after.get(file));
