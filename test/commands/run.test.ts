// lvsadm run: the agent as a command, over a kernel in memory and servers on loopback.
import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import http from 'node:http';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { VipReport } from '../../src/agent/announce/announce-report.js';
import { refuseRivals } from '../../src/commands/run.js';
import { UsageError } from '../../src/errors.js';
import type { ServiceId } from '../../src/model/service.js';
import { namespaceName } from '../../src/system/files/run-dir.js';
import { Store } from '../../src/system/files/store.js';
import { Captured } from '../support/captured.js';
import { Director } from '../support/director.js';
import { ownFiles } from '../support/flock.js';
import { serveTcp } from '../support/health/servers.js';

const web: ServiceId = { protocol: 'tcp', address: '192.0.2.10', port: 80 };

/** Where nothing listens: no test takes a port that only root may have. */
const CLOSED = 2;

/** A service with a server that is up and one that is down. */
async function farm(t: TestContext) {
  const director = await Director.start(t);
  const up = await serveTcp(t, (socket) => socket.resume());
  const down = CLOSED;
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

/** Milliseconds of real time until something is waited for in vain. */
const PATIENCE = 30_000;

/** Runs the agent; calls `look` after each second of its clock, until it says that it has seen enough. */
async function agent(director: Director, words: readonly string[], look: () => Promise<boolean>) {
  director.stop = new AbortController();
  const end = performance.now() + PATIENCE;
  let hasSeen = false;
  director.whileSleeping = async () => {
    await sleep(10);
    hasSeen ||= await look();
    if (hasSeen || performance.now() > end) director.stop.abort('SIGTERM');
  };
  const env = { LVSADM_STATE_DIR: join(director.directory, 'state') };
  const result = await director.run(['run', ...words], { env });
  assert.ok(hasSeen, `waited in vain: ${result.out}${result.err}`);
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
  assert.match(await readFile(join(director.directory, 'state', name), 'utf8'), /"condition":"down"/);
  const again = await agent(director, ['-f', file, '--log', 'json'], async () => true);
  assert.equal(again.status, 0);
  const { time, ...event } = JSON.parse(again.out);
  assert.deepEqual(event, { event: 'applied', reason: 'first application: 0 other changes' });
  assert.match(time, /^\d{4}-.*Z$/);
  assert.equal(director.changesSent, sent);
});

