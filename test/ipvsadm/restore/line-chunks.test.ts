/** Input as whole lines, however it comes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lineChunks } from '../../../src/ipvsadm/restore/line-chunks.js';
import { chunks } from '../../support/context.js';

async function collected(input: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const chunk of lineChunks(input)) text += Buffer.from(chunk).toString('latin1');
  return text;
}

test('chunks of any size are the lines of the input', () =>
  fc.assert(
    fc.asyncProperty(
      fc.string({ unit: fc.constantFrom('a', '\n'), maxLength: 50 }),
      fc.integer({ min: 1, max: 9 }),
      async (text, size) => {
        const ended = text === '' || text.endsWith('\n') ? text : `${text}\n`;
        assert.equal(await collected(chunks(text, size)), ended);
      },
    ),
  ));

test('a line without an end is neither kept as a whole nor copied again with every chunk', async () => {
  let reads = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    const piece = new Uint8Array(4096).fill(120);
    for (; reads < 100_000; reads++) yield piece;
  }
  const started = process.cpuUsage();
  const length = (await collected(endless())).length;
  assert.ok(length > 65_536 && length < 65_536 + 2 * 4096, `${length} bytes kept of 400 MB`);
  assert.ok(process.cpuUsage(started).user < 5_000_000);
  assert.equal(reads, 100_000);
});
