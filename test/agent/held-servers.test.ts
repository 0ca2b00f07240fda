// Holds of an operator under the agent: they come before states of servers, and end by themselves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerHolds } from '../../src/agent/reports/holds-report.js';
import { HostError } from '../../src/errors.js';
import { type Hold, holdKey } from '../../src/model/hold.js';
import type { ServiceId } from '../../src/model/service.js';
import { AgentFarm } from '../support/agent-farm.js';

const web: ServiceId = { protocol: 'tcp', address: '192.0.2.10', port: 80 };

const farmOf = (number: number, health: object = {}) => ({
  services: [
    {
      service: 'tcp://192.0.2.10:80',
      check: { kind: 'tcp', every: '1s', rise: 2, fall: 2, jitter: '0%' },
      health,
      servers: Array.from({ length: number }, (_, index) => ({
        server: `198.51.100.${index + 1}`,
        weight: 10,
      })),
    },
  ],
});

function hold(farm: AgentFarm, last: number, more: Partial<Hold> = {}): void {
  const server = `198.51.100.${last}:80`;
  const held = {
    service: 'tcp://192.0.2.10:80',
    server,
    weight: 0,
    before: 10,
    by: 'root',
    since: 0,
    ...more,
  };
  farm.holds = new Map([...farm.holds, [holdKey(held), held]]);
}

const weightsOf = async (farm: AgentFarm) => Object.values(await farm.weights(web));

test('a hold comes before the state of the server, the floor and onDown, also after a restart', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load(farmOf(3, { onDown: 'remove' }));
  hold(farm, 1);
  hold(farm, 2, { weight: 4 });
  await farm.agent.readHolds();
  assert.deepEqual(await weightsOf(farm), [0, 4, 10]);
  farm.answers.set('198.51.100.2', false).set('198.51.100.3', false);
  await farm.clock.pass(3000);
  // The floor of the one server that is not held keeps it.
  assert.deepEqual(await weightsOf(farm), [0, 4, 10]);
  farm.restart();
  await farm.load(farmOf(3, { onDown: 'remove' }));
  assert.deepEqual(await weightsOf(farm), [0, 4, 10]);
  assert.deepEqual(farm.errors, []);
});

test('a hold ends at its time without anybody asking, with a line that says so', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load(farmOf(2));
  hold(farm, 1, { until: farm.clock.now() + 5_000_000, reason: 'disk' });
  await farm.agent.readHolds();
  await farm.clock.pass(4_999_000);
  assert.deepEqual(await weightsOf(farm), [0, 10]);
  await farm.clock.pass(1000);
  assert.deepEqual(await weightsOf(farm), [10, 10]);
  const [begun, expired] = farm.told('hold');
  assert.match(begun ?? '', /^198\.51\.100\.1:80 hold: begun: held at 0 by root since .* until .*: disk$/);
  assert.match(expired ?? '', /^198\.51\.100\.1:80 hold: expired: held at 0 by root /);
  assert.match(farm.told('weight').at(-1) ?? '', /weight: 0 -> 10: up: answered$/);
});

test('a look reads the holds, and does not take their weights for those of another program', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load(farmOf(2));
  hold(farm, 1);
  await farm.load(farmOf(2), 'resync');
  assert.match(farm.told('weight').at(-1) ?? '', /weight: 10 -> 0: held at 0 by root since/);
  farm.holds = new Map();
  await farm.load(farmOf(2), 'resync');
  assert.match(farm.told('weight').at(-1) ?? '', /weight: 0 -> 10: not checked yet|up: answered/);
});

test('a hold of a server that nobody checks is tried again when the kernel has not taken it', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load({ services: [{ service: 'tcp://192.0.2.10:80', servers: ['198.51.100.1:80'] }] });
  assert.deepEqual(await weightsOf(farm), [1]);
  hold(farm, 1);
  for (let refusals = 0; refusals < 2; refusals++) {
    farm.refusal = new HostError('change the table', 'busy');
    if (refusals === 0) await farm.agent.readHolds();
    else await farm.clock.pass(1000);
    assert.deepEqual(await weightsOf(farm), [1]);
  }
  await farm.clock.pass(3000);
  assert.deepEqual(await weightsOf(farm), [0]);
  await farm.agent.stop();
});

test('the sorry server gets the clients when all servers are held at 0, and can be held itself', async (t) => {
  const farm = await AgentFarm.start(t);
  const document = farmOf(2, { sorry: { server: '198.51.100.99' } });
  await farm.load(document);
  hold(farm, 1);
  hold(farm, 2);
  await farm.agent.readHolds();
  assert.deepEqual(await farm.weights(web), { '198.51.100.1': 0, '198.51.100.2': 0, '198.51.100.99': 1 });
  hold(farm, 99, { weight: 7 });
  await farm.agent.readHolds();
  assert.equal((await farm.weights(web))['198.51.100.99'], 7);
});

