// The newest Node.js: the unit tests of rooms that touch the runtime. `npm run test:nodes` runs all rooms, on all versions.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { before, test } from 'node:test';
import { newestNode, nodeProgram } from './nodes.js';

const rooms = ['bin', 'netlink', 'system', 'output', 'health', 'agent'];

const directory = join(import.meta.dirname, '..');

const testsOf = (room: string): string[] =>
  readdirSync(join(directory, room), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.js'))
    .map((path) => join(directory, room, path));

let node: string;
before(async () => {
  node = await nodeProgram(newestNode);
});

for (const room of rooms) {
  test(`Node.js ${newestNode}: ${room}`, async () => {
    const { failed, output } = await run([
      '--test',
      '--test-reporter=tap',
      '--test-isolation=none',
      ...testsOf(room),
    ]);
    assert.ok(!failed, output);
    assert.match(output, /^# pass [1-9]/m);
  });
}

/** In a process of its own, whose runner does not report to this one. */
const run = (words: readonly string[]) =>
  new Promise<{ failed: boolean; output: string }>((resolve) => {
    const env = {
      ...process.env,
      NODE_TEST_CONTEXT: undefined,
      PATH: [dirname(node), process.env['PATH']].join(delimiter),
    };
    const options = { env, maxBuffer: 2 ** 26 };
    execFile(node, [...words], options, (error, stdout, stderr) =>
      resolve({ failed: error !== null, output: stdout + stderr }),
    );
  });
