/**
 * `apply --confirm` that is killed at every step, and what takes it back that is: the table is the one before in the end, whatever
 * happened in between.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Steps } from '../support/steps.js';
import { apply, document, Machine } from './scenarios.js';

const confirming = { words: [...apply, '--confirm', '60'], stdin: document };

test('apply --confirm that is killed at any step is taken back, or has changed nothing', async () => {
  for (let step = 0, isOver = false; !isOver; step++) {
    using machine = new Machine(true);
    const before = await machine.state();
    const steps = new Steps(step, () => steps.kill());
    await machine.run(confirming, { requests: steps, files: steps });
    isOver = steps.count <= step;
    for (const line of machine.later) await machine.done(line);
    await machine.becomes(before, `step ${step}`);
    assert.deepEqual(machine.remembered(), [], `step ${step}`);
    // Nothing is left that refuses the next one.
    await machine.done(confirming);
  }
});

test('what takes a change back can be killed at any step: rollback does the rest', async () => {
  for (let step = 0, isOver = false; !isOver; step++) {
    using machine = new Machine(true);
    const before = await machine.state();
    await machine.done(confirming);
    const [line = assert.fail()] = machine.later;
    const steps = new Steps(step, () => steps.kill());
    await machine.run(line, { requests: steps, files: steps });
    isOver = steps.count <= step;
    const isPending = machine.remembered().length > 0;
    if (isPending) await machine.done({ words: ['rollback'] });
    await machine.becomes(before, `step ${step}`);
    assert.equal((await machine.run({ words: ['confirm'] })).status, 1);
  }
});

test('confirm that is killed at any step leaves the table after the change, or one that can still be taken back', async () => {
  for (let step = 0, isOver = false; !isOver; step++) {
    using machine = new Machine(true);
    const before = await machine.state();
    await machine.done(confirming);
    const after = await machine.state();
    const steps = new Steps(step, () => steps.kill());
    await machine.run({ words: ['confirm'] }, { requests: steps, files: steps });
    isOver = steps.count <= step;
    const isPending = machine.remembered().length > 0;
    for (const line of machine.later) await machine.done(line);
    await machine.becomes(isPending ? before : after, `step ${step}`);
  }
});
