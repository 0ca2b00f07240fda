/** Input in chunks of whole lines, so that each line is bytes that lie together and need not be copied. */
import { LONGEST_LINE } from '../rules.js';

const NEWLINE = 10;

/** Whole lines, each ended by a newline, also the last line of the input. The bytes stay valid. */
export type LineChunk = Uint8Array;

/** Of a line that is longer than `LONGEST_LINE`, only as much is kept as shows that. */
export async function* lineChunks(input: AsyncIterable<Uint8Array>): AsyncGenerator<LineChunk> {
  let rest = new Pieces();
  for await (const bytes of input) {
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      yield rest.joinedWith(bytes.subarray(0, end));
      rest = new Pieces();
    }
    if (rest.length <= LONGEST_LINE) rest.add(bytes.slice(end));
  }
  if (rest.length > 0) yield rest.joinedWith(Uint8Array.of(NEWLINE));
}

/** Bytes that are joined once: joining them one by one would take time with the square of their length. */
class Pieces {
  private readonly pieces: Uint8Array[] = [];
  length = 0;

  add(bytes: Uint8Array): void {
    this.pieces.push(bytes);
    this.length += bytes.length;
  }

  joinedWith(tail: Uint8Array): Uint8Array {
    const all = new Uint8Array(this.length + tail.length);
    let at = 0;
    for (const piece of [...this.pieces, tail]) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }
}

const decoder = new TextDecoder();

/** Offset of the newline that ends the line at `at`. */
export const lineEnd = (chunk: LineChunk, at: number): number => chunk.indexOf(NEWLINE, at);

/** The text of the line at `at`, without its newline. */
export const lineText = (chunk: LineChunk, at: number): string =>
  decoder.decode(chunk.subarray(at, lineEnd(chunk, at)));
