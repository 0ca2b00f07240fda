/** Text gathered into large writes: a listing may have hundreds of thousands of lines. */
import type { Output } from '../context.js';

/** Characters to a write. */
const ENOUGH = 64 * 1024;

export class Chunks {
  private text = '';

  constructor(private readonly out: Output) {}

  /** True when it is time to `flush`: the caller decides where it can wait. */
  get full(): boolean {
    return this.text.length >= ENOUGH;
  }

  add(text: string): void {
    this.text += text;
  }

  async flush(): Promise<void> {
    const text = this.text;
    this.text = '';
    for (let start = 0; start < text.length; start += ENOUGH) {
      await this.out.write(text.slice(start, start + ENOUGH));
    }
  }
}
