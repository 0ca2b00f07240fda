// Notifications to systemd.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostError } from '../../src/errors.js';
import { Supervisor, type SupervisorContext } from '../../src/system/programs/supervisor.js';

function supervisor(env: SupervisorContext['env'], status = 0) {
  const told: string[] = [];
  const warnings: string[] = [];
  const intervals: [number, () => void][] = [];
  const context: SupervisorContext = {
    env,
    every: (interval, call) => intervals.push([interval, call]),
    warn: (line) => warnings.push(line),
    async run(command) {
      told.push(command.join(' '));
      if (status < 0) throw new HostError('run systemd-notify', 'no such file or directory');
      return { status };
    },
  };
  return { supervisor: new Supervisor(context), told, warnings, intervals };
}

const own = `systemd-notify --pid=${process.pid}`;

test('without systemd nothing is told', async () => {
  const { supervisor: one, told, intervals } = supervisor({});
  await one.ready();
  assert.deepEqual([told, intervals], [[], []]);
});

test('systemd hears that the service is ready, and that it is alive at half of the time', async () => {
  const env = { NOTIFY_SOCKET: '@/org/freedesktop/systemd1/notify', WATCHDOG_USEC: '30000000' };
  const { supervisor: one, told, intervals } = supervisor(env);
  await one.ready();
  const [[interval, call] = assert.fail()] = intervals;
  assert.equal(interval, 15_000);
  call();
  await one.tell('STOPPING=1');
  assert.deepEqual(told, [`${own} READY=1`, `${own} WATCHDOG=1`, `${own} STOPPING=1`]);
});

test('a watchdog that is slow to be told is told again when it has been', async () => {
  const env = { NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '30000000' };
  const { supervisor: one, told, intervals } = supervisor(env);
  await one.ready();
  const [[, call] = assert.fail()] = intervals;
  call();
  call();
  assert.equal(told.length, 2);
  await new Promise(setImmediate);
  call();
  assert.deepEqual(told.slice(1), [`${own} WATCHDOG=1`, `${own} WATCHDOG=1`]);
});

for (const [status, line] of [
  [1, 'cannot tell systemd: systemd-notify ended with status 1'],
  [-1, 'cannot run systemd-notify: no such file or directory'],
] as const) {
  test(`one line says it: ${line}`, async () => {
    const { supervisor: one, warnings } = supervisor({ NOTIFY_SOCKET: '/run/systemd/notify' }, status);
    await one.ready();
    await one.tell('STOPPING=1');
    assert.deepEqual(warnings, [line]);
  });
}

test('a service that does not do its work is not said to be alive', async () => {
  let isAlive = true;
  const told: string[] = [];
  let call = (): void => {};
  const one = new Supervisor({
    env: { NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '30000000' },
    every: (_, each) => {
      call = each;
    },
    isAlive: () => isAlive,
    warn: assert.fail,
    run: async (command) => ({ status: told.push(command.at(-1) ?? '') * 0 }),
  });
  await one.ready();
  isAlive = false;
  call();
  isAlive = true;
  call();
  assert.deepEqual(told, ['READY=1', 'WATCHDOG=1']);
});
