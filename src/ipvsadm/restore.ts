/**
 * -R: the commands on standard input, one a line, carried out in their order. Changes go to the kernel many at a time;
 * whatever is not a change waits until those before it are done.
 */
import { MalformedError, NoCommandError, UsageError } from '../errors.js';
import type { Change } from '../model/change.js';
import type { Command } from './command.js';
import { explained, mistake, refusal } from './refusals.js';
import { splitRule } from './rules.js';
import { type Session, understand } from './session.js';

/** Changes to a batch. */
const BATCH = 1000;

/** ipvsadm's exit status for what the kernel refused, and for a line that could not be read. */
const REFUSED = 255;

/**
 * As with ipvsadm, a refused change and a line with an unknown option are reported and the next line is read; any other
 * mistake ends it there.
 * @param execute carries out what is not a change, and returns its exit status
 * @returns the exit status of the last line, ipvsadm's rule
 * @throws UsageError that names the line
 */
export async function restore(
  session: Session,
  execute: (command: Command, session: Session) => Promise<number>,
): Promise<number> {
  const batch = new Batch(session);
  for await (const { number, text } of lines(session.context.stdin)) {
    const words = splitRule(text);
    if (words.length === 0) continue;
    const command = await batch.read(words, number);
    if (command === undefined) continue;
    if (command.do === 'change') {
      batch.add(command.change, number);
      if (batch.full) await batch.flush();
      continue;
    }
    await batch.flush();
    if (command.do === 'restore') throw new NoCommandError(`line ${number}: -R cannot read itself`);
    batch.status = await execute(command, session);
    // ipvsadm's program ends with these.
    if (command.do === 'help' || command.do === 'version' || batch.status !== 0) return batch.status;
  }
  await batch.flush();
  return batch.status;
}

/**
 * Reads every line without carrying any out. @returns how many commands there are
 * @throws UsageError that names the first line which makes no sense
 */
export async function checkLines(session: Session): Promise<number> {
  let commands = 0;
  for await (const { number, text } of lines(session.context.stdin)) {
    const words = splitRule(text);
    if (words.length === 0) continue;
    try {
      await understand(words, session);
    } catch (error) {
      throw error instanceof UsageError ? new UsageError(`line ${number}: ${mistake(error)}`) : error;
    }
    commands++;
  }
  return commands;
}

/** Changes that wait to be carried out together, and the lines that they stand on. */
class Batch {
  /** The exit status of the last line that was carried out. */
  status = 0;
  private changes: Change[] = [];
  private numbers: number[] = [];

  constructor(private readonly session: Session) {}

  get full(): boolean {
    return this.changes.length >= BATCH;
  }

  add(change: Change, number: number): void {
    this.changes.push(change);
    this.numbers.push(number);
  }

  /** The command of a line; undefined for one that has been reported and is passed over. */
  async read(words: readonly string[], number: number): Promise<Command | undefined> {
    try {
      return await understand(words, this.session);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      await this.flush();
      const text = `line ${number}: ${mistake(error)}`;
      if (error instanceof NoCommandError) throw new NoCommandError(text);
      if (!(error instanceof MalformedError)) throw new UsageError(text);
      await this.session.context.err.write(`${text}\n`);
      this.status = REFUSED;
      return undefined;
    }
  }

  async flush(): Promise<void> {
    if (this.changes.length === 0) return;
    const { changes, numbers } = this;
    this.changes = [];
    this.numbers = [];
    const client = await this.session.context.client();
    const refusals = await client.applyAll(changes);
    const report = refusals.flatMap((error, at) => {
      if (error === undefined) return [];
      return [`${refusal(explained(error, changes[at] as Change))} (line ${numbers[at]})\n`];
    });
    if (report.length > 0) await this.session.context.err.write(report.join(''));
    this.status = refusals.at(-1) === undefined ? 0 : REFUSED;
  }
}

/** Lines of UTF-8 text, counted from 1; the last one need not be ended. */
async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<{ number: number; text: string }> {
  const decoder = new TextDecoder();
  let number = 0;
  let rest = '';
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    for (const text of parts) yield { number: ++number, text };
  }
  rest += decoder.decode();
  if (rest !== '') yield { number: ++number, text: rest };
}
