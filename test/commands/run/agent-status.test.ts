// State of the agent for systemd.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AgentStatus } from '../../../src/commands/run/agent-status.js';

test('systemd is told that the agent is ready once, and each line when it changes', async () => {
  const told: string[] = [];
  const supervisor = {
    ready: async () => void told.push('ready'),
    tell: async (s: string) => void told.push(s),
  };
  let line = 'waiting for a release of the fleet';
  const status = new AgentStatus(supervisor, () => line);
  await status.show();
  for (const _ of [1, 2]) await status.notYet('the kernel refused a change');
  assert.deepEqual(told.splice(0), ['STATUS=the kernel refused a change; trying again']);
  for (const _ of [1, 2]) await status.ready();
  assert.deepEqual(told.splice(0), ['ready', `STATUS=${line}`]);
  line = '';
  for (const _ of [1, 2]) await status.show();
  await status.notYet('the kernel refused a change');
  assert.deepEqual(told, ['STATUS=']);
});
