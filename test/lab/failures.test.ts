// The lab when things go wrong, and what it passes through when they go well. Each test boots a guest of its own.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabFailure } from './errors.js';
import { runInLab } from './lab.js';

const inGuest = { guest: 'always' } as const;
const shell = (script: string) => ['sh', '-c', script];

const unwanted = process.env['LAB_GUEST'] === 'never' && 'LAB_GUEST is never';

describe('a guest', { skip: unwanted }, () => {
  test('input, output, messages and exit status pass through the guest untouched', async () => {
    const out = mkdtempSync(join(tmpdir(), 'lab-test-'));
    try {
      const script = `cat >"$LAB_OUT/input"; head -c 1048576 /dev/urandom | tee "$LAB_OUT/output"; echo oops >/dev/stderr
        sleep 1000 & exit 7`;
      const { status, stdout, stderr } = await runInLab({
        command: shell(script),
        stdin: Readable.from(['one\n', 'two']),
        settings: { ...inGuest, out },
      });
      assert.deepEqual([status, String(stderr), stdout.length], [7, 'oops\n', 2 ** 20]);
      const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
      assert.equal(digest(stdout), digest(readFileSync(join(out, 'output'))));
      assert.equal(readFileSync(join(out, 'input'), 'utf8'), 'one\ntwo');
    } finally {
      rmSync(out, { recursive: true });
    }
  });

  test('a command that a signal ends exits with 128 and the signal', async () => {
    const { status, stderr } = await runInLab({ command: shell('kill -9 $$'), settings: inGuest });
    assert.deepEqual([status, String(stderr)], [137, '']);
  });

  test('without a command there is a shell on a terminal, where Ctrl-C interrupts', async () => {
    const main = `'${process.execPath}' '${join(import.meta.dirname, 'main.js')}'`;
    const env = { ...process.env, LAB_GUEST: 'always', TERM: 'xterm' };
    const terminal = spawn('script', ['-qec', main, '/dev/null'], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(terminal, 'exit');
    // What to type as soon as the screen shows the other.
    const dialogue: [RegExp, string][] = [
      [/lab:.*# $/, 'tty; echo $((6 * 7)); sleep 1000\r'],
      [/hvc0\s+42\s/, '\x03'],
      [/\^C[\s\S]*# $/, 'exit 5\r'],
    ];
    let screen = '';
    // A Ctrl-C between two commands of the line may reach neither: like a person, the test presses it again.
    const impatience = setInterval(() => dialogue.length === 1 && terminal.stdin.write('\x03'), 2000);
    const patience = setTimeout(() => terminal.kill(), 180_000);
    for await (const data of terminal.stdout) {
      screen += data;
      if (!dialogue[0]?.[0].test(screen)) continue;
      terminal.stdin.write(dialogue.shift()?.[1] ?? '');
      screen = '';
    }
    clearInterval(impatience);
    clearTimeout(patience);
    assert.deepEqual([dialogue, await ended], [[], [5, null]], `the screen at the end: ${screen}`);
  });

  test('a kernel panic is a failure that shows the console', async () => {
    const panic = runInLab({ command: shell('echo c >/proc/sysrq-trigger; sleep 60'), settings: inGuest });
    await assert.rejects(panic, (error) => {
      assert.ok(error instanceof LabFailure);
      assert.equal(error.reason, 'the guest ended before its command');
      assert.match(error.console, /Kernel panic - not syncing: sysrq triggered crash/);
      return true;
    });
  });

  test('a hang ends with the time limit', async () => {
    const hang = runInLab({ command: shell('sleep 1000'), settings: { ...inGuest, timeout: 3 } });
    await assert.rejects(hang, { name: 'LabFailure', reason: 'the command was not over within 3 s' });
  });

  test('a signal to the lab ends the guest and leaves nothing behind', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'lab-test-'));
    try {
      const main = join(import.meta.dirname, 'main.js');
      const env = { ...process.env, LAB_GUEST: 'always', TMPDIR: directory };
      const lab = spawn(process.execPath, [main, 'sleep', '1000'], { env, stdio: 'ignore' });
      const ended = once(lab, 'exit');
      while (guestsIn(directory).length === 0) {
        assert.equal(lab.exitCode, null, 'the lab ended by itself');
        await sleep(50);
      }
      lab.kill('SIGTERM');
      assert.deepEqual(await ended, [null, 'SIGTERM']);
      assert.deepEqual(readdirSync(directory), []);
      for (let tries = 0; guestsIn(directory).length > 0; tries += 1) {
        assert.ok(tries < 100, 'the guest outlived the lab');
        await sleep(50);
      }
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

/** The processes whose command line names the directory of this run's guest. */
const guestsIn = (directory: string): string[] =>
  readdirSync('/proc').filter((pid) => {
    const file = `/proc/${pid}/cmdline`;
    try {
      return (
        /^\d+$/.test(pid) &&
        existsSync(file) &&
        readFileSync(file, 'utf8').includes(`${directory}/lvsadm-lab-`)
      );
    } catch {
      return false; // it ended meanwhile
    }
  });
