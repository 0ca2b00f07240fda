/** What becomes of output that cannot be written. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs, { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DescriptorOutput } from '../../src/cli/process/output.js';
import { bun } from '../support/bun.js';

const program = join(import.meta.dirname, '../../bin/lvsadm.js');

for (const words of [['--help'], ['help'], ['completion', 'bash']]) {
  test(`a full disk is reported in a line: ${words.join(' ')}`, () => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, [program, ...words], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(full);
    assert.deepEqual([status, stderr], [1, 'lvsadm: cannot write the output: no space left on device\n']);
  });
}

test('a mistake has its exit status although standard error is full', () => {
  const full = openSync('/dev/full', 'w');
  const { status, stdout } = spawnSync(process.execPath, [program, 'nonsense'], {
    stdio: ['ignore', 'pipe', full],
    encoding: 'utf8',
  });
  closeSync(full);
  assert.deepEqual([status, stdout], [2, '']);
});

/** Writes 512 KiB to a pipe a while after the request to stop. */
const late = `
import fs from 'node:fs';
import { DescriptorOutput } from ${JSON.stringify(join(import.meta.dirname, '../../src/cli/process/output.js'))};
const out = new DescriptorOutput(1, fs);
const stop = new AbortController();
out.unblock(stop.signal);
stop.abort('SIGTERM');
setTimeout(() => out.write('x'.repeat(512 * 1024)), 700);
`;

test('a reader that reads gets what is written after a request to stop, however late', () => {
  const { status, stdout } = spawnSync(
    'sh',
    ['-c', '"$@" | (sleep 1; exec cat)', 'sh', process.execPath, '--input-type=module', '-e', late],
    { encoding: 'utf8' },
  );
  assert.deepEqual([status, stdout.length], [0, 512 * 1024]);
});

test('lines of standard error that nobody reads are lost beyond a bound, and counted', async () => {
  let isRead = false;
  let text = '';
  const pipe = {
    ...fs,
    statSync: () => ({ mode: 0o010600, ino: 0 }),
    openSync: () => 9,
    writeSync(_descriptor: number, bytes: Uint8Array) {
      if (!isRead) throw Object.assign(new Error('full'), { code: 'EAGAIN' });
      text += Buffer.from(bytes);
      return bytes.length;
    },
  };
  const err = new DescriptorOutput(2, pipe);
  err.unblock(new AbortController().signal);
  for (let line = 0; line < 2000; line++) void err.write(`${'x'.repeat(99)}\n`);
  isRead = true;
  while (err.later !== undefined) await err.later;
  void err.write('end\n');
  const lines = text.split('\n');
  assert.equal(lines.filter((line) => line.startsWith('x')).length, 655);
  assert.deepEqual(lines.slice(655), [
    'lvsadm: 1345 lines were lost, as nobody read standard error',
    'end',
    '',
  ]);
});

const endless = join(import.meta.dirname, '../support/top-program.js');

/**
 * Starts `top --json`, which writes ten times a second.
 * @param how shell commands around `"$@"`
 */
function start(t: TestContext, runtime: string, how: string, stdout: 'pipe' | 'ignore' | number) {
  const directory = mkdtempSync(join(tmpdir(), 'lvsadm-output-'));
  const words = ['-c', how, 'sh', runtime, endless, directory, 'top', '--json', '--interval', '0.1'];
  const child = spawn('sh', words, { stdio: ['pipe', stdout, 'inherit'] });
  t.after(() => {
    child.stdout?.destroy();
    rmSync(directory, { recursive: true });
  });
  return { directory, child };
}

/** Asks it to stop when it has tried to write. @returns its exit status, and how long it took, in milliseconds */
async function stopped({ directory, child }: { directory: string; child: ChildProcess }) {
  const ended = once(child, 'exit');
  for (let tries = 0; !existsSync(join(directory, 'stoppable')); tries++) {
    assert.ok(tries < 1000, 'it handles no SIGTERM');
    await sleep(20);
  }
  await sleep(3000);
  const pid = Number(readFileSync(join(directory, 'pid'), 'utf8'));
  const start = performance.now();
  process.kill(pid, 'SIGTERM');
  const overdue = setTimeout(() => process.kill(pid, 'SIGKILL'), 20_000);
  const [status, signal] = await ended;
  clearTimeout(overdue);
  return { status, signal, time: performance.now() - start };
}

/** Another program fills the output, which nobody reads. */
const FULL = 'yes & exec "$@"';

function onFullPipe(t: TestContext, runtime: string) {
  const directory = mkdtempSync(join(tmpdir(), 'lvsadm-pipe-'));
  const path = join(directory, 'pipe');
  execFileSync('mkfifo', [path]);
  const [reader, writer] = [openSync(path, 'r+'), openSync(path, 'w')];
  t.after(() => {
    for (const descriptor of [reader, writer]) closeSync(descriptor);
    rmSync(directory, { recursive: true });
  });
  return start(t, runtime, FULL, writer);
}

/** Pipes of node:child_process are sockets. */
const onFullSocket = (t: TestContext, runtime: string) => start(t, runtime, FULL, 'pipe');

function onStoppedTerminal(t: TestContext, runtime: string) {
  const running = start(t, runtime, 'script -qefc "$*" /dev/null', 'ignore');
  // Ctrl-S
  running.child.stdin?.write('\x13');
  return running;
}

const runtimes = { 'Node.js': process.execPath, Bun: bun };

for (const [name, runtime] of Object.entries(runtimes)) {
  test(`a request to stop is heard although nobody reads the output (${name})`, async (t) => {
    if (runtime === undefined) return t.skip('the bun package brought no executable for this machine');
    const running = await Promise.all(
      [onFullPipe, onFullSocket, onStoppedTerminal].map((on) => on(t, runtime)),
    );
    for (const { status, signal, time } of await Promise.all(running.map(stopped))) {
      assert.deepEqual([status, signal], [0, null]);
      assert.ok(time < 5000, `it took ${time} ms`);
    }
  });
}
