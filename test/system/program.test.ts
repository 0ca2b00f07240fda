// Programs: those that cannot be started are a reason or a HostError, and those that take too long end as a whole.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HostError } from '../../src/errors.js';
import { checkProgram, runProgram, runShown } from '../../src/system/programs/program.js';

// Node throws for an errno that it does not expect of spawn: here ENOTDIR.
const notStartable = '/proc/self/status/on-change';

test('a program that spawn throws for is a reason', async () => {
  assert.equal(await runProgram(notStartable, '{}', { timeout: 1000 }), 'not a directory');
  assert.equal(await runProgram('/no/such', '{}', { timeout: 1000 }), 'no such file or directory');
});

test('a program that spawn throws for is a HostError where its end is waited for', async () => {
  await assert.rejects(runShown([notStartable], 'pipe'), HostError);
  await assert.rejects(runShown(['/no/such'], 'pipe'), HostError);
});

test('a program that is waited for ends at a request to stop', async () => {
  const stop = new AbortController();
  const run = runShown(['/bin/sh', '-c', 'exec sleep 61.25'], 'pipe', stop.signal);
  const ended = assert.rejects(run, /cannot run \/bin\/sh: it was ended/);
  stop.abort();
  await ended;
  for (let tries = 0; tries < 250 && isStarted('61.25'); tries++) await sleep(20);
  assert.ok(!isStarted('61.25'));
});

/** Whether a child of this process has this word. */
const isStarted = (word: string): boolean =>
  readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')
    .split(' ')
    .some((pid) => commandOf(pid).includes(word));

const commandOf = (pid: string): string =>
  existsSync(`/proc/${pid}/cmdline`) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '';

test('a directory is no program', async () => {
  await assert.rejects(checkProgram('/usr'), /cannot run \/usr: it is not a regular file/);
});

const isRunning = (pid: string): boolean =>
  existsSync(`/proc/${pid}`) && !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

test('a program that takes too long ends with all that it started', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'lvsadm-program-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const [program, started] = [join(directory, 'program'), join(directory, 'started')] as const;
  writeFileSync(
    program,
    `#!/bin/sh\nsleep 60 &\necho $! >${started}.new\nmv ${started}.new ${started}\nwait\n`,
  );
  chmodSync(program, 0o755);
  const run = runProgram(program, '{}', { timeout: 4000 });
  assert.equal(await run, 'ended by SIGTERM');
  const pid = readFileSync(started, 'utf8').trim();
  for (let tries = 0; tries < 50 && isRunning(pid); tries++) await sleep(20);
  assert.ok(!isRunning(pid), `process ${pid} still runs`);
});

test('a program that runs when monitor is asked to stop has a while to end', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'lvsadm-program-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const program = join(directory, 'program');
  writeFileSync(program, '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
  const stop = new AbortController();
  const listeners = process.listenerCount('SIGINT');
  const run = runProgram(program, '{}', { timeout: 60_000, stop: stop.signal, grace: 100 });
  stop.abort();
  assert.equal(process.listenerCount('SIGINT'), listeners + 1);
  assert.equal(await run, 'ended by SIGTERM');
  assert.equal(process.listenerCount('SIGINT'), listeners);
});
