/** The process as commands see it, in a test: what the test does not hand in cannot be reached. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from '../../src/context.js';

let scratch: string | undefined;

/** What commands write goes there, and with this process: never to /run and /var/lib of the machine that runs the tests. */
function scratchEnv(): NodeJS.ProcessEnv {
  if (scratch === undefined) {
    const made = fs.mkdtempSync(join(tmpdir(), 'lvsadm-context-'));
    process.on('exit', () => fs.rmSync(made, { recursive: true, force: true }));
    scratch = made;
  }
  return { LVSADM_RUN: join(scratch, 'run'), LVSADM_STATE_DIR: join(scratch, 'state') };
}

export const contextWith = (parts: Pick<Context, 'out' | 'err'> & Partial<Context>): Context => ({
  program: '/usr/sbin/lvsadm',
  env: parts.env ?? scratchEnv(),
  stdin: chunks(''),
  files: fs,
  readFile: (path) => assert.fail(`reads ${path}`),
  client: () => assert.fail('asks IPVS'),
  openClient: () => assert.fail('opens IPVS'),
  runSelf: () => assert.fail('runs itself'),
  runInNetns: () => assert.fail('enters a network namespace'),
  runLater: () => assert.fail('runs itself later'),
  startWorker: () => assert.fail('starts a worker'),
  openSocket: () => assert.fail('opens a socket'),
  now: () => 0,
  date: () => new Date(0),
  sleep: async () => {},
  ...parts,
});

/** Bytes as a pipe may deliver them: cut in the middle of lines and characters. Without content, a missing file. */
export async function* chunks(
  content: string | Uint8Array | undefined,
  size = 7,
): AsyncGenerator<Uint8Array> {
  if (content === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
  const bytes = Buffer.from(content);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
