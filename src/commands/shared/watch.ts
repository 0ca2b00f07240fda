/** Repeats an action whenever files change, when it is asked to, and after a pause. */

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
  /** Whether files change from look to look: only what was read before may be applied. */
  readonly isUnsettled: boolean;
}

/**
 * Watches files, or the documents in directories. It sees changes after `begin`: read the files later.
 *
 *     const watch = new FileWatch(files, context);
 *     await watch.begin();
 *     await watch.run((pass) => apply(pass), () => 30_000);
 */
export class FileWatch {
  private readonly stop: AbortSignal | undefined;
  private seen: ReadonlyMap<string, string> = new Map();
  /** Those that have changed since the last change that was applied. */
  private readonly changed = new Set<string>();
  private isAsked = false;
  private hasEnded = false;
  private interrupt: () => void = () => {};

  constructor(
    private readonly files: readonly string[],
    private readonly context: Context,
  ) {
    this.stop = context.stopRequest?.();
  }

  async begin(): Promise<void> {
    this.seen = await fingerprint(this.files);
  }

  /** Asks for a call at once, as if all files had changed. */
  wake(): void {
    this.isAsked = true;
    this.interrupt();
  }

  /** Ends `run` after the call that is under way. */
  end(): void {
    this.hasEnded = true;
    this.interrupt();
  }

  /**
   * Calls `once`, and again when a file has changed, and two looks a second apart see no further change, when `wake` asks for it, and
   * when the pause is over, until the process is asked to stop: it ends between two calls. An error in a document is written once, and
   * the next version of the document is awaited; every other error is thrown, so that a supervisor restarts the process.
   * @param pause milliseconds, asked after each call
   */
  async run(once: (pass: Pass) => Promise<unknown>, pause: () => number): Promise<void> {
    const { context } = this;
    const missing = [...this.seen.keys()].filter((file) => !existsSync(file));
    if (missing.length > 0) await context.err.write(`lvsadm: waiting for ${printable(someNames(missing))}\n`);
    let told: string | undefined;
    let occasion: Occasion = { cause: 'start', files: [...this.seen.keys()] };
    let isUnsettled = false;
    while (!this.isOver) {
      const before = this.seen;
      const isOver = async () => differing(before, await fingerprint(this.files)).length > 0;
      const failure = await failureOf(() => once({ ...occasion, isOver, isUnsettled }));
      if (failure !== undefined && failure !== told) await context.err.write(failure);
      if (failure !== undefined || !isUnsettled) told = failure;
      const change = await this.change(context.now() + pause());
      isUnsettled = change === 'unsettled';
      if (typeof change === 'object') occasion = change;
      // After a failure the occasion is still the same.
      else if (failure === undefined) occasion = { cause: 'drift', files: [...this.seen.keys()] };
    }
  }

  private get isOver(): boolean {
    return this.hasEnded || (this.stop?.aborted ?? false);
  }

  /** Waits until files have changed, or until `due`: no occasion then. */
  private async change(due: number): Promise<Occasion | 'settled' | 'unsettled'> {
    const { changed } = this;
    while (!this.isOver) {
      await this.rest();
      const now = await fingerprint(this.files);
      const since = differing(this.seen, now);
      this.seen = now;
      for (const file of since) changed.add(file);
      if (this.isAsked) {
        this.isAsked = false;
        changed.clear();
        return { cause: 'change', files: [...now.keys()] };
      }
      // A file that is still being written changes from look to look: half of a document must not be applied.
      const isDue = this.context.now() >= due;
      if (since.length > 0) {
        if (isDue) return 'unsettled';
        continue;
      }
      if (changed.size > 0) {
        const files = [...changed];
        changed.clear();
        return { cause: 'change', files };
      }
      if (isDue) return 'settled';
    }
    return 'settled';
  }

  private async rest(): Promise<void> {
    if (this.isAsked) return;
    const interrupted = new Promise<void>((resolve) => {
      this.interrupt = resolve;
    });
    await Promise.race([this.context.sleep(POLL), interrupted]);
  }
}

/** The lines about a failure that another version of the documents may end; undefined for a success. */
async function failureOf(once: () => Promise<unknown>): Promise<string | undefined> {
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
