/** The standalone executable's process where the runtime may not make code, as under MemoryDenyWriteExecute= of systemd. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { bun } from '../support/bun.js';

const program = join(import.meta.dirname, '../../bin/lvsadm-standalone.js');

test('without system calls it says why and what to do, and loads nothing from the working directory', async (t) => {
  assert.ok(bun, 'the bun package brought no executable for this machine');
  const directory = mkdtempSync(join(tmpdir(), 'lvsadm-'));
  t.after(() => rmSync(directory, { recursive: true }));
  // What is no library would be told of, had it been tried.
  for (const name of ['libc.so', 'libc.so.6']) writeFileSync(join(directory, name), 'no library');
  for (const words of [['-Ln'], ['list']]) {
    const { status, stdout, stderr } = await run(bun, [program, ...words], directory);
    assert.match(
      stderr,
      /^lvsadm: cannot call the C library: bun:ffi requires the JIT\n.*MemoryDenyWriteExecute=.*\n.*node --jitless\n$/,
    );
    assert.deepEqual([stdout, status], ['', 255]);
  }
});

const run = (file: string, args: readonly string[], cwd: string) =>
  new Promise<{ status: unknown; stdout: string; stderr: string }>((resolve) => {
    const env = { ...process.env, BUN_JSC_useJIT: '0' };
    execFile(file, args, { cwd, env }, (error, stdout, stderr) =>
      resolve({ status: error?.code ?? 0, stdout, stderr }),
    );
  });