test('holds that cannot be read any more stay in force until they expire, which is told once', async (t) => {
  const farm = await AgentFarm.start(t);
  hold(farm, 1);
  hold(farm, 2, { until: farm.clock.now() + 60_000 });
  await farm.load(farmOf(3));
  farm.holdsFailure = new HostError('read holds.json', 'it is empty');
  await farm.load(farmOf(3), 'resync');
  await farm.load(farmOf(3), 'resync');
  assert.deepEqual(await weightsOf(farm), [0, 0, 10]);
  await farm.clock.pass(61_000);
  assert.deepEqual(await weightsOf(farm), [0, 10, 10]);
  assert.match(farm.told('hold').at(-1) ?? '', /^198\.51\.100\.2:80 hold: expired: /);
  assert.deepEqual(farm.told('problem'), ['problem: cannot read holds.json: it is empty']);
});

test('holds that cannot be read at the start leave servers of weight 0 there, with a problem at each look', async (t) => {
  const farm = await AgentFarm.start(t);
  hold(farm, 1);
  await farm.load(farmOf(3));
  farm.holdsFailure = new HostError('read holds.json', 'it is empty');
  farm.restart();
  await farm.load(farmOf(3));
  await farm.clock.pass(5000);
  await farm.load(farmOf(3), 'resync');
  assert.deepEqual(await weightsOf(farm), [0, 10, 10]);
  const problem =
    'problem: cannot read holds.json: it is empty; until then the servers that had weight 0 at the start keep it';
  assert.deepEqual(farm.told('problem'), [problem, problem]);
  assert.match(
    farm.told('hold').at(-1) ?? '',
    /hold: begun: held at 0 by the agent since .*: the holds cannot be read$/,
  );
  // A server that fails meanwhile comes back.
  farm.answers.set('198.51.100.2', false);
  await farm.clock.pass(3000);
  farm.answers.set('198.51.100.2', true);
  await farm.clock.pass(3000);
  assert.deepEqual(await weightsOf(farm), [0, 10, 10]);
  farm.holdsFailure = undefined;
  farm.holds = new Map();
  await farm.load(farmOf(3), 'resync');
  assert.deepEqual(await weightsOf(farm), [10, 10, 10]);
  assert.deepEqual(farm.errors, []);
});

test('what a hold would take is known before it begins: a quorum of the documents, or an announced address', async (t) => {
  const farm = await AgentFarm.start(t);
  const [one] = farmOf(2, { quorum: { weight: 15, hysteresis: 2 }, floor: '0%' }).services;
  const plain = { ...one, service: 'tcp://192.0.2.11:80', health: {} };
  const beside = { ...plain, service: 'tcp://192.0.2.11:443' };
  await farm.load({ services: [one, plain, beside] });
  await farm.clock.pass(2000);
  const loss = (service: string, weight: number, ...servers: string[]) =>
    farm.agent.lossBy(service, { servers, weight });
  const [first, second] = ['198.51.100.1:80', '198.51.100.2:80'];
  const lost = { left: 10, needed: 13, address: null, beside: [] };
  assert.deepEqual(loss('tcp://192.0.2.10:80', 0, first), lost);
  assert.equal(loss('tcp://192.0.2.10:80', 3, first), undefined);
  assert.equal(loss('tcp://192.0.2.11:80', 0, first, second), undefined);
  farm.inUse.add('192.0.2.11');
  assert.equal(loss('tcp://192.0.2.11:80', 0, first), undefined);
  const both = { left: 0, needed: 1, address: '192.0.2.11', beside: ['tcp://192.0.2.11:443'] };
  assert.deepEqual(loss('tcp://192.0.2.11:80', 0, first, second), both);
  // The first server is held already.
  hold(farm, 1);
  await farm.agent.readHolds();
  assert.equal(loss('tcp://192.0.2.10:80', 0, second), undefined, 'it is lost already');
  assert.equal(loss('tcp://192.0.2.12:80', 0, first), undefined);
});

test('a disk that is slow to read holds changes nothing and is no problem, and no hold counts as seen', async (t) => {
  const farm = await AgentFarm.start(t);
  hold(farm, 1);
  await farm.load(farmOf(2));
  farm.isDiskSlow = true;
  farm.holds = new Map();
  hold(farm, 2);
  await farm.load(farmOf(2), 'resync');
  assert.deepEqual(await weightsOf(farm), [0, 10]);
  const ask = async () =>
    JSON.parse((await answerHolds(farm.agent, '{"version":1,"holds":"tcp://192.0.2.10:80"}')) ?? '');
  assert.equal((await ask()).error, 'cannot read the holds: the disk has not answered yet');
  assert.deepEqual(farm.told('problem'), []);
  farm.isDiskSlow = false;
  assert.deepEqual(
    (await ask()).servers.map(({ held }: { held: number | null }) => held),
    [null, 0],
  );
  await farm.clock.pass(100);
  assert.deepEqual(await weightsOf(farm), [10, 0]);
});
