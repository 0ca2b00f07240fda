// Questions and answers over a Unix socket.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { HostError } from '../../src/errors.js';
import { askLine, serveLines } from '../../src/system/network/line-socket.js';

async function socketPath(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'lvsadm-test-'));
  t.after(() => rm(directory, { recursive: true }));
  return join(directory, 'agent.sock');
}

const ask = (path: string, question: string) => askLine(path, question, 'ask', 'nobody is there');

test('each line is answered with a line, in order, also if it comes in pieces', async (t) => {
  const path = await socketPath(t);
  const server = await serveLines(path, (question) => question.toUpperCase(), fs);
  t.after(() => server.close());
  assert.equal(await ask(path, 'weights'), 'WEIGHTS');
  const socket = connect({ path });
  t.after(() => socket.destroy());
  socket.write('fir');
  setTimeout(() => socket.write('st\nsecond\n'), 20);
  let received = '';
  for await (const chunk of socket) {
    received += chunk;
    if (received.endsWith('SECOND\n')) break;
  }
  assert.equal(received, 'FIRST\nSECOND\n');
});

test('only the owner can connect, and a socket that a killed process left is replaced', async (t) => {
  const path = await socketPath(t);
  await writeFile(path, '');
  const server = await serveLines(path, () => 'there', fs);
  assert.equal(fs.statSync(path).mode & 0o777, 0o600);
  assert.equal(await ask(path, ''), 'there');
  await server.close();
  assert.equal(fs.existsSync(path), false);
  await assert.rejects(
    ask(path, ''),
    (error) => error instanceof HostError && error.reason === 'nobody is there',
  );
});

test('a question that never ends is not kept', async (t) => {
  const path = await socketPath(t);
  const server = await serveLines(path, () => assert.fail('answers'), fs);
  t.after(() => server.close());
  await assert.rejects(ask(path, 'x'.repeat(140_000)), HostError);
});
