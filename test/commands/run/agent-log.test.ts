// The agent's log over readers that stand still or are gone, and over a full disk.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AgentLog } from '../../../src/commands/run/agent-log.js';
import { ClosedPipe } from '../../../src/context.js';
import { OutputError } from '../../../src/errors.js';

function log(write: (text: string) => Promise<void> | void) {
  const errors: unknown[] = [];
  const out = { isTTY: false, write: (text: string | Uint8Array) => write(String(text)) };
  const one = new AgentLog({ out, date: () => new Date(0) }, 'text', (error) => errors.push(error));
  const tell = (reason: string) => one.tell({ event: 'problem', reason });
  return { one, tell, errors };
}

const line = (reason: string): string => `1970-01-01T00:00:00.000Z problem: ${reason}\n`;

test('of a reader that stands still no more is kept than a bound, and the lost lines are counted', async () => {
  let text = '';
  let go = (): void => {};
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  const { one, tell, errors } = log(async (more) => {
    await gate;
    text += more;
  });
  const long = 'x'.repeat(1000);
  for (let index = 0; index < 2000; index++) tell(long);
  go();
  await one.idle();
  const taken = text.split('\n').filter((each) => each.endsWith(long)).length;
  assert.ok(taken > 900 && taken < 1100, `${taken}`);
  tell('again');
  await one.idle();
  assert.ok(text.endsWith(line('again')));
  assert.match(text, new RegExp(`problem: ${2000 - taken} lines were lost: `));
  assert.deepEqual(errors, []);
});

test('without a reader the log is silent, and the agent goes on', async () => {
  let attempts = 0;
  const { one, tell, errors } = log(() => {
    attempts++;
    throw new ClosedPipe('nobody reads the output');
  });
  tell('a');
  tell('b');
  await one.idle();
  tell('c');
  await one.idle();
  assert.deepEqual([attempts, errors], [1, []]);
});

test('lines that a full disk does not take are counted when it takes some again', async () => {
  let text = '';
  let isFull = true;
  const { one, tell, errors } = log((more) => {
    if (isFull) throw new OutputError('no space left on device');
    text += more;
  });
  tell('a');
  tell('b');
  await one.idle();
  isFull = false;
  tell('c');
  await one.idle();
  assert.equal(
    text,
    line('2 lines were lost: the reader of this log, or its disk, took no more') + line('c'),
  );
  assert.deepEqual(errors, []);
});
