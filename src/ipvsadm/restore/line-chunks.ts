/** Input cut into blocks of whole lines, so that a line is bytes that lie together, and nobody copies it. */

const NEWLINE = 10;

/** Bytes that are the reader's to keep. Each line in them is ended, the last one of the input too where it was not. */
export type Block = Uint8Array;

export async function* blocks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Block> {
  let rest: Uint8Array = new Uint8Array();
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      yield joined(rest, chunk.subarray(0, end));
      rest = chunk.slice(end);
    } else rest = joined(rest, chunk);
  }
  if (rest.length > 0) yield joined(rest, Uint8Array.of(NEWLINE));
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const both = new Uint8Array(head.length + tail.length);
  both.set(head);
  both.set(tail, head.length);
  return both;
}

const decoder = new TextDecoder();

/** Where the line that starts at `at` has its end, a newline. */
export const lineEnd = (block: Block, at: number): number => block.indexOf(NEWLINE, at);

/** The text of the line that starts at `at`. */
export const lineText = (block: Block, at: number): string =>
  decoder.decode(block.subarray(at, lineEnd(block, at)));
