// health check: the checks of documents, against servers on loopback.
import assert from 'node:assert/strict';
import { chmodSync, chownSync, readFileSync } from 'node:fs';
import { describe, type TestContext, test } from 'node:test';
import { main } from '../../src/cli/main.js';
import { Captured } from '../support/captured.js';
import { chunks, contextWith } from '../support/context.js';
import { Director } from '../support/director.js';
import { closedPort, sayOnce, serveHttp, silent } from '../support/health/servers.js';

/** Runs the command over a document. @param columns of a terminal */
async function check(document: string, words: readonly string[] = [], columns?: number, stop?: AbortSignal) {
  const out = new Captured(columns !== undefined, columns);
  const err = new Captured();
  const context = contextWith({
    out,
    err,
    env: { NO_COLOR: '1' },
    stdin: chunks(document),
    ...(stop && { stopRequest: () => stop }),
  });
  const status = await main(['health', 'check', '-f', '-', ...words], context);
  return {
    status,
    out: out.text.replace(/ {2,}/g, '  ').replace(/(?<![\d.])\d+\.\d(?![\d.])/g, 'N'),
    err: err.text,
  };
}

/** Two services with the same servers, of which one is up. */
async function farm(t: TestContext) {
  const seen: string[] = [];
  const up = await serveHttp(t, ({ url = '' }, response) => {
    seen.push(url);
    response.end();
  });
  const down = await closedPort();
  const document = `
defaults: { check: { kind: http, jitter: 0%, timeout: 10s } }
services:
  - service: tcp://192.0.2.10:80
    servers:
      - { server: "127.0.0.1:${up}", method: nat }
      - { server: "127.0.0.1:${down}", method: nat }
  - service: tcp://192.0.2.11:80
    servers:
      - { server: "127.0.0.1:${up}", method: nat }
      - { server: 198.51.100.9, check: false }
`;
  return { document, up, down, seen };
}

