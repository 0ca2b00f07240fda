/** IPVS as commands ask it that run for long and only read. */
import type { Context } from '../../context.js';
import { KernelError, LvsadmError, TransportError, UnavailableError, UsageError } from '../../errors.js';
import { printable } from '../../foreign-text.js';
import type { IpvsClient } from '../../ipvs/client.js';
import { mistake, refusal } from '../../messages.js';

/**
 * A client that never loads the kernel's module. It is opened when it is asked for the first time, and anew when its conversation
 * broke, or when the module was unloaded and loaded again. Questions must not overlap.
 */
export class ReadingClient {
  private client: IpvsClient | undefined;

  /** @param timeout milliseconds to wait for each datagram of an answer */
  constructor(
    private readonly context: Pick<Context, 'openClient' | 'err'>,
    private readonly timeout: number,
  ) {}

  /**
   * Asks the kernel. A socket that answered earlier and is lost is opened anew, and asked once more.
   * @throws UnavailableError `no-ipvs` where the module is not loaded; otherwise what the question throws
   */
  async ask<T>(question: (client: IpvsClient) => Promise<T>): Promise<T> {
    const wasOpen = this.client !== undefined;
    try {
      return await this.askOnce(question);
    } catch (error) {
      if (!wasOpen || !isLoss(error)) throw error;
      // A module that was unloaded refuses the question; the next one tells whether it is there again.
      if (!(error instanceof KernelError)) {
        await this.context.err.write(`lvsadm: ${failureText(error)}: the socket is opened anew\n`);
      }
      return this.askOnce(question);
    }
  }

  close(): void {
    this.client?.close();
    this.client = undefined;
  }

  private async askOnce<T>(question: (client: IpvsClient) => Promise<T>): Promise<T> {
    try {
      this.client ??= await this.context.openClient({ autoload: false, timeout: this.timeout });
      return await question(this.client);
    } catch (error) {
      this.close();
      throw error;
    }
  }
}

/** Asks a question that is asked again later. Undefined, and a line, if it failed this time. @throws what is no LvsadmError */
export async function survive<T>(
  question: () => Promise<T>,
  tell: (line: string) => void,
): Promise<T | undefined> {
  try {
    return await question();
  } catch (error) {
    if (!(error instanceof LvsadmError)) throw error;
    tell(failureText(error));
    return undefined;
  }
}

/** Why a question failed, in one line. */
export function failureText(error: unknown): string {
  if (error instanceof KernelError) return refusal(error);
  if (error instanceof UsageError) return mistake(error);
  return printable(error instanceof Error ? error.message : String(error));
}

/** Whether a new socket may do better: a kernel that took too long to answer would take too long again. */
const isLoss = (error: unknown): error is LvsadmError =>
  error instanceof LvsadmError &&
  !(error instanceof UnavailableError) &&
  !(error instanceof TransportError && error.reason === 'deadline');
