/** Output of work under way. */
import type { Output } from '../context.js';

/** Hands text to a function instead of a stream. */
export const outputTo = (take: (text: string) => void): Output => ({
  isTTY: false,
  write: (text) => take(typeof text === 'string' ? text : new TextDecoder().decode(text)),
});

/**
 * Writes while work goes on. Output that cannot be written does not change what is done: the first failure is kept, nothing more is
 * written, and `end` throws it.
 */
export class DeferredOutput {
  private failure: { readonly error: unknown } | undefined;

  constructor(private readonly output: Output) {}

  async write(text: string): Promise<void> {
    if (this.failure !== undefined) return;
    try {
      await this.output.write(text);
    } catch (error) {
      this.failure = { error };
    }
  }

  /** @throws what the output threw */
  end(): void {
    if (this.failure !== undefined) throw this.failure.error;
  }
}
