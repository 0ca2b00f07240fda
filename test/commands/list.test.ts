// list: the table to look at, and as JSON.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ServiceId } from '../../src/model/service.js';
import { Director } from '../support/director.js';

const web: ServiceId = { protocol: 'tcp', address: '192.0.2.1', port: 80 };
const server = { address: '198.51.100.1', port: 80 };

async function start(context: TestContext): Promise<Director> {
  const director = await Director.start(context);
  await director.run(['apply', '-f', '-'], {
    stdin: `
services:
  - {service: fwmark://7/inet6, scheduler: sh, schedulerFlags: [sh-port], persistence: {timeout: 50, engine: sip}, onePacket: true}
  - service: tcp://192.0.2.1:80
    servers:
      - {server: 198.51.100.2:80, method: tun, weight: 0, tunnel: {type: gue, port: 6080}}
      - {server: 198.51.100.1:80, method: nat, weight: 5, upperThreshold: 9}
`,
  });
  director.ipvs.count(web, { connections: 3n, inBytes: 18446744073709551615n });
  director.ipvs.count(web, { connections: 2n, outByteRate: 7n }, server);
  director.ipvs.connect(web, server, {
    activeConnections: 1,
    inactiveConnections: 20,
    persistentConnections: 300,
  });
  return director;
}

test('services and servers in their order, with connections', async (context) => {
  const director = await start(context);
  const { status, out } = await director.run(['list']);
  assert.equal(status, 0);
  assert.equal(
    out,
    [
      'service / server    scheduling                                      weight  active  inactive  persistent',
      'tcp://192.0.2.1:80  wlc',
      '  198.51.100.1:80   nat                                                  5       1        20         300',
      '  198.51.100.2:80   tun gue                                              0       0         0           0',
      'fwmark://7/inet6    sh (sh-port) persistent 50 s by sip one-packet',
      '',
    ].join('\n'),
  );
});

test('counters, and rates', async (context) => {
  const director = await start(context);
  const counters = await director.run(['list', 'tcp://192.0.2.1:80', '--stats']);
  assert.match(counters.out, /^tcp:\/\/192\.0\.2\.1:80 +wlc +3 +0 +0 +18446744073709551615 +0$/m);
  assert.ok(!counters.out.includes('fwmark'));
  const rates = await director.run(['list', '--rate']);
  assert.match(rates.out, /^ {2}198\.51\.100\.1:80 +nat +0 +0 +0 +0 +7$/m);
  assert.equal((await director.run(['list', '--rate', '--stats'])).status, 2);
});

test('JSON has everything, in the words of documents, and exact counters', async (context) => {
  const director = await start(context);
  const { out } = await director.run(['list', '--json']);
  assert.ok(out.includes('"inBytes": 18446744073709551615,'), out);
  const { services } = JSON.parse(out);
  assert.deepEqual(
    services.map(({ service }: { service: string }) => service),
    ['tcp://192.0.2.1:80', 'fwmark://7/inet6'],
  );
  const [{ servers }, mark] = services;
  const { stats, ...first } = servers[0];
  assert.deepEqual(first, {
    server: '198.51.100.1:80',
    method: 'nat',
    weight: 5,
    upperThreshold: 9,
    activeConnections: 1,
    inactiveConnections: 20,
    persistentConnections: 300,
  });
  assert.equal(stats.connections, 2);
  assert.deepEqual(servers[1].tunnel, { type: 'gue', port: 6080, checksum: 'nocsum' });
  assert.deepEqual(mark.schedulerFlags, ['sh-port']);
});

test('a service that is not there', async (context) => {
  const director = await start(context);
  const { status, err } = await director.run(['list', 'tcp://192.0.2.1:81']);
  assert.equal(status, 255);
  assert.match(err, /No such service: TCP 192\.0\.2\.1:81/);
});

test('a frame on a terminal', async (context) => {
  const director = await start(context);
  const { out } = await director.run(['list'], { terminal: true, env: { NO_COLOR: '1' } });
  assert.match(out, /│ tcp:\/\/192\.0\.2\.1:80 │ wlc/);
});
