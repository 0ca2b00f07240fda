/** The quick way of -R: lines of a shape that was there before become messages without being parsed. */
import type { Change } from '../../model/change.js';
import type { Batch } from '../../netlink/batch.js';
import { mouldOf } from './compile-template.js';
import type { Mould } from './line-template.js';

/** Tables have few shapes: a line for each kind of service, and one for each kind of server. */
const MOST = 16;

export class Moulds {
  /** The one that was used last comes first: servers follow servers. */
  private readonly moulds: Mould[] = [];

  /**
   * Adds the change of the line that starts at `at` to a batch, if a mould fits it.
   * @returns where the next line starts, or -1 where the line must be parsed
   */
  add(lines: Uint8Array, at: number, batch: Batch): number {
    const { moulds } = this;
    for (let index = 0; index < moulds.length; index++) {
      const mould = moulds[index] as Mould;
      const next = mould.fill(lines, at);
      if (next < 0) continue;
      batch.addCopy(mould.operation, mould.message);
      if (index > 0) this.putFirst(mould, index);
      return next;
    }
    return -1;
  }

  /** Remembers the shape of a line that was parsed, and the message that it came to. */
  learn(line: string, change: Change, message: Uint8Array<ArrayBuffer>): void {
    const mould = mouldOf(line, change, message);
    if (mould !== undefined) this.putFirst(mould, MOST - 1);
  }

  /** Those before `index` make room. */
  private putFirst(mould: Mould, index: number): void {
    this.moulds.splice(index, 1);
    this.moulds.unshift(mould);
  }
}
