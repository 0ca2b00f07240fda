// Programs that cannot be started: their end is a reason or a HostError, never another exception.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostError } from '../../src/errors.js';
import { runProgram, runShown } from '../../src/system/program.js';

// Node throws for an errno that it does not expect of spawn: here ENOTDIR.
const notStartable = '/proc/self/status/on-change';

test('a program that spawn throws for is a reason', async () => {
  assert.equal(await runProgram(notStartable, '{}', 1000), 'not a directory');
  assert.equal(await runProgram('/no/such', '{}', 1000), 'no such file or directory');
});

test('a program that spawn throws for is a HostError where its end is waited for', async () => {
  await assert.rejects(runShown([notStartable], 'pipe'), HostError);
  await assert.rejects(runShown(['/no/such'], 'pipe'), HostError);
});
