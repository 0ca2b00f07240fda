/** A process in a network namespace of its own, with lines in both directions. */
import assert from 'node:assert/strict';
import { readlinkSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { sharesNamespace } from '../../src/system/files/run-dir.js';
import { startWorker } from '../../src/system/programs/worker.js';

/** Lines of a program, until `count` have come or it has ended. */
function heard(command: readonly [string, ...string[]], sent: string, count: number): Promise<string[]> {
  return new Promise((resolve) => {
    const lines: string[] = [];
    const tell = (line: string): void => {
      lines.push(line);
      if (lines.length < count) return;
      worker.end();
      resolve(lines);
    };
    const worker = startWorker(command, { line: tell, ended: ({ message }) => resolve([...lines, message]) });
    worker.send(sent);
  });
}

test('a worker has a namespace of its own, and answers line by line', async () => {
  const [namespace, answer] = await heard(['sh', '-c', 'readlink /proc/$$/ns/net; exec cat'], 'é', 2);
  assert.equal(answer, 'é');
  assert.match(namespace ?? '', /^net:/);
  assert.notEqual(namespace, readlinkSync('/proc/self/ns/net'));
});

test('a worker that ends, or cannot be started, is told with the reason', async () => {
  assert.deepEqual(await heard(['sh', '-c', 'echo broken >&2; exit 1'], '', 9), [
    'cannot make a network namespace: broken',
  ]);
  assert.deepEqual(await heard(['/nowhere/lvsadm'], '', 9), [
    'cannot make a network namespace: no such file or directory',
  ]);
});

test('a process in another namespace is told from one in this', async () => {
  const shares = await new Promise((resolve) => {
    const worker = startWorker(['sh', '-c', 'echo $$; exec cat'], {
      line(pid) {
        resolve(sharesNamespace(pid, { statSync }));
        worker.end();
      },
      ended: resolve,
    });
  });
  assert.equal(shares, false);
  assert.equal(sharesNamespace(process.pid, { statSync }), true);
  assert.equal(sharesNamespace(process.ppid, { statSync }), true);
  assert.equal(sharesNamespace(2 ** 31 - 1, { statSync }), undefined);
});