describe('health check', () => {
  test('writes a row for each server, and exits with 1 if one is down', async (t) => {
    const { document, up, down } = await farm(t);
    assert.deepEqual(await check(document), {
      status: 1,
      out: [
        'SERVICE  SERVER  CHECK  RESULT  MS  REASON',
        `tcp://192.0.2.10:80  127.0.0.1:${up}  http  up  N  status 200`,
        `tcp://192.0.2.10:80  127.0.0.1:${down}  http  down  N  connection refused`,
        `tcp://192.0.2.11:80  127.0.0.1:${up}  http  up  N  status 200`,
        'tcp://192.0.2.11:80  198.51.100.9:80  -  unchecked  -',
        '2 up, 1 down, 1 not checked',
        '',
      ].join('\n'),
      err: '',
    });
  });

  test('runs identical checks once', async (t) => {
    const { document, seen } = await farm(t);
    await check(document);
    assert.deepEqual(seen, ['/']);
  });

  test('checks one service alone, and exits with 0 if all of it is up', async (t) => {
    const { document } = await farm(t);
    const { status, out } = await check(document, ['tcp://192.0.2.11:80', '--once']);
    assert.deepEqual([status, out.split('\n').length], [0, 5]);
    assert.deepEqual(await check(document, ['tcp://192.0.2.12:80']), {
      status: 2,
      out: '',
      err: "lvsadm: tcp://192.0.2.12:80: not in the documents\nTry 'lvsadm health --help'.\n",
    });
  });

  test('writes JSON with described members', async (t) => {
    const { document, up } = await farm(t);
    const agent = await sayOnce(t, 'drain 75%\n');
    const withAgent = document.replace(
      '198.51.100.9',
      `198.51.100.9, agent: {connectTo: 127.0.0.1, port: ${agent}}`,
    );
    const { status, out } = await check(withAgent, ['--json']);
    assert.equal(status, 1);
    const { checks, ...counts } = JSON.parse(out.replaceAll('"ms": N', '"ms": 1').replaceAll(': N', ': 1'));
    assert.deepEqual(counts, { up: 3, down: 1, unchecked: 0 });
    const [first, , , last] = checks.map(({ ms, ...rest }: { readonly ms: number }) => rest);
    assert.deepEqual(first, {
      service: 'tcp://192.0.2.10:80',
      server: `127.0.0.1:${up}`,
      result: 'up',
      check: 'http',
      target: `127.0.0.1:${up}`,
      reason: 'status 200',
      status: 200,
    });
    assert.deepEqual(last, {
      service: 'tcp://192.0.2.11:80',
      server: '198.51.100.9:80',
      result: 'up',
      check: 'agent',
      target: `127.0.0.1:${agent}`,
      reason: "'drain 75%'",
      weight: 75,
      admin: 'drain',
    });
    const page = readFileSync('docs/json.md', 'utf8');
    for (const name of Object.keys({ ...counts, ...first, ...last, ms: 0, checks: [] }))
      assert.ok(page.includes(`\`${name}\``) || page.includes(`"${name}"`), name);
  });

  test('puts reasons below their rows in a narrow terminal', async (t) => {
    const { document, down } = await farm(t);
    const { out } = await check(document, ['tcp://192.0.2.10:80'], 60);
    assert.ok(out.includes(`127.0.0.1:${down}  http  down  N\n  connection refused\n`), out);
  });

  test('refuses documents that are wrong or have no checks', async () => {
    const service = '{ service: "tcp://192.0.2.1:80", servers: [198.51.100.1] }';
    assert.deepEqual(await check(`services: [${service}]`), {
      status: 2,
      out: '',
      err: 'lvsadm: standard input: no server has a check\n',
    });
    const { status, err } = await check(
      `services: [${service.replace('servers', 'check: {kind: tpc}, servers')}]`,
    );
    assert.equal(status, 2);
    assert.match(err, /^lvsadm: standard input:1:\d+: services\[0\]\.check\.kind: 'tpc' is not /);
  });

  test('ends at a request to stop, without results', async (t) => {
    const port = await silent(t);
    const stop = new AbortController();
    setTimeout(() => stop.abort('SIGTERM'), 100);
    const document = `services: [{ service: "tcp://192.0.2.1:80", check: {kind: http, timeout: 10m}, servers: [{server: "127.0.0.1:${port}", method: nat}] }]`;
    assert.deepEqual(await check(document, [], undefined, stop.signal), { status: 143, out: '', err: '' });
  });
});

test('as root, documents that name programs must be writable by root alone', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root refuses them');
  const director = await Director.start(t);
  const documentOf = (check: object) =>
    JSON.stringify({ services: [{ service: 'tcp://192.0.2.10:80', check, servers: ['127.0.0.1'] }] });
  const program = await director.file('program', '#!/bin/sh\nexit 0\n');
  chmodSync(program, 0o755);
  const file = await director.file('web.json', documentOf({ kind: 'command', command: [program] }));
  const check = async () => {
    const { status, err } = await director.run(['health', 'check', '-f', file]);
    return { status, err };
  };
  assert.deepEqual(await check(), { status: 0, err: '' });
  chmodSync(program, 0o757);
  assert.deepEqual(await check(), {
    status: 2,
    err: `lvsadm: ${program}: may be written by all users (mode 0757): it would run as root\n`,
  });
  await director.file('web.json', documentOf({ kind: 'command', command: [program], user: 'nobody' }));
  chmodSync(director.directory, 0o755);
  assert.deepEqual(await check(), { status: 0, err: '' });
  chmodSync(file, 0o664);
  chownSync(file, 0, 1000);
  const refused = `may be written by group 1000 (mode 0664): the programs that it names would run as root`;
  assert.deepEqual(await check(), { status: 2, err: `lvsadm: ${file}: ${refused}\n` });
  const { status, err } = await director.run(['run', '-f', file, '--take-over']);
  assert.deepEqual([status, err], [2, `lvsadm: ${file}: ${refused}\n`]);
  await director.file('web.json', documentOf({ kind: 'tcp', port: 1 }));
  assert.deepEqual(await check(), { status: 1, err: '' });
});
