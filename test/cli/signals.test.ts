// Listeners of the process's signals: they do not pile up, or the runtime would write a warning across the screen.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { stopRequest } from '../../src/cli/process/context.js';
import { openTerminal } from '../../src/cli/process/terminal.js';
import { Captured } from '../support/captured.js';

const listeners = () => ['SIGINT', 'SIGTERM', 'SIGCONT'].map((signal) => process.listenerCount(signal));

test('each request to stop is the same one', (t) => {
  const before = listeners();
  t.after(() => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.removeAllListeners(signal);
  });
  for (let count = 0; count < 20; count++) stopRequest();
  assert.deepEqual(
    listeners().map((count, index) => count - (before[index] ?? 0)),
    [1, 1, 0],
  );
});

/** Standard input as a terminal, and signals that have no effect. */
function pretendTerminal(t: TestContext): void {
  const { stdin } = process;
  const { isTTY, setRawMode } = stdin;
  Object.assign(stdin, { isTTY: true, setRawMode: () => stdin });
  t.mock.method(process, 'kill', () => true);
  t.after(() => Object.assign(stdin, { isTTY, setRawMode }));
}

test('a suspension that has no effect leaves no listener behind', async (t) => {
  pretendTerminal(t);
  const terminal = openTerminal(new Captured(true), { enter: '', leave: '' }, () => {});
  const before = listeners();
  await terminal?.suspend();
  terminal?.close();
  assert.deepEqual(listeners(), before);
});
