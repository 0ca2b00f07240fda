/** Output that a test looks at afterwards. */
import type { Output } from '../../src/context.js';

export class Captured implements Output {
  text = '';
  constructor(
    readonly isTTY = false,
    /** Of the terminal. */
    private readonly width = 120,
  ) {}
  get columns(): number | undefined {
    return this.isTTY ? this.width : undefined;
  }
  write(text: string | Uint8Array): void {
    this.text += written(text);
  }
}

/** What was written, as text. */
export const written = (text: string | Uint8Array): string =>
  typeof text === 'string' ? text : Buffer.from(text).toString();
