// A request to stop, as commands hear it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Interruption } from '../../src/commands/shared/change/interruption.js';

test('after a request a sleep is short, and the event loop still turns', async () => {
  const stop = new AbortController();
  stop.abort('SIGTERM');
  const interruption = new Interruption({
    stopRequest: () => stop.signal,
    now: () => performance.now(),
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  });
  let turned = false;
  setTimeout(() => {
    turned = true;
  }, 0);
  const start = performance.now();
  await interruption.sleep(60_000);
  assert.equal(turned, true);
  assert.ok(performance.now() - start < 30_000);
});
