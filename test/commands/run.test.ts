// lvsadm run: the agent as a command, over a kernel in memory and servers on loopback.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { refuseRivals } from '../../src/commands/run/rivals.js';
import { UsageError } from '../../src/errors.js';
import type { ServiceId } from '../../src/model/service.js';
import { Store } from '../../src/system/store.js';
import { Director } from '../support/director.js';
import { ownFiles } from '../support/flock.js';
import { closedPort, serveTcp } from '../support/health/servers.js';

const web: ServiceId = { protocol: 'tcp', address: '192.0.2.10', port: 80 };

/** A service with a server that is up and one that is down. */
async function farm(t: TestContext) {
  const director = await Director.start(t);
  const up = await serveTcp(t, (socket) => socket.resume());
  const down = await closedPort();
  const documentOf = (weight: number) =>
    JSON.stringify({
      services: [
        {
          service: 'tcp://192.0.2.10:80',
          check: { kind: 'tcp', every: '100ms', timeout: '10s', fall: 1 },
          servers: [up, down].map((port) => ({ server: `127.0.0.1:${port}`, method: 'nat', weight })),
        },
      ],
    });
  const file = await director.file('web.json', documentOf(10));
  const weights = async (): Promise<Record<string, number>> => {
    const servers = await director.client.destinations(web);
    return Object.fromEntries(
      servers.map(({ id, weight }) => [id.port === up ? 'up' : 'down', weight]).toSorted(),
    );
  };
  return { director, file, documentOf, weights };
}

/** Runs the agent; calls `look` after each second of its clock, until it says that it has seen enough. */
async function agent(director: Director, words: readonly string[], look: () => Promise<boolean>) {
  let looks = 0;
  director.whileSleeping = async () => {
    await sleep(10);
    if ((await look()) || ++looks === 300) director.stop.abort('SIGTERM');
  };
  const env = { LVSADM_STATE_DIR: join(director.directory, 'state') };
  const result = await director.run(['run', ...words], { env });
  assert.ok(looks < 300, `waited in vain: ${result.out}${result.err}`);
  return result;
}

test('a server that fails gets weight 0; the table stays at the end, and a new start changes no weight', async (t) => {
  const { director, file, weights } = await farm(t);
  const isDown = async () => (await weights())['down'] === 0;
  const { status, out, err } = await agent(director, ['-f', file], isDown);
  assert.deepEqual({ status, err }, { status: 0, err: '' });
  assert.match(out, /^\S+Z applied: first application: 3 other changes\n/);
  assert.match(out, /Z tcp:\/\/192.0.2.10:80 127.0.0.1:\d+ weight: 10 -> 0: down: connection refused\n$/);
  assert.deepEqual(await weights(), { up: 10, down: 0 });
  const sent = director.changesSent;
  const [name = ''] = await readdir(join(director.directory, 'state'));
  assert.match(await readFile(join(director.directory, 'state', name), 'utf8'), /"condition": "down"/);
  const again = await agent(director, ['-f', file, '--log', 'json'], async () => true);
  assert.equal(again.status, 0);
  const { time, ...event } = JSON.parse(again.out);
  assert.deepEqual(event, { event: 'applied', reason: 'first application: 0 other changes' });
  assert.match(time, /^\d{4}-.*Z$/);
  assert.equal(director.changesSent, sent);
});

test('a document that changes is taken without losing a state; a bad one, and one that removes too much, are not', async (t) => {
  const { director, file, documentOf, weights } = await farm(t);
  const versions = [
    '{"services": [{}]}',
    JSON.stringify({ services: [{ service: 'tcp://192.0.2.10:80', servers: [] }] }),
    documentOf(20),
  ];
  let seconds = 0;
  const { status, err } = await agent(director, ['-f', file], async () => {
    const { up, down } = await weights();
    assert.notEqual(up, undefined);
    if (up === 20) assert.equal(down, 0);
    if (down === 0 && ++seconds % 4 === 1)
      await director.file('web.json', versions.shift() ?? documentOf(20));
    return up === 20;
  });
  assert.equal(status, 0);
  assert.match(err, /service: missing/);
  assert.match(err, /--max-remove: would remove 2 of 2 servers, and at most 50% may go/);
});

for (const [lock, doing] of [
  ['agent', 'running the agent here'],
  ['apply', 'applying documents here'],
] as const) {
  test(`it does not start while another process is ${doing}`, async (t) => {
    const { director, file } = await farm(t);
    const env = { LVSADM_RUN: join(director.directory, 'run') };
    const store = new Store({ env, files: ownFiles, warn: assert.fail });
    const release = await store.lock(lock, doing, { wait: 0 });
    const { status, err } = await director.run(['run', '-f', file], { env });
    release();
    assert.equal(status, 75);
    assert.ok(err.startsWith(`lvsadm: process ${process.pid} is ${doing}`), err);
    assert.equal(director.changesSent, 0);
  });
}

test('mistakes in documents, and standard input, are refused before anything is changed', async (t) => {
  const { director } = await farm(t);
  const bad = await director.file('bad.yaml', 'services: [{}]');
  assert.equal((await director.run(['run', '-f', bad])).status, 2);
  const { status, err } = await director.run(['run', '-f', '-'], { stdin: 'services: []' });
  assert.equal(status, 2);
  assert.match(err, /--file: standard input cannot be read again/);
  assert.equal(director.changesSent, 0);
});

test('a first application that the kernel refuses ends it with 1', async (t) => {
  const { director, file } = await farm(t);
  director.ipvs.schedulers.clear();
  const { status, out } = await agent(director, ['-f', file], async () => true);
  assert.equal(status, 1);
  assert.match(out, /refused: /);
});

test('keepalived and ldirectord are named, other programs do not matter', () => {
  const user = (name: string) => ({ pid: 812, name, sockets: 1, writes: true });
  refuseRivals([user('kube-proxy'), user('lvsadm')]);
  for (const name of ['keepalived', 'ldirectord']) {
    assert.throws(
      () => refuseRivals([user('lvsadm'), user(name)]),
      (error) => error instanceof UsageError && error.problem.startsWith(`${name} (process 812) runs here`),
    );
  }
});
