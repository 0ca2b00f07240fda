/** What a restore keeps in memory until its input has been read to the end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../src/errors.js';
import { NameLookup } from '../../../src/ipvsadm/name-lookup.js';
import { type Step, stepsOf } from '../../../src/ipvsadm/restore/batches.js';
import { checkedSteps } from '../../../src/ipvsadm/restore/restore.js';
import { systemResolver } from '../../../src/system/network/names.js';
import { Captured } from '../../support/captured.js';
import { contextWith } from '../../support/context.js';

async function* repeated<T>(one: T, times: number): AsyncGenerator<T> {
  for (let count = 0; count < times; count++) yield one;
}

function steps(stdin: AsyncIterable<Uint8Array>): AsyncGenerator<Step> {
  const context = contextWith({ out: new Captured(), err: new Captured(), env: {}, stdin });
  return stepsOf({ context, names: new NameLookup(context, systemResolver) });
}

const rule = '-a -t 192.0.2.1:80 -r 198.51.100.7:80 -m\n';

/** The same thousand rules again and again. */
async function thousands(times: number): Promise<AsyncGenerator<Step>> {
  const { value } = await steps(repeated(Buffer.from(rule), 1000)).next();
  assert.ok(value?.do === 'changes' && value.changes.count === 1000);
  return repeated(value, times);
}

test('two million rules are kept, and one more is refused in one line', async () => {
  assert.equal((await checkedSteps(await thousands(2000))).length, 2000);
  await assert.rejects(
    checkedSteps(await thousands(2001)),
    (error) => error instanceof UsageError && error.problem === 'more than 2000000 rules on standard input',
  );
});

test('listings count as rules, and an endless input of long lines is refused, too', async () => {
  const listing: Step = { do: 'command', command: { do: 'timeouts' } };
  const withListings = async function* (count: number): AsyncGenerator<Step> {
    yield* await thousands(1999);
    yield* repeated(listing, count);
  };
  assert.equal((await checkedSteps(withListings(1000))).length, 2999);
  await assert.rejects(checkedSteps(withListings(1001)), UsageError);
  const long = Buffer.from(`${rule.trimEnd().padEnd(65_000)}\n`);
  const kept: Step[] = [];
  const { value } = await steps(repeated(long, 1000)).next();
  assert.ok(value?.do === 'changes');
  for (let size = 0; size <= 512 * 1024 * 1024; size += value.changes.size) kept.push(value);
  await assert.rejects(checkedSteps(repeated(value, kept.length)), {
    problem: 'more than 536870912 bytes on standard input',
  });
});

test('comments are not kept', async () => {
  async function* commented(): AsyncGenerator<Uint8Array> {
    yield* repeated(Buffer.from('# a comment\n'.repeat(1000)), 20);
    yield Buffer.from(rule);
  }
  const { value } = await steps(commented()).next();
  assert.ok(value?.do === 'changes');
  assert.deepEqual([value.changes.count, value.changes.size], [1, rule.length]);
  assert.equal(value.changes.number(0), 20_001);
});
