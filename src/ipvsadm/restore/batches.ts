/**
 * The lines of -R as steps, in their order: changes are gathered into batches, everything else is a step of its own. Nothing is
 * carried out here.
 */
import { NoCommandError, UsageError } from '../../errors.js';
import { addChange } from '../../ipvs/requests.js';
import type { Change } from '../../model/change.js';
import { Batch } from '../../netlink/batch.js';
import type { Command } from '../grammar/command.js';
import { parseCommand, type Session } from '../name-lookup.js';
import { LINE_TOO_LONG, LONGEST_LINE, splitRule } from '../rules.js';
import { type LineChunk, lineChunks, lineEnd, lineText } from './line-chunks.js';
import { noTemplates, TemplateCache, type Templates } from './template-cache.js';

/** Changes in a batch, at most. */
const CAPACITY = 1000;

export type Step =
  | { readonly do: 'changes'; readonly changes: ChangeBatch }
  | { readonly do: 'command'; readonly command: Command }
  | { readonly do: 'refuse'; readonly number: number; readonly mistake: UsageError };

/**
 * The steps of standard input, read as they are asked for. Lines that a template matches are not parsed; LVSADM_TEMPLATES=off
 * has every line parsed.
 */
export async function* stepsOf(session: Session): AsyncGenerator<Step> {
  const { stdin, env } = session.context;
  const templates: Templates = env['LVSADM_TEMPLATES'] === 'off' ? noTemplates : new TemplateCache();
  let changes = new ChangeBatch();
  let number = 1;
  for await (const chunk of lineChunks(stdin)) {
    for (let at = 0; at < chunk.length; ) {
      const matched = changes.addLines(templates, chunk, at, number);
      at = matched.end;
      number = matched.number;
      if (!changes.full && at < chunk.length) {
        const text = lineText(chunk, at);
        const isTooLong = lineEnd(chunk, at) - at > LONGEST_LINE;
        const parsed = isTooLong ? tooLong(number) : await parseLine(text, number, session);
        if (parsed?.do === 'change') {
          const message = changes.add(parsed.change, chunk, at, number);
          templates.learn(text, parsed.change, message);
        } else if (parsed !== undefined) {
          if (changes.count > 0) yield { do: 'changes', changes };
          changes = new ChangeBatch();
          yield parsed;
        }
        at = lineEnd(chunk, at) + 1;
        number++;
      }
      if (!changes.full) continue;
      yield { do: 'changes', changes };
      changes = new ChangeBatch();
    }
  }
  if (changes.count > 0) yield { do: 'changes', changes };
}

const tooLong = (number: number): Step => ({
  do: 'refuse',
  number,
  mistake: new UsageError(LINE_TOO_LONG),
});

/** The change or step of one line; undefined for a line without words. */
async function parseLine(
  text: string,
  number: number,
  session: Session,
): Promise<Exclude<Step, { do: 'changes' }> | Extract<Command, { do: 'change' }> | undefined> {
  const words = splitRule(text);
  if (words.length === 0) return undefined;
  try {
    const command = await parseCommand(words, session);
    if (command.do === 'restore') throw new NoCommandError('-R cannot read itself');
    return command.do === 'change' ? command : { do: 'command', command };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { do: 'refuse', number, mistake: error };
  }
}

/** Bytes of a message; few are larger. */
const MESSAGE = 160;

/** Changes that are carried out together, and the lines that they come from. */
export class ChangeBatch {
  readonly batch = new Batch(CAPACITY * MESSAGE);
  private readonly numbers = new Int32Array(CAPACITY);
  private readonly starts = new Int32Array(CAPACITY);
  /** The chunks that the lines are in, each with the index of its first change. */
  private readonly chunks: { readonly from: number; readonly chunk: LineChunk }[] = [];

  get count(): number {
    return this.batch.count;
  }

  /** Index of the first change with such an operation; -1 if there is none. */
  findOperation(matches: (operation: string) => boolean): number {
    let index = 0;
    while (index < this.count && !matches(this.batch.operation(index))) index++;
    return index < this.count ? index : -1;
  }

  operation(index: number): string {
    return this.batch.operation(index);
  }

  /** Bytes of the chunks that the lines are in. */
  get size(): number {
    return this.chunks.reduce((sum, { chunk }) => sum + chunk.length, 0);
  }

  get full(): boolean {
    return this.count === CAPACITY;
  }

  /**
   * Adds the changes of lines from `start` on, while there is room and a template matches. Almost every line of a table is added
   * here, so this loop calls little and awaits nothing.
   * @returns offset and number of the first line that was not added
   */
  addLines(
    templates: Templates,
    chunk: LineChunk,
    start: number,
    first: number,
  ): { end: number; number: number } {
    const { batch, starts, numbers } = this;
    this.enter(chunk);
    let end = start;
    let number = first;
    for (let index = this.count; index < CAPACITY && end < chunk.length; index++) {
      const next = templates.add(chunk, end, batch);
      if (next < 0) break;
      starts[index] = end;
      numbers[index] = number++;
      end = next;
    }
    return { end, number };
  }

  /** Adds the change of a line that was parsed. @returns its message */
  add(change: Change, chunk: LineChunk, start: number, number: number): Uint8Array<ArrayBuffer> {
    const index = this.count;
    this.enter(chunk);
    this.starts[index] = start;
    this.numbers[index] = number;
    addChange(this.batch, change);
    return this.batch.message(index);
  }

  /** The lines that are added from now on are in this chunk. */
  private enter(chunk: LineChunk): void {
    const last = this.chunks.at(-1);
    if (last?.chunk === chunk) return;
    // A chunk of comments is not kept.
    if (last?.from === this.count) this.chunks.pop();
    this.chunks.push({ from: this.count, chunk });
  }

  /** The number of a change's line, counted from 1. */
  number(index: number): number {
    return this.numbers[index] as number;
  }

  /** The change itself. Few are asked for, so its line is parsed again. */
  async change(index: number, session: Session): Promise<Change> {
    const { chunk } = this.chunks.findLast(({ from }) => from <= index) as { chunk: LineChunk };
    const command = await parseCommand(splitRule(lineText(chunk, this.starts[index] as number)), session);
    if (command.do !== 'change') throw new Error(`line ${this.number(index)} was a change before`);
    return command.change;
  }
}
