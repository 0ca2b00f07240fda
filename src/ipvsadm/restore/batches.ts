/**
 * What the lines of -R ask for, in their order, as steps: changes are gathered, as many as go to the kernel together;
 * whatever is no change is a step of its own. Nothing is carried out here.
 */
import { NoCommandError, UsageError } from '../../errors.js';
import { addChange } from '../../ipvs/requests.js';
import type { Change } from '../../model/change.js';
import { Batch } from '../../netlink/batch.js';
import type { Command } from '../grammar/command.js';
import { parseCommand, type Session } from '../name-lookup.js';
import { splitRule } from '../rules.js';
import { type Block, blocks, lineEnd, lineText } from './line-chunks.js';
import { Moulds } from './template-cache.js';

/** Changes to a step. */
const MOST = 1000;

export type Step =
  | { readonly do: 'changes'; readonly changes: Changes }
  | { readonly do: 'command'; readonly command: Command }
  | { readonly do: 'refuse'; readonly number: number; readonly mistake: UsageError };

/** The steps of these lines. Whoever asks for the next one has carried out those before, or will. */
export async function* stepsOf(session: Session): AsyncGenerator<Step> {
  const moulds = new Moulds();
  let changes = new Changes();
  let number = 1;
  for await (const block of blocks(session.context.stdin)) {
    for (let at = 0; at < block.length; ) {
      const known = changes.addLines(moulds, block, at, number);
      at = known.end;
      number = known.number;
      if (!changes.full && at < block.length) {
        const text = lineText(block, at);
        const said = await understood(text, number, session);
        if (said?.do === 'change') {
          changes.add(said.change, block, at, number);
          moulds.learn(text, said.change, changes.lastMessage());
        } else if (said !== undefined) {
          if (changes.count > 0) yield { do: 'changes', changes };
          changes = new Changes();
          yield said;
        }
        at = lineEnd(block, at) + 1;
        number++;
      }
      if (!changes.full) continue;
      yield { do: 'changes', changes };
      changes = new Changes();
    }
  }
  if (changes.count > 0) yield { do: 'changes', changes };
}

/** What one line asks for; nothing where it is empty. */
async function understood(
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

/** Room for the messages of a step, of which few are larger. */
const MESSAGE = 160;

/** Changes that are carried out together, and the lines that asked for them. */
export class Changes {
  readonly batch = new Batch(MOST * MESSAGE);
  private readonly numbers = new Int32Array(MOST);
  private readonly starts = new Int32Array(MOST);
  /** The blocks that the lines stand in, each with the first change that does. */
  private readonly blocks: { readonly from: number; readonly block: Block }[] = [];

  get count(): number {
    return this.batch.count;
  }

  get full(): boolean {
    return this.count === MOST;
  }

  /**
   * Adds the changes of lines from `start` on, as long as there is room and moulds fit them. Nearly all of a restore is
   * here, so this calls little and waits for nothing.
   * @returns where it ended, and the number of the line there
   */
  addLines(moulds: Moulds, block: Block, start: number, first: number): { end: number; number: number } {
    const { batch, starts, numbers } = this;
    this.enter(block);
    let end = start;
    let number = first;
    for (let index = this.count; index < MOST && end < block.length; index++) {
      const next = moulds.add(block, end, batch);
      if (next < 0) break;
      starts[index] = end;
      numbers[index] = number++;
      end = next;
    }
    return { end, number };
  }

  /** Adds the change that a line has come to. */
  add(change: Change, block: Block, start: number, number: number): void {
    this.enter(block);
    this.starts[this.count] = start;
    this.numbers[this.count] = number;
    addChange(this.batch, change);
  }

  lastMessage(): Uint8Array<ArrayBuffer> {
    return this.batch.message(this.count - 1);
  }

  /** Says which block the lines of the changes stand in that are added from now on. */
  private enter(block: Block): void {
    if (this.blocks.at(-1)?.block !== block) this.blocks.push({ from: this.count, block });
  }

  /** The number of the line that asked for a change, counted from 1. */
  number(index: number): number {
    return this.numbers[index] as number;
  }

  /** The change itself, which most of the time nobody needs: its line is parsed again. */
  async change(index: number, session: Session): Promise<Change> {
    const { block } = this.blocks.findLast(({ from }) => from <= index) as { block: Block };
    const command = await parseCommand(splitRule(lineText(block, this.starts[index] as number)), session);
    if (command.do !== 'change') throw new Error(`line ${this.number(index)} was a change before`);
    return command.change;
  }
}
