/** Checks through paths, with a prober that is played: where they run, and what becomes of them without one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Errno, HostError, KernelError } from '../../src/errors.js';
import type { Asked } from '../../src/health/path/messages.js';
import type { ProberPorts } from '../../src/health/path/prober.js';
import { Probers, within } from '../../src/health/path/probers.js';
import { placeFor, runChecks } from '../../src/health/run-checks.js';
import type { ServiceId } from '../../src/model/service.js';
import type { Machine } from '../../src/system/machine.js';
import type { WorkerEvents } from '../../src/system/programs/worker.js';
import { checkOf } from '../support/health/check-of.js';
import { serverRow } from '../support/rows.js';

const web: ServiceId = { protocol: 'tcp', address: '192.0.2.10', port: 80 };
const leg = { address: ['198.51.100.250/24'], link: 'macvlan' } as const;
const check = checkOf('tcp', { through: 'path', leg, timeout: 50 });
const placed = (last: number, of = check) =>
  placeFor(of, web, serverRow(`198.51.100.${last}`, 80, { method: 'dr' }));

/** What the played prober does with a question. */
type Play = (asked: Asked, events: WorkerEvents) => void;

const answer =
  (of: (asked: Asked) => unknown): Play =>
  (asked, events) =>
    events.line(JSON.stringify({ id: asked.id, answer: asked.ask === 'check' ? of(asked) : null }));

/** Ports whose probers play, one after the other; undefined: it cannot be started. */
function played(...plays: readonly (Play | undefined)[]) {
  return playedOver({}, plays);
}

/** @param network what the network of the machine does otherwise */
function playedOver(network: object, plays: readonly (Play | undefined)[]) {
  const left = [...plays];
  const made: unknown[] = [];
  const route = {
    addresses: async () => [{ address: '198.51.100.1' }],
    wayTo: async () => ({ type: 'unicast', device: 'eth1' }),
    createLinkBeside: async (link: unknown) => void made.push(link),
    ...network,
  };
  const machine = { route: async () => route, close: async () => {} } as unknown as Machine;
  const ports: ProberPorts = {
    machine,
    start: async (events) => {
      const play = left.shift();
      if (play === undefined) throw new HostError('make a network namespace', 'operation not permitted');
      setImmediate(() => events.line('ready'));
      const send = (line: string): void => void setImmediate(() => play(JSON.parse(line), events));
      return { process: 77, send, end: () => void made.push('ended') };
    },
  };
  return { made, probers: new Probers(ports) };
}

const connected = { ok: true, ms: 1, reason: 'connected' };

test('checks of one leg share a prober, whose link stands beside the one that leads to the server', async () => {
  const questions: unknown[] = [];
  const { made, probers } = played(
    answer(({ question }) => {
      questions.push(question);
      return connected;
    }),
  );
  const results = await runChecks([placed(7), placed(8)], { run: probers.run });
  assert.deepEqual(results, [connected, connected]);
  assert.deepEqual(made, [{ name: 'leg', kind: 'macvlan', device: 'eth1', process: 77 }]);
  const paths = [7, 8].map((last) => ({ vip: '192.0.2.10', server: `198.51.100.${last}` }));
  assert.deepEqual(
    questions,
    paths.map((path) => ({ path, check, port: 80 })),
  );
  await probers.end();
});

test('a failure says as which address the server should have answered', async () => {
  const { probers } = played(answer(() => ({ ok: false, ms: 2, reason: 'connection refused' })));
  assert.deepEqual(await probers.run(placed(7)), {
    ok: false,
    ms: 2,
    reason: 'as 192.0.2.10: connection refused',
  });
});

test('without a prober checks are not run, and the next one starts after a pause', async (context) => {
  const { probers } = played(
    undefined,
    answer(() => connected),
  );
  const first = await probers.run(placed(7));
  assert.equal(first.notRun, true);
  assert.equal(first.reason, 'cannot make a network namespace: operation not permitted');
  assert.equal((await probers.run(placed(7))).notRun, true, 'within the pause');
  const { now } = performance;
  context.mock.method(performance, 'now', () => now.call(performance) + 1000);
  assert.deepEqual(await probers.run(placed(7)), connected);
});

test('a prober that ends, or does not answer, leaves its checks not run', async (context) => {
  const ends: Play = (asked, events) =>
    asked.ask === 'check'
      ? events.ended(new HostError('make a network namespace', 'the process in it was ended'))
      : answer(() => null)(asked, events);
  const hangs: Play = (asked, events) => void (asked.ask !== 'check' && answer(() => null)(asked, events));
  const { probers } = played(ends, hangs);
  assert.match((await probers.run(placed(7))).reason, /the process in it was ended/);
  const { now } = performance;
  context.mock.method(performance, 'now', () => now.call(performance) + 5000);
  const result = await probers.run(placed(7));
  assert.deepEqual([result.notRun, result.reason], [true, 'cannot ask the prober: it has ended']);
});