test('a start takes documents whose servers were all removed by checks, and the sorry server is in the table', async (t) => {
  const director = await Director.start(t);
  const ports = [CLOSED, CLOSED + 1];
  const file = await director.file(
    'web.json',
    JSON.stringify({
      services: [
        {
          service: 'tcp://192.0.2.10:80',
          check: { kind: 'tcp', every: '100ms', timeout: '10s', fall: 1 },
          health: { floor: '0%', onDown: 'remove', sorry: { server: '198.51.100.99', method: 'nat' } },
          servers: ports.map((port) => ({ server: `127.0.0.1:${port}`, method: 'nat' })),
        },
      ],
    }),
  );
  const addresses = async () => (await director.client.destinations(web)).map(({ id }) => id.address);
  const isSorryAlone = async () => (await addresses()).join() === '198.51.100.99';
  await agent(director, ['-f', file], isSorryAlone);
  const { status, err } = await agent(director, ['-f', file], async () => true);
  assert.deepEqual({ status, err }, { status: 0, err: '' });
  assert.ok(await isSorryAlone());
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

test('it starts although a drain records the table just then', async (t) => {
  const { director, file } = await farm(t);
  const env = { LVSADM_RUN: join(director.directory, 'run') };
  const store = new Store({ env, files: ownFiles, warn: assert.fail });
  const release = await store.lock('apply', 'applying documents here', { wait: 0 });
  setTimeout(release, 300);
  director.whileSleeping = () => director.stop.abort('SIGTERM');
  const { status, err } = await director.run(['run', '-f', file], { env });
  assert.equal(status, 0, err);
});

test('a directory of states that cannot be written is told once, and weights are set all the same', async (t) => {
  const { director, file, weights } = await farm(t);
  const { err } = await agent(
    director,
    ['-f', file, '--state-dir', '/proc/lvsadm'],
    async () => (await weights())['down'] === 0,
  );
  assert.match(err, /^lvsadm: cannot write \/proc\/lvsadm\/agent\S+: no such file or directory\n$/);
});

test('mistakes in documents, and standard input, are refused before anything is changed', async (t) => {
  const { director } = await farm(t);
  const bad = await director.file('bad.yaml', 'services: [{}]');
  assert.equal((await director.run(['run', '-f', bad])).status, 2);
  const { status, err } = await director.run(['run', '-f', '-'], { stdin: 'services: []' });
  assert.equal(status, 2);
  assert.match(err, /--file: standard input cannot be read again/);
  assert.equal(director.changesSent, 0);
});

test('a start with a mistake in a file runs from the documents of before, and health says so until the file is mended', async (t) => {
  const { director, file, documentOf, weights } = await farm(t);
  const env = { LVSADM_STATE_DIR: join(director.directory, 'state') };
  const isKept = async () =>
    (await readdir(env.LVSADM_STATE_DIR)).some((name) => name.startsWith('documents'));
  await agent(director, ['-f', file], async () => (await weights())['down'] === 0 && (await isKept()));
  await director.client.apply({ do: 'flush' });
  await director.file('web.json', '{"services": [{}]}');
  let shown = '';
  const { status, out } = await agent(director, ['-f', file], async () => {
    const { up } = await weights();
    if (up === 10 && shown === '') {
      shown = (await director.run(['health'], { env })).out;
      await director.file('web.json', documentOf(20));
    }
    return up === 20 && !(await director.run(['health'], { env })).out.includes('the agent: ');
  });
  assert.equal(status, 0);
  const problem = 'the files have mistakes, and the documents before are in force: ';
  assert.ok(shown.includes(`\nthe agent: ${problem}`), shown);
  assert.ok(out.includes(`Z problem: ${problem}`), out);
  assert.match(shown, /services\[0\]|service: missing/);
  // Somebody who sits at a terminal is to mend it.
  await director.file('web.json', '{"services": [{}]}');
  assert.equal((await director.run(['run', '-f', file], { env, terminal: true })).status, 2);
});

test('a first application that the kernel refuses is tried again, and the agent runs on', async (t) => {
  const { director, weights } = await farm(t);
  const servers = [{ server: '127.0.0.1:2', method: 'nat' }];
  const document = JSON.stringify({ services: [{ service: 'tcp://192.0.2.10:80', servers }] });
  const file = await director.file('unchecked.json', document);
  director.ipvs.schedulers.clear();
  const { status, out } = await agent(director, ['-f', file], async () => {
    if (director.time >= 5000) director.ipvs.schedulers.add('wlc');
    return (await weights())['down'] === 1;
  });
  assert.equal(status, 0);
  assert.equal(out.match(/refused: /g)?.length, 1);
  assert.match(out, /Z applied: refused changes were tried again: 2 other changes\n/);
});

test('a kernel that refuses to be asked is told once, and asked again', async (t) => {
  const { director, file, weights } = await farm(t);
  const { status, err, out } = await agent(director, ['-f', file, '--resync', '2'], async () => {
    if (director.time === 3000) director.ipvs.permitted = false;
    if (director.time === 9000) director.ipvs.permitted = true;
    if (director.time < 9000) return false;
    return (await weights())['down'] === 0;
  });
  assert.deepEqual({ status, err }, { status: 0, err: '' });
  assert.equal(out.match(/ problem: /g)?.length, 1);
});

test('without IPVS, or without permission, it does not start', async (t) => {
  const { director, file } = await farm(t);
  director.ipvs.permitted = false;
  const { status, err } = await director.run(['run', '-f', file]);
  assert.equal(status, 2);
  assert.match(err, /Permission denied/);
});

test('SIGHUP has the documents read at once, one reading after the other', async (t) => {
  const { director, file, documentOf, weights } = await farm(t);
  let looks = 0;
  const { status, out } = await agent(director, ['-f', file, '--resync', '600'], async () => {
    looks++;
    if (looks === 3) director.reload();
    return looks > 6 && (await weights())['up'] !== undefined;
  });
  assert.equal(status, 0);
  assert.equal(out.match(/the documents were read again/g)?.length, 1);
  assert.ok(documentOf(1));
});

test('a document that changes while the agent starts is read again', async (t) => {
  const { director, file, documentOf, weights } = await farm(t);
  director.whileReading = async () => {
    director.whileReading = () => {};
    await director.file('web.json', documentOf(20));
  };
  const { status } = await agent(director, ['-f', file], async () => (await weights())['up'] === 20);
  assert.equal(status, 0);
});

test('a port and a socket that are taken are told once, and checks run all the same', async (t) => {
  const { director, file, weights } = await farm(t);
  const taken = await serveTcp(t, (socket) => socket.resume());
  // No socket takes the place of a directory.
  await director.file(`run/${namespaceName(ownFiles)}.agent.sock/file`, '');
  const words = ['-f', file, '--metrics', `${taken}`, '--resync', '1'];
  const { status, out } = await agent(director, words, async () => (await weights())['down'] === 0);
  assert.equal(status, 0);
  const problems = [...out.matchAll(/ problem: (.*)\n/g)].map(([, problem]) => problem);
  assert.equal(problems.length, 2, out);
  assert.match(
    problems.join(),
    /cannot listen on .*\.sock.*cannot listen on 127\.0\.0\.1:\d+: address already in use/,
  );
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

test('health shows what the agent knows; only its owner can ask', async (t) => {
  const { director, file, weights } = await farm(t);
  const shown: Record<string, { status: number; out: string; err: string }> = {};
  const modes: number[] = [];
  await agent(director, ['-f', file], async () => {
    if ((await weights())['down'] !== 0) return false;
    const socket = (await readdir(join(director.directory, 'run'))).find((name) => name.endsWith('.sock'));
    modes.push((await stat(join(director.directory, 'run', socket ?? ''))).mode & 0o777);
    for (const words of ['', 'tcp://192.0.2.10:80 --json', 'tcp://192.0.2.11:80'])
      shown[words] = await director.run(['health', ...words.split(' ').filter(Boolean)]);
    return true;
  });
  assert.deepEqual(modes, [0o600]);
  const { status, out } = shown[''] ?? assert.fail();
  assert.equal(status, 1);
  const [heading, up, down, counts] = out.split('\n').map((line) => line.split(/ {2,}/));
  assert.deepEqual(heading, ['SERVICE', 'SERVER', 'CHECK', 'STATE', 'SINCE', 'MS', 'WEIGHT', 'REASON']);
  assert.deepEqual([up?.[3], up?.[6], up?.[7]], ['up', '10', 'connected']);
  assert.deepEqual([down?.[3], down?.[6], down?.[7]], ['down', '0 = 10 x down', 'connection refused']);
  assert.deepEqual(counts, ['1 up, 1 down']);
  const report = JSON.parse(shown['tcp://192.0.2.10:80 --json']?.out ?? '');
  assert.deepEqual(report.services[0].servers[1].factors, {
    base: 10,
    health: 0,
    slowStart: 1,
    agent: 1,
    operator: null,
  });
  const members = JSON.stringify(report).matchAll(/"(\w+)":/g);
  const page = await readFile('docs/json.md', 'utf8');
  for (const [, name = ''] of members)
    assert.ok(page.includes(`\`${name}\``) || page.includes(`"${name}"`), name);
  assert.match(shown['tcp://192.0.2.11:80']?.err ?? '', /not a service that the agent checks/);
});

test('announce is answered by the agent: an address is wanted while a server of its service is up, and not withdrawn', async (t) => {
  const { director, file, weights } = await farm(t);
  const ask = async (...words: string[]) =>
    JSON.parse((await director.run(['announce', '--json', ...words])).out);
  const seen: unknown[] = [];
  let isAsking = false;
  const { out } = await agent(director, ['-f', file], async () => {
    // The command sleeps, too.
    if (isAsking || (await weights())['down'] !== 0) return false;
    isAsking = true;
    for (const words of [[], ['--withdraw'], ['--restore']]) {
      const { ready, device, vips } = await ask(...words);
      seen.push([ready, device, vips.map(({ vip, wanted }: VipReport) => [vip, wanted])]);
    }
    return true;
  });
  assert.deepEqual(
    seen,
    [true, false, true].map((wanted) => [true, null, [['192.0.2.10', wanted]]]),
    out,
  );
});

test('health --watch writes when something has changed; without an agent it says how to start one', async (t) => {
  const { director, file } = await farm(t);
  const { status, err } = await director.run(['health']);
  assert.deepEqual(
    [status, err],
    [255, 'lvsadm: cannot ask the agent: no agent runs in this network namespace: lvsadm run starts it\n'],
  );
  const watched: Promise<{ out: string }>[] = [];
  const out = new Captured();
  await agent(director, ['-f', file], async () => {
    if (watched.length === 0) watched.push(director.run(['health', '--watch', '--json'], { out }));
    return out.text.includes('"down"');
  });
  const [result] = await Promise.all(watched);
  const states = (result?.out ?? '')
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const { services } = JSON.parse(line);
      return services[0].servers
        .map(({ checks }: { checks: { state: string }[] }) => checks[0]?.state)
        .join();
    });
  assert.equal(states.at(-1), 'up,down');
  assert.equal(new Set(states).size, states.length);
});

test('options of one form of health are refused in the other', async (t) => {
  const director = await Director.start(t);
  for (const [words, problem] of [
    ['-f web.yaml', /--file: only lvsadm health check reads documents/],
    ['check', /--file: missing/],
    ['check --watch -f web.yaml', /--watch: cannot be combined with check/],
    ['chek', /chek/],
  ] as const) {
    const { status, err } = await director.run(['health', ...words.split(' ')]);
    assert.equal(status, 2, words);
    assert.match(err, problem);
  }
});

const pageAt = (socketPath: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const request = http.get({ socketPath, path: '/metrics' }, async (response) =>
      resolve(await textOf(response)),
    );
    request.on('error', reject);
  });

test('--metrics serves the health of servers beside the metrics of the table', async (t) => {
  const { director, file, weights } = await farm(t);
  const path = join(director.directory, 'metrics.sock');
  let text = '';
  await agent(director, ['-f', file, '--metrics', `unix:${path}`], async () => {
    if ((await weights())['down'] !== 0) return false;
    text = await pageAt(path);
    return true;
  });
  const valuesOf = (name: string) =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))].map(([, value]) => value);
  assert.deepEqual(valuesOf('lvs_up'), ['1']);
  assert.deepEqual(valuesOf('lvs_health_up'), ['1', '0']);
  assert.deepEqual(valuesOf('lvs_health_floor_held'), ['0', '0']);
  assert.deepEqual(valuesOf('lvs_health_transitions_total'), ['0', '1']);
  assert.equal(valuesOf('lvs_health_check_duration_seconds').length, 2);
  assert.ok(Number(valuesOf('lvs_health_checks_started_total')[0]) >= 2);
});
