// Passive evidence: servers whose handshakes do not end are suspect, and checked at once. It moves no weight.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { areSuspect } from '../../src/agent/checks/passive.js';
import { HostError } from '../../src/errors.js';
import type { ServiceId } from '../../src/model/service.js';
import { AgentFarm } from '../support/agent-farm.js';

const web: ServiceId = { protocol: 'tcp', address: '192.0.2.10', port: 80 };

const policy = { factor: 3, connections: 10 };

const counts = fc.array(
  fc.tuple(fc.nat(1000), fc.nat(1000)).map(([synReceived, more]) => ({
    synReceived,
    connections: synReceived + more,
  })),
  { maxLength: 6 },
);

const policies = fc.record({
  factor: fc.integer({ min: 2, max: 100 }),
  connections: fc.integer({ min: 1, max: 100 }),
});

test('few connections in SYN_RECV, and those of the only server, are no evidence', () => {
  fc.assert(
    fc.property(counts, policies, (servers, { factor, connections }) => {
      const found = areSuspect(servers, { factor, connections });
      assert.equal(found.length, servers.length);
      servers.forEach(({ synReceived }, index) => {
        if (synReceived < connections) assert.equal(found[index], false);
      });
      const [first] = servers;
      if (first !== undefined) assert.deepEqual(areSuspect([first], { factor, connections }), [false]);
    }),
  );
});

test('the share of a suspect is the factor times that of the others, so that a flood over all makes none suspect', () => {
  fc.assert(
    fc.property(counts, policies, (servers, settings) => {
      const found = areSuspect(servers, settings);
      servers.forEach(({ synReceived, connections }, index) => {
        const others = servers.filter((_, at) => at !== index);
        const waiting = others.reduce((sum, each) => sum + each.synReceived, 0);
        const all = others.reduce((sum, each) => sum + each.connections, 0);
        const isEnough = synReceived >= settings.connections && all > 0;
        // The same without fractions.
        const isMuch = synReceived * all >= settings.factor * waiting * connections;
        const isClose = synReceived * all === settings.factor * waiting * connections;
        if (!isClose) assert.equal(found[index], isEnough && isMuch);
      });
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 10, max: 1000 }), fc.integer({ min: 2, max: 6 }), (synReceived, number) => {
      const flood = Array.from({ length: number }, () => ({ synReceived, connections: synReceived * 2 }));
      assert.deepEqual(
        areSuspect(flood, policy),
        flood.map(() => false),
      );
    }),
  );
});

test('more connections in SYN_RECV make no suspect less so', () =>
  fc.assert(
    fc.property(counts, policies, fc.integer({ min: 1, max: 1000 }), (servers, settings, more) => {
      const before = areSuspect(servers, settings);
      servers.forEach((server, index) => {
        const worse = { synReceived: server.synReceived + more, connections: server.connections + more };
        const after = areSuspect(servers.with(index, worse), settings);
        if (before[index]) assert.equal(after[index], true);
      });
    }),
  ));

const document = (passive: object | undefined, more: object = {}) => ({
  services: [
    {
      service: 'tcp://192.0.2.10:80',
      check: { kind: 'tcp', every: '600s', fastEvery: '1s', fall: 2, jitter: '0%' },
      health: { floor: '0%', ...(passive && { passive }) },
      servers: ['198.51.100.1', '198.51.100.2', '198.51.100.3'],
      ...more,
    },
  ],
});

test('a suspect is checked at once and at fastEvery, told with its figures, and keeps its weight while checks succeed', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load(document(policy));
  await farm.clock.pass(61_000);
  const before = farm.agent.punctuality.started;
  farm.handshakes.set('198.51.100.1', [40, 50]).set('198.51.100.2', [1, 60]).set('198.51.100.3', [2, 60]);
  await farm.clock.pass(5000);
  assert.deepEqual(farm.told('suspect'), [
    '198.51.100.1:80 suspect: begun: 40 of 50 connections in SYN_RECV; of the other servers 3 of 120',
  ]);
  await farm.clock.pass(4000);
  // One at once, and one in each of the five seconds since.
  assert.equal(farm.agent.punctuality.started - before, 6);
  assert.deepEqual(farm.told('weight'), []);
  farm.answers.set('198.51.100.1', false);
  await farm.clock.pass(2100);
  assert.equal((await farm.weights(web))['198.51.100.1'], 0);
});

test('a suspicion ends after two looks without evidence, and outlives a reload', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load(document(policy));
  farm.handshakes.set('198.51.100.1', [40, 50]).set('198.51.100.2', [1, 60]);
  await farm.clock.pass(5000);
  farm.handshakes.set('198.51.100.1', [1, 50]);
  await farm.clock.pass(5000);
  assert.equal(farm.told('suspect').length, 1);
  await farm.load(document(policy, { scheduler: 'rr' }), 'reload');
  assert.deepEqual([...(farm.agent.services[0]?.suspects ?? [])], ['198.51.100.1:80']);
  farm.handshakes.set('198.51.100.1', [40, 50]);
  await farm.clock.pass(5000);
  farm.handshakes.set('198.51.100.1', [1, 50]);
  await farm.clock.pass(5000);
  assert.equal(farm.told('suspect').length, 1);
  await farm.clock.pass(5000);
  assert.match(farm.told('suspect')[1] ?? '', /^198\.51\.100\.1:80 suspect: ended: 1 of 50 connections/);
});

test('the table is not read for documents without passive, and one that cannot be read is told once', async (t) => {
  const farm = await AgentFarm.start(t);
  farm.tableFailure = new HostError('read /proc/net/ip_vs_conn', 'permission denied');
  await farm.load(document(undefined));
  await farm.clock.pass(20_000);
  assert.deepEqual(farm.told('problem'), []);
  await farm.load(document(policy), 'reload');
  await farm.clock.pass(20_000);
  assert.deepEqual(farm.told('problem'), [
    'problem: passive evidence: cannot read /proc/net/ip_vs_conn: permission denied',
  ]);
  farm.tableFailure = undefined;
  await farm.load(document(undefined), 'reload');
  farm.handshakes.set('198.51.100.1', [40, 50]).set('198.51.100.2', [1, 60]);
  await farm.clock.pass(20_000);
  assert.deepEqual(farm.told('suspect'), []);
});

test('a look at the connections that outlasts looks at the documents counts', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load(document(policy));
  farm.handshakes.set('198.51.100.1', [40, 50]).set('198.51.100.2', [1, 60]);
  farm.counting = 12_000;
  await farm.clock.pass(6000);
  for (const cause of ['resync', 'resync'] as const) {
    await farm.load(document(policy), cause);
    await farm.clock.pass(3000);
  }
  await farm.clock.pass(6000);
  assert.equal(farm.told('suspect').length, 1);
});

test('a suspicion ends with the documents that asked for evidence', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load(document(policy));
  farm.handshakes.set('198.51.100.1', [40, 50]).set('198.51.100.2', [1, 60]);
  await farm.clock.pass(5000);
  await farm.load(document(undefined), 'reload');
  assert.equal(farm.told('suspect')[1], '198.51.100.1:80 suspect: ended: it is not watched any more');
});
