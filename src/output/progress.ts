/** A progress line on a terminal; nothing in a pipe. */
import type { Output } from '../context.js';

const WIDTH = 30;

export class Progress {
  private shown = '';

  constructor(private readonly output: Output) {}

  /** Shows a bar; the same text is not written twice. */
  bar(done: number, total: number): void {
    const filled = total === 0 ? WIDTH : Math.floor((done / total) * WIDTH);
    this.line(`[${'='.repeat(filled)}${' '.repeat(WIDTH - filled)}] ${done} of ${total}`);
  }

  line(text: string): void {
    if (!this.output.isTTY || text === this.shown) return;
    this.shown = text;
    void this.output.write(`\r\x1b[K${text}`);
  }

  /** Erases the line; output continues in its place. */
  clear(): void {
    if (this.shown !== '') void this.output.write('\r\x1b[K');
    this.shown = '';
  }
}
