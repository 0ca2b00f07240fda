/** Repeats an action whenever files change, and at an interval. */

import { stat } from 'node:fs/promises';
import type { Context } from '../../context.js';
import { filesIn } from '../../document/files.js';
import { DocumentError, LockedError, UsageError } from '../../errors.js';
import { printableLines } from '../../foreign-text.js';

const POLL = 1000;

/**
 * Calls `once`, and again when one of the files (or of the documents in a directory) changes and after `interval`
 * seconds, until the process is asked to stop: it ends between two calls. An error in a document is written, and the next
 * version of the document is awaited; every other error is thrown, so that a supervisor restarts the process.
 */
export async function watchFiles(
  files: readonly string[],
  interval: number,
  context: Context,
  once: () => Promise<unknown>,
): Promise<void> {
  const stop = context.stopRequest?.();
  while (!stop?.aborted) {
    // Taken before the files are read, so that a change in between is seen.
    const seen = await fingerprint(files);
    await survive(once, context);
    const due = context.now() + interval * 1000;
    do await context.sleep(POLL);
    while (!stop?.aborted && context.now() < due && (await fingerprint(files)) === seen);
  }
}

async function survive(once: () => Promise<unknown>, context: Context): Promise<void> {
  try {
    await once();
  } catch (error) {
    const passing =
      error instanceof DocumentError || error instanceof UsageError || error instanceof LockedError;
    if (!passing) throw error;
    await context.err.write(`${printableLines(error.message).replace(/^/gm, 'lvsadm: ')}\n`);
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

/** Text that changes when a file is changed, created or removed. Polled, which works on every file system. */
async function fingerprint(paths: readonly string[]): Promise<string> {
  const marks: string[] = [];
  for (const path of paths) {
    for (const file of documentsOf(path)) {
      const mark = await stat(file, { bigint: true }).catch(() => undefined);
      marks.push(`${file} ${mark?.dev} ${mark?.ino} ${mark?.mtimeNs} ${mark?.size}`);
    }
  }
  return marks.join('\n');
}