test('the prober of a leg that no check has any more is ended, that of another leg goes on', async () => {
  const play = answer(() => connected);
  const { made, probers } = played(play, play);
  const other = checkOf('tcp', {
    through: 'path',
    leg: { ...leg, address: [...leg.address, 'fd01::250/64'] },
  });
  await probers.run(placed(7));
  await probers.keep([placed(7), placed(8, other)]);
  assert.equal(made.at(-1) === 'ended', false);
  await probers.keep([placed(7, other)]);
  assert.equal(made.at(-1), 'ended', 'before another one is started');
  assert.deepEqual(await probers.run(placed(7, other)), connected);
  assert.deepEqual(
    made.map((each) => each === 'ended'),
    [false, true, false],
  );
});

test('a prober that starts well and ends early is not made again each second', async (context) => {
  const ends: Play = (asked, events) =>
    asked.ask === 'check'
      ? events.ended(new HostError('make a network namespace', 'the process in it was ended'))
      : answer(() => null)(asked, events);
  const { made, probers } = played(...Array(20).fill(ends));
  let later = 0;
  const { now } = performance;
  context.mock.method(performance, 'now', () => now.call(performance) + later);
  const startsAfter: number[] = [];
  for (later = 0; later < 70_000; later += 1000) {
    const before = made.length;
    await probers.run(placed(7));
    if (made.length > before) startsAfter.push(later / 1000);
  }
  assert.deepEqual(startsAfter, [0, 1, 3, 7, 15, 31, 63]);
});

test('the time to make the way to a server is not that of its check', async () => {
  const slow: Play = (asked, events) => {
    const reply = (): void => answer(() => connected)(asked, events);
    if (asked.ask === 'prepare') setTimeout(reply, check.timeout + 1200);
    else reply();
  };
  const { probers } = played(slow);
  assert.deepEqual(await probers.run(placed(7)), connected);
});

test('a fault in a check is that of the check alone', async () => {
  const bug = { message: 'TypeError: x', stack: 'TypeError: x\n    at run' };
  const { made, probers } = played(({ id, ask }, events) =>
    events.line(JSON.stringify(ask === 'check' ? { id, bug } : { id, answer: null })),
  );
  await assert.rejects(probers.run(placed(7)), bug);
  assert.equal(made.includes('ended'), false);
});

test('a prober that does not start leaves the checks not run, and no request to stop waiting', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { made, probers } = played(
    () => {},
    () => {},
  );
  const result = probers.run(placed(7));
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  context.mock.timers.tick(30_000);
  assert.deepEqual((await result).reason, 'cannot start the prober: it was not ready within 30 s');
  assert.equal(made.at(-1), 'ended');
  const hanging = played(() => {}).probers;
  const stop = new AbortController();
  const stopped = assert.rejects(hanging.run(placed(7), stop.signal), /stopped/);
  stop.abort(new Error('stopped'));
  await stopped;
  await hanging.end();
});

test('a request to stop is not waited for', async () => {
  const hangs: Play = (asked, events) => void (asked.ask !== 'check' && answer(() => null)(asked, events));
  const { probers } = played(hangs);
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error('stopped')), 20);
  await assert.rejects(probers.run(placed(7), stop.signal), /stopped/);
});

test('a leg that cannot be made is the reason', async () => {
  const refuse = (errno: number) => async () => {
    throw new KernelError('new link', errno);
  };
  const cases: readonly (readonly [network: object, reason: string])[] = [
    [
      { createLinkBeside: refuse(Errno.EBUSY) },
      'cannot make a macvlan link beside eth1: resource busy or locked',
    ],
    [{ wayTo: refuse(Errno.ENETUNREACH) }, 'cannot find the way to 198.51.100.7: network is unreachable'],
    [
      { wayTo: async () => ({ type: 'local', device: 'lo' }) },
      'cannot find the way to 198.51.100.7: it is an address of this machine',
    ],
    [
      { addresses: async () => [{ address: '198.51.100.250' }] },
      'cannot use the address 198.51.100.250: this machine has it already',
    ],
  ];
  for (const [network, reason] of cases) {
    const { probers } = playedOver(network, [answer(() => connected)]);
    const result = await probers.run(placed(7));
    assert.deepEqual([result.notRun, result.reason], [true, reason]);
  }
});

test('a reload has the prober remove the ways to servers that are gone, and make them anew when they come back', async () => {
  const asked: string[] = [];
  const { probers } = played((question, events) => {
    if (question.ask !== 'check') asked.push(question.ask);
    answer(() => connected)(question, events);
  });
  await probers.run(placed(7));
  await probers.run(placed(8));
  await probers.keep([placed(7), placed(8)]);
  assert.deepEqual(asked, ['open', 'prepare', 'prepare']);
  await probers.keep([placed(7)]);
  await probers.run(placed(8));
  assert.deepEqual(asked.slice(3), ['keep', 'prepare']);
  await probers.end();
});

test('an answer that is no JSON ends the prober, and not the agent', async () => {
  const { made, probers } = played((asked, events) =>
    asked.ask === 'check' ? events.line('what?') : answer(() => null)(asked, events),
  );
  assert.match((await probers.run(placed(7))).reason, /its answer is not JSON/);
  assert.equal(made.at(-1), 'ended');
});

test('a question that takes longer than its time ends the prober', async () => {
  let isEnded = false;
  let give = (_: string): void => {};
  const answered = new Promise<string>((resolve) => {
    give = resolve;
  });
  const end = (): void => {
    isEnded = true;
    give('ended');
  };
  assert.equal(await within(20, { end }, () => answered), 'ended');
  assert.ok(isEnded);
});
