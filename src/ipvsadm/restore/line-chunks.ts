/** Input in chunks of whole lines, so that each line is bytes that lie together and need not be copied. */

const NEWLINE = 10;

/** Whole lines, each ended by a newline, also the last line of the input. The bytes stay valid. */
export type LineChunk = Uint8Array;

export async function* lineChunks(input: AsyncIterable<Uint8Array>): AsyncGenerator<LineChunk> {
  let rest: Uint8Array = new Uint8Array();
  for await (const bytes of input) {
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      yield joined(rest, bytes.subarray(0, end));
      rest = bytes.slice(end);
    } else rest = joined(rest, bytes);
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

/** Offset of the newline that ends the line at `at`. */
export const lineEnd = (chunk: LineChunk, at: number): number => chunk.indexOf(NEWLINE, at);

/** The text of the line at `at`, without its newline. */
export const lineText = (chunk: LineChunk, at: number): string =>
  decoder.decode(chunk.subarray(at, lineEnd(chunk, at)));
