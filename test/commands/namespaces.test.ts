// What processes in several network namespaces write.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { outputsIn } from '../../src/commands/shared/namespaces.js';
import { HostError } from '../../src/errors.js';

/** Milliseconds. */
const PATIENCE = 10_000;

const names = Array.from({ length: 20 }, (_, index) => `ns${index}`);

test('a few are read at once, and the outputs keep the order of the names', async () => {
  let running = 0;
  let most = 0;
  const outputs = await outputsIn(
    names,
    ['metrics'],
    {
      async runSelf(words) {
        most = Math.max(most, ++running);
        await sleep(20 * Math.random());
        running--;
        return { status: 0, out: `${words.at(-1)}` };
      },
    },
    PATIENCE,
  );
  assert.equal(most, 8);
  assert.deepEqual(
    [...outputs],
    names.map((name) => [name, `/run/netns/${name}`]),
  );
});

test('one that fails ends the others', async () => {
  const ended: string[] = [];
  const run = outputsIn(
    names,
    ['metrics'],
    {
      runSelf: (words, _stdout, stop) =>
        words.at(-1) === '/run/netns/ns3'
          ? Promise.resolve({ status: 2, out: '' })
          : new Promise((_, reject) => {
              stop?.addEventListener('abort', () => {
                ended.push(String(words.at(-1)));
                reject(new HostError('run lvsadm', 'it was ended'));
              });
            }),
    },
    PATIENCE,
  );
  await assert.rejects(run, /^HostError: cannot read network namespace ns3: exit status 2$/);
  assert.equal(ended.length, 7);
});

test('one that does not end in time is ended, and named', async () => {
  const runSelf = (_words: readonly string[], _stdout: unknown, stop?: AbortSignal) =>
    sleep(5000, { status: 0, out: 'late' }, stop && { signal: stop });
  const run = outputsIn(['blue'], ['metrics'], { runSelf }, 20);
  await assert.rejects(run, /^HostError: cannot read network namespace blue: no answer within 0.02 s$/);
});
