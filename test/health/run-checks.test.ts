/** Many checks: few at once, identical ones together, spread by their jitter. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeCheck, runChecks } from '../../src/health/run-checks.js';
import type { CheckKind, CheckOf } from '../../src/model/check.js';
import { checkOf } from '../support/health/check-of.js';
import { sayOnce, serveTcp, silent } from '../support/health/servers.js';

const place = <K extends CheckKind>(kind: K, port: number, options: Partial<CheckOf<K>> = {}) =>
  placeCheck(checkOf(kind, options), { address: '127.0.0.1', port });

test('no more checks run at once than the limit', async (t) => {
  let open = 0;
  let most = 0;
  const port = await serveTcp(t, (socket) => {
    most = Math.max(most, ++open);
    socket.resume().once('close', () => open--);
    setTimeout(() => socket.end('up\n'), 20);
  });
  const checks = Array.from({ length: 20 }, (_, index) =>
    place('tcp', port, { send: `${index}`, expect: 'up' }),
  );
  const results = await runChecks(checks, { concurrency: 3 });
  assert.deepEqual(new Set(results.map(({ reason }) => reason)), new Set(['expected answer']));
  // The server may hear of a new connection before the end of the one that it follows.
  assert.ok(most >= 2 && most <= 6, `${most} at once`);
});

test('checks that differ only in their timing run once, others by themselves', async (t) => {
  let connections = 0;
  const port = await serveTcp(t, (socket) => {
    connections++;
    socket.end('up');
  });
  const up = { expect: 'up' };
  const results = await runChecks([
    place('tcp', port, up),
    place('tcp', port, { ...up, every: 9000, rise: 7, fall: 9, fastEvery: 300 }),
    place('tcp', 1, { ...up, port }),
    place('tcp', port, { ...up, timeout: 3000 }),
    place('tcp', port, { ...up, bind: '127.0.0.9' }),
    place('agent', port),
  ]);
  assert.equal(connections, 4);
  assert.equal(results[0], results[1]);
  assert.equal(results[0], results[2]);
  assert.deepEqual(
    results.map(({ ok }) => ok),
    [true, true, true, true, true, true],
  );
});

test('a check starts after a random pause of at most its jitter', async (t) => {
  const starts: number[] = [];
  const port = await serveTcp(t, (socket) => {
    starts.push(performance.now());
    socket.end('up');
  });
  const begin = performance.now();
  const checks = Array.from({ length: 20 }, (_, index) =>
    place('tcp', port, { send: `${index}`, expect: 'up', every: 1000, jitter: 30 }),
  );
  await runChecks(checks);
  const pauses = starts.map((start) => start - begin);
  assert.equal(pauses.length, 20);
  // Twenty numbers from 0 to 300 differ by less than 60 once in a billion runs.
  assert.ok(Math.max(...pauses) - Math.min(...pauses) > 60, String(pauses));
});

test('a request to stop ends all checks, and those that wait do not start', async (t) => {
  const port = await silent(t);
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error('stopped')), 50);
  const checks = Array.from({ length: 9 }, (_, index) =>
    place('http', port, { path: `/${index}`, timeout: 60_000, every: 60_000, jitter: index === 0 ? 50 : 0 }),
  );
  await assert.rejects(runChecks(checks, { concurrency: 4, stop: stop.signal }), /^Error: stopped$/);
});

test('many checks at once make no warning of the runtime', async (t) => {
  const warnings: string[] = [];
  const warn = ({ message }: Error): unknown => warnings.push(message);
  process.on('warning', warn);
  t.after(() => process.off('warning', warn));
  const port = await sayOnce(t, 'up');
  const checks = Array.from({ length: 40 }, (_, index) =>
    place('tcp', port, { send: `${index}`, expect: 'up' }),
  );
  const results = await runChecks(checks, { stop: new AbortController().signal });
  await new Promise(setImmediate);
  assert.deepEqual([results.length, warnings], [40, []]);
});

test('a check that nothing can end has failed a moment after its limit', async (t) => {
  const { promises } = process.getBuiltinModule('node:fs');
  t.mock.method(promises, 'open', () => new Promise(() => {}));
  // The runtime would end without anything to wait for.
  const alive = setInterval(() => {}, 1000);
  t.after(() => clearInterval(alive));
  const [result] = await runChecks([place('file', 0, { path: '/mnt/dead/state', timeout: 200 })], {});
  assert.deepEqual([result?.ok, result?.reason], [false, 'no result within 200ms']);
});

test('the target is that of the check, else the server, else the usual one of the kind', () => {
  const server = { address: '198.51.100.7', port: 8080 };
  const target = (check: Parameters<typeof placeCheck>[0], of = server) => placeCheck(check, of).target;
  assert.deepEqual(target(checkOf('http')), { ...server, bind: undefined });
  assert.deepEqual(target(checkOf('http'), { ...server, port: 0 }), { ...server, port: 80, bind: undefined });
  assert.deepEqual(target(checkOf('icmp'), { ...server, port: 0 }), { ...server, port: 0, bind: undefined });
  assert.deepEqual(target(checkOf('https', { connectTo: '192.0.2.1', port: 1, bind: '192.0.2.2' })), {
    address: '192.0.2.1',
    port: 1,
    bind: '192.0.2.2',
  });
});
