// The agent over a kernel in memory: what results of checks do to the table.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { healthReport } from '../../src/agent/reports/health-report.js';
import { TransportError, UsageError } from '../../src/errors.js';
import { holdKey } from '../../src/model/hold.js';
import type { ServiceId } from '../../src/model/service.js';
import { formatService } from '../../src/model/service-uri.js';
import { AgentFarm } from '../support/agent-farm.js';

const web: ServiceId = { protocol: 'tcp', address: '192.0.2.10', port: 80 };

const check = { kind: 'tcp', every: '1s', rise: 2, fall: 2, jitter: '0%' };

/** A service with servers 198.51.100.1, .2 and so on, of weight 10. */
const farmOf = (number: number, health: object = {}, more: object = {}) => ({
  services: [
    {
      service: 'tcp://192.0.2.10:80',
      check,
      health,
      servers: Array.from({ length: number }, (_, index) => ({
        server: `198.51.100.${index + 1}`,
        weight: 10,
        ...more,
      })),
    },
  ],
});

const weightsOf = async (farm: AgentFarm) => Object.values(await farm.weights(web));

test('a server that fails gets weight 0, and its weight back after its successes', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load(farmOf(3));
  assert.deepEqual(await weightsOf(farm), [10, 10, 10]);
  farm.answers.set('198.51.100.2', false);
  await farm.clock.pass(1000);
  assert.deepEqual(await weightsOf(farm), [10, 10, 10]);
  await farm.clock.pass(1000);
  assert.deepEqual(await weightsOf(farm), [10, 0, 10]);
  farm.answers.set('198.51.100.2', true);
  await farm.clock.pass(2000);
  assert.deepEqual(await weightsOf(farm), [10, 10, 10]);
  assert.deepEqual(farm.told('weight', 'state'), [
    '198.51.100.2:80 state: up -> down: connection refused',
    '198.51.100.2:80 weight: 10 -> 0: down: connection refused',
    '198.51.100.2:80 state: down -> up: answered',
    '198.51.100.2:80 weight: 0 -> 10: up: answered',
  ]);
  assert.deepEqual(farm.errors, []);
});

test('a check that this machine cannot run changes no state, and its reason is told once', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load(farmOf(3));
  const notRun = { ok: false, notRun: true, reason: 'too many open files' } as const;
  for (const last of [1, 2, 3]) farm.answers.set(`198.51.100.${last}`, notRun);
  await farm.clock.pass(10_000);
  assert.deepEqual(await weightsOf(farm), [10, 10, 10]);
  assert.deepEqual(farm.told('state', 'network', 'problem'), [
    'problem: this machine could not run a check: too many open files',
  ]);
  assert.ok(farm.agent.punctuality.notRun >= 27);
});

test('a check that runs no more is reported with the time since, and told again after it ran', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load(farmOf(1));
  await farm.clock.pass(1000);
  const health = () => {
    const { services } = healthReport(farm.agent, undefined, farm.clock.now());
    const [check] = services[0]?.servers[0]?.checks ?? [];
    return check ?? assert.fail('no check');
  };
  assert.equal(health().notRun, null);
  const reason = 'too many open files';
  for (const times of [1, 2]) {
    farm.answers.set('198.51.100.1', { ok: false, notRun: true, reason });
    await farm.clock.pass(5000);
    const { state, notRun, resultAge } = health();
    assert.equal(state, 'up');
    assert.equal(notRun?.reason, reason);
    assert.ok(notRun.age >= 4000 && (resultAge ?? 0) >= notRun.age, `${notRun.age} ${resultAge}`);
    assert.equal(farm.told('problem').length, times);
    farm.answers.delete('198.51.100.1');
    await farm.clock.pass(2000);
    assert.equal(health().notRun, null);
  }
});

test('the floor keeps the servers that failed last, and one line says that all checks fail', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load(farmOf(4));
  await farm.clock.pass(1000);
  for (const last of [1, 2, 3, 4]) {
    farm.answers.set(`198.51.100.${last}`, false);
    await farm.clock.pass(1000);
  }
  await farm.clock.pass(5000);
  assert.deepEqual(await weightsOf(farm), [0, 0, 10, 10]);
  assert.deepEqual(farm.told('network'), [
    'network: lost: all 4 checks fail: the network of this machine may be down; the floor of each service holds',
  ]);
  farm.answers.set('198.51.100.1', true);
  await farm.clock.pass(1000);
  assert.equal(farm.told('network').at(-1), 'network: back: a check succeeds again');
});

test('the sorry server comes when no server is left, and goes when one is up', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load(farmOf(2, { floor: '0%', sorry: { server: '198.51.100.99' } }));
  farm.answers.set('198.51.100.1', false).set('198.51.100.2', false);
  await farm.clock.pass(2000);
  assert.deepEqual(await farm.weights(web), { '198.51.100.1': 0, '198.51.100.2': 0, '198.51.100.99': 1 });
  farm.answers.clear();
  await farm.clock.pass(2000);
  assert.deepEqual(await farm.weights(web), { '198.51.100.1': 10, '198.51.100.2': 10 });
  assert.deepEqual(farm.told('server'), [
    '198.51.100.99:80 server: added: sorry server, as no other server gets clients',
    '198.51.100.99:80 server: removed: sorry server, as another server gets clients',
  ]);
});

test('with onDown: remove a server that is down leaves the table', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load(farmOf(3, { onDown: 'remove' }));
  farm.answers.set('198.51.100.3', false);
  await farm.clock.pass(2000);
  assert.deepEqual(Object.keys(await farm.weights(web)), ['198.51.100.1', '198.51.100.2']);
  farm.answers.clear();
  await farm.clock.pass(2000);
  assert.deepEqual(Object.keys(await farm.weights(web)).length, 3);
});

test('a slow start raises the weight in steps of a second after a failure, and not at the start', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load(farmOf(2, { slowStart: '5s' }));
  await farm.clock.pass(1000);
  assert.deepEqual(await weightsOf(farm), [10, 10]);
  farm.answers.set('198.51.100.2', false);
  await farm.clock.pass(2000);
  farm.answers.clear();
  const seen: (number | undefined)[] = [];
  for (let second = 0; second < 9; second++) {
    await farm.clock.pass(1000);
    seen.push((await weightsOf(farm))[1]);
  }
  assert.deepEqual(
    seen.filter((weight, index) => weight !== seen[index - 1]),
    [0, 1, 2, 4, 6, 8, 10],
  );
  assert.match(farm.told('weight').at(-2) ?? '', /weight: 6 -> 8: up: answered; slow start 8\d%$/);
});

test('a server that the floor kept in use has its whole weight when its checks succeed again', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load(farmOf(4, { slowStart: '60s' }));
  await farm.clock.pass(1000);
  for (const host of [1, 2, 3]) {
    farm.answers.set(`198.51.100.${host}`, false);
    await farm.clock.pass(2000);
  }
  assert.deepEqual(await weightsOf(farm), [0, 0, 10, 10]);
  farm.answers.set('198.51.100.3', true);
  await farm.clock.pass(3000);
  assert.deepEqual(await weightsOf(farm), [0, 0, 10, 10]);
});

test('a restart goes on with a slow start, and a server that is down starts slowly after it', async (t) => {
  const farm = await AgentFarm.start(t);
  const document = farmOf(3, { slowStart: '10s', floor: '0%' });
  await farm.load(document);
  farm.answers.set('198.51.100.2', false).set('198.51.100.3', false);
  await farm.clock.pass(2000);
  farm.answers.delete('198.51.100.2');
  await farm.clock.pass(6900);
  const before = await weightsOf(farm);
  assert.deepEqual(before, [10, 5, 0]);
  farm.restart();
  await farm.load(document);
  assert.deepEqual(await weightsOf(farm), before);
  farm.answers.clear();
  await farm.clock.pass(2100);
  const [, , third] = await weightsOf(farm);
  assert.ok(third !== undefined && third < 3, `${third}`);
});

test('a state that is known goes on after a restart, whatever initially says', async (t) => {
  for (const initially of ['up', 'down']) {
    const farm = await AgentFarm.start(t);
    const document = farmOf(2, { initially, floor: '0%', onDown: 'remove' });
    await farm.load(document);
    farm.answers.set('198.51.100.2', false);
    await farm.clock.pass(3000);
    farm.restart();
    await farm.load(document);
    assert.deepEqual(await farm.weights(web), { '198.51.100.1': 10 });
  }
});

test('the words of an agent end with its check; what a program says of the whole service is held by the floor', async (t) => {
  const farm = await AgentFarm.start(t);
  const of = (kind: string, more: object = {}) => {
    const [service] = farmOf(2).services;
    return {
      services: [{ ...service, check: { every: '1s', jitter: '0%', fall: 1, rise: 1, kind, ...more } }],
    };
  };
  await farm.load(of('agent', { port: 8900 }));
  farm.answers.set('198.51.100.1', { admin: 'drain' }).set('198.51.100.2', { admin: 'maint' });
  await farm.clock.pass(1000);
  assert.deepEqual(await weightsOf(farm), [0, 0]);
  farm.answers.clear();
  await farm.load(of('tcp'), 'reload');
  assert.deepEqual(await weightsOf(farm), [10, 10]);
  await farm.load(of('command', { command: ['/bin/check'] }), 'reload');
  for (const host of [1, 2]) farm.answers.set(`198.51.100.${host}`, { weight: 0 });
  await farm.clock.pass(2000);
  assert.deepEqual(await weightsOf(farm), [10, 0]);
});

test('a server that is removed and added again has no state of the start', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load(farmOf(3));
  farm.answers.set('198.51.100.3', false);
  await farm.clock.pass(3000);
  farm.restart();
  farm.answers.clear();
  await farm.load(farmOf(3));
  await farm.clock.pass(3000);
  await farm.load(farmOf(2), 'reload');
  await farm.load(farmOf(3), 'reload');
  assert.deepEqual(await weightsOf(farm), [10, 10, 10]);
});

test("an agent's words are a factor of the weight until it says others", async (t) => {
  const farm = await AgentFarm.start(t);
  const agent = { port: 8900, every: '1s', jitter: '0%', fall: 1, rise: 1 };
  await farm.load(farmOf(2, {}, { agent }));
  const seen: number[] = [];
  for (const said of [
    { weight: 50 },
    { admin: 'drain' },
    {},
    { ok: false },
    { admin: 'ready' },
    { weight: 100 },
  ] as const) {
    farm.answers.set('198.51.100.1 agent', said);
    await farm.clock.pass(1000);
    seen.push((await weightsOf(farm))[0] as number);
  }
  assert.deepEqual(seen, [5, 0, 0, 0, 5, 10]);
});

test('what another program changed is set right at the next look, with its reason', async (t) => {
  const farm = await AgentFarm.start(t);
  const document = farmOf(2);
  await farm.load(document);
  farm.answers.set('198.51.100.1', false);
  await farm.clock.pass(2000);
  const [first, second] = await farm.client.destinations(web);
  assert.ok(first && second);
  await farm.client.apply({ do: 'editDestination', of: web, destination: { ...first, weight: 77 } });
  await farm.client.apply({ do: 'deleteDestination', of: web, id: second.id });
  await farm.load(document, 'resync');
  assert.deepEqual(await weightsOf(farm), [0, 10]);
  assert.match(farm.told('weight').at(-1) ?? '', /weight: 77 -> \d+: another program changed it; /);
  assert.equal(farm.told('applied').at(-1), 'applied: another program changed the table: 1 other change');
});

test('programs of the quorum run one after the other, when it is won and lost, and not again after a restart', async (t) => {
  const farm = await AgentFarm.start(t);
  const document = farmOf(2, {
    floor: '0%',
    quorum: { weight: 15, up: ['/bin/up'], down: ['/bin/down', 'web'] },
  });
  await farm.load(document);
  assert.deepEqual(farm.commands, []);
  await farm.clock.pass(2000);
  assert.deepEqual(farm.commands, [['/bin/up']]);
  farm.answers.set('198.51.100.1', false);
  await farm.clock.pass(3000);
  assert.deepEqual(farm.commands, [['/bin/up'], ['/bin/down', 'web']]);
  farm.restart();
  await farm.load(document);
  await farm.clock.pass(3000);
  assert.equal(farm.commands.length, 2);
  assert.deepEqual(farm.told('quorum'), ['quorum: won: quorum is 15', 'quorum: lost: quorum is 15']);
});

const quorum = { weight: 15, up: ['/bin/up'], down: ['/bin/down'] };
const watched = (more: object = {}, number = 2) =>
  farmOf(number, { floor: '0%', quorum: { ...quorum, ...more } });
const programs = (farm: AgentFarm) => farm.commands.map(([program]) => program);

test('programs of a quorum run after a reboot, and for a quorum that a reload adds', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load(farmOf(2, { floor: '0%' }));
  await farm.clock.pass(2000);
  assert.deepEqual(farm.commands, []);
  await farm.load(watched(), 'reload');
  await farm.clock.pass(100);
  assert.deepEqual(programs(farm), ['/bin/up']);
  await farm.load(watched({ down: ['/bin/other'] }), 'reload');
  await farm.load(watched({ up: ['/bin/up', 'web'] }), 'reload');
  await farm.clock.pass(100);
  assert.deepEqual(farm.commands, [['/bin/up'], ['/bin/up', 'web']]);
  // A reboot.
  farm.memory = { ...farm.memory, quorums: new Map(), programs: new Map() };
  farm.restart();
  await farm.load(watched());
  await farm.clock.pass(2000);
  assert.deepEqual(programs(farm), ['/bin/up', '/bin/up', '/bin/up']);
});

test('a program of a quorum that was killed with the agent, or that failed, is run again', async (t) => {
  const farm = await AgentFarm.start(t);
  farm.program = () => new Promise(() => {});
  await farm.load(watched());
  await farm.clock.pass(2000);
  farm.restart();
  farm.program = async () => 'exit status 1';
  await farm.load(watched());
  await farm.clock.pass(10 * 60_000);
  // After 0, 1, 3, 7, 15, 31 and 63 s, and then each minute.
  assert.equal(farm.commands.length, 1 + 7 + 8);
  assert.deepEqual(farm.told('problem'), ['problem: /bin/up: exit status 1']);
  farm.program = async () => undefined;
  await farm.clock.pass(60_000);
  const runs = farm.commands.length;
  await farm.clock.pass(180_000);
  assert.equal(farm.commands.length, runs);
});

test('what a program did is undone when its service or its quorum leaves the documents, also after a restart', async (t) => {
  const farm = await AgentFarm.start(t);
  const other = { services: [{ ...farmOf(2).services[0], service: 'tcp://192.0.2.11:80' }] };
  const ways: [string, () => Promise<void>][] = [
    ['the quorum leaves', () => farm.load(farmOf(2, { floor: '0%' }), 'reload')],
    ['the service leaves', () => farm.load(other, 'reload')],
    [
      'the service leaves while no agent runs',
      () => {
        farm.restart();
        return farm.load(other);
      },
    ],
  ];
  for (const [way, leave] of ways) {
    farm.commands.length = 0;
    await farm.load(watched(), 'reload');
    await farm.clock.pass(2000);
    assert.deepEqual(programs(farm), ['/bin/up'], way);
    await leave();
    await farm.clock.pass(2000);
    assert.deepEqual(programs(farm), ['/bin/up', '/bin/down'], way);
  }
});

test('the programs of one service do not wait for those of another, and only the newest decision is carried out', async (t) => {
  const farm = await AgentFarm.start(t);
  const [one] = watched().services;
  const hanging = { ...one, health: { floor: '0%', quorum: { ...quorum, up: ['/bin/hang'] } } };
  const ends: (() => void)[] = [];
  farm.program = async ([program]) => {
    if (program === '/bin/hang') await new Promise<void>((resolve) => ends.push(resolve));
    return undefined;
  };
  await farm.load({ services: [hanging, { ...one, service: 'tcp://192.0.2.11:80' }] });
  await farm.clock.pass(2000);
  assert.deepEqual(programs(farm), ['/bin/hang', '/bin/up']);
  for (const up of [false, true, false, true]) {
    farm.answers.set('198.51.100.1', up);
    await farm.clock.pass(3000);
  }
  assert.deepEqual(programs(farm).slice(2), ['/bin/down', '/bin/up', '/bin/down', '/bin/up']);
  for (const end of ends) end();
  await farm.clock.pass(1000);
  assert.equal(farm.commands.length, 6);
});

test('a reload keeps the states of servers that stay, checks new ones, and forgets those that go', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load(farmOf(3));
  farm.answers.set('198.51.100.1', false);
  await farm.clock.pass(2000);
  await farm.load(farmOf(4, { floor: '25%' }), 'reload');
  assert.deepEqual(await weightsOf(farm), [0, 10, 10, 10]);
  farm.answers.set('198.51.100.4', false);
  await farm.clock.pass(3000);
  assert.deepEqual(await weightsOf(farm), [0, 10, 10, 0]);
  await farm.load(farmOf(2), 'reload');
  assert.deepEqual(await weightsOf(farm), [0, 10]);
});

test('a server that flaps, a slow start and looks write the memory seldom; states are written before the weights', async (t) => {
  const farm = await AgentFarm.start(t);
  const document = farmOf(3, { slowStart: '60s', floor: '0%' });
  await farm.load(document);
  await farm.clock.pass(31_000);
  const writings = farm.writings;
  for (let second = 0; second < 60; second++) {
    farm.answers.set('198.51.100.1', second % 2 === 0);
    await farm.clock.pass(1000);
  }
  assert.ok(farm.writings - writings <= 2, `${farm.writings - writings}`);
  farm.answers.set('198.51.100.2', false);
  await farm.clock.pass(2000);
  farm.answers.clear();
  await farm.clock.pass(4000);
  const before = farm.writings;
  await farm.clock.pass(29_000);
  await farm.load(document, 'resync');
  await farm.load(document, 'resync');
  assert.ok(farm.writings - before <= 2, `${farm.writings - before}`);
});

test('documents that are refused leave the ones before in force', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load(farmOf(3));
  farm.refusal = new UsageError('would remove too much');
  await assert.rejects(farm.load(farmOf(1), 'reload'), UsageError);
  farm.answers.set('198.51.100.3', false);
  await farm.clock.pass(3000);
  assert.deepEqual(await weightsOf(farm), [10, 10, 0]);
});

test('the limit of removals does not count services again that wait for the withdrawal of their address', async (t) => {
  const farm = await AgentFarm.start(t, { prune: true, maxRemove: 40 });
  const addresses = Array.from({ length: 10 }, (_, index) => `192.0.2.${index + 1}`);
  const documentOfFirst = (count: number) => ({
    services: addresses.slice(0, count).map((address) => ({ service: `tcp://${address}:80` })),
  });
  await farm.load(documentOfFirst(10));
  for (const address of addresses) farm.inUse.add(address);
  await farm.load(documentOfFirst(6), 'reload');
  await farm.load(documentOfFirst(4), 'reload');
  assert.equal((await farm.client.services()).length, 10);
  await assert.rejects(farm.load(documentOfFirst(2), 'reload'), UsageError);
  for (const address of addresses.slice(4)) farm.inUse.delete(address);
  await farm.load(documentOfFirst(4), 'resync');
  assert.equal((await farm.client.services()).length, 4);
});

test('documents that are refused at the start do not cost what an earlier run remembered', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load(farmOf(2));
  farm.answers.set('198.51.100.2', false);
  await farm.clock.pass(3000);
  farm.restart();
  farm.refusal = new UsageError('would remove too much');
  await assert.rejects(farm.load(farmOf(1)), UsageError);
  await farm.agent.stop();
  farm.restart();
  await farm.load(farmOf(2));
  assert.deepEqual(await weightsOf(farm), [10, 0]);
});

test('a kernel that did not answer is asked again a second later', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load(farmOf(2));
  await farm.clock.pass(1000);
  farm.answers.set('198.51.100.2', false);
  farm.refusal = new TransportError('deadline', 'receive', 'no answer');
  await farm.clock.pass(2000);
  assert.deepEqual(await weightsOf(farm), [10, 10]);
  await farm.clock.pass(1100);
  assert.deepEqual(await weightsOf(farm), [10, 0]);
  assert.deepEqual(farm.told('problem'), ['problem: netlink receive: no answer']);
});

test('a service that the kernel refuses keeps no dead server of another one in use, and is tried again', async (t) => {
  const farm = await AgentFarm.start(t);
  const [one] = farmOf(2, { floor: '0%', sorry: { server: '198.51.100.99' } }).services;
  const other = { ...one, service: 'tcp://192.0.2.11:80', health: { floor: '0%' } };
  await farm.load({ services: [one, other] });
  const bad = { ...one, service: 'tcp://192.0.2.12:80', scheduler: 'mh' };
  farm.ipvs.schedulers.delete('mh');
  await farm.load({ services: [bad, one, other] }, 'reload');
  farm.answers.set('198.51.100.1', false).set('198.51.100.2', false);
  await farm.clock.pass(8000);
  await farm.load({ services: [bad, one, other] }, 'resync');
  assert.deepEqual(Object.values(await farm.weights({ ...web, address: '192.0.2.11' })), [0, 0]);
  assert.deepEqual(Object.values(await farm.weights(web)), [0, 0, 1]);
  assert.deepEqual(farm.told('refused'), [
    'refused: Scheduler or persistence engine not found: TCP 192.0.2.12:80',
  ]);
  farm.ipvs.schedulers.add('mh');
  await farm.load({ services: [bad, one, other] }, 'resync');
  assert.deepEqual(Object.values(await farm.weights({ ...web, address: '192.0.2.12' })).length, 3);
  assert.deepEqual(farm.errors, []);
});

test('a bug in a check is a failure of that check, told once for its kind', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load(farmOf(3));
  farm.answers.set('198.51.100.2', new TypeError('no certificate'));
  await farm.clock.pass(5000);
  assert.deepEqual(await weightsOf(farm), [10, 0, 10]);
  assert.match(farm.told('weight')[0] ?? '', /10 -> 0: down: internal error: TypeError: no certificate$/);
  const problems = farm.told('problem');
  assert.equal(problems.length, 1);
  assert.match(
    problems[0] ?? '',
    /check of kind tcp: a fault in lvsadm itself, please report it: TypeError: no certificate at /,
  );
  assert.deepEqual(farm.errors, []);
});

test('a check that several services share runs once, and its result counts for all', async (t) => {
  const farm = await AgentFarm.start(t);
  const [one] = farmOf(2).services;
  await farm.load({ services: [one, { ...one, service: 'tcp://192.0.2.11:80' }] });
  farm.answers.set('198.51.100.1', false);
  await farm.clock.pass(2000);
  assert.deepEqual(await weightsOf(farm), [0, 10]);
  assert.deepEqual(Object.values(await farm.weights({ ...web, address: '192.0.2.11' })), [0, 10]);
  assert.equal(farm.agent.punctuality.started, 4);
});

const traces = fc.record({
  servers: fc.integer({ min: 1, max: 5 }),
  floor: fc.integer({ min: 0, max: 100 }),
  slowStart: fc.constantFrom('0s', '3s'),
  onDown: fc.constantFrom('weight-0', 'remove'),
  initially: fc.constantFrom('last-known', 'up', 'down'),
  steps: fc.array(
    fc.oneof(
      fc.record({ server: fc.integer({ min: 1, max: 5 }), up: fc.boolean() }),
      fc.constantFrom('restart', 'reload', 'resync'),
    ),
    { maxLength: 12 },
  ),
});

test('random failures, restarts and reloads: weights are the products, never below the floor, and no restart changes one', async (t) => {
  await fc.assert(
    fc.asyncProperty(traces, async ({ servers, floor, slowStart, onDown, initially, steps }) => {
      const farm = await AgentFarm.start(t);
      const document = farmOf(servers, { floor: `${floor}%`, slowStart, onDown, initially });
      await farm.load(document);
      for (const step of steps) {
        const before = await farm.weights(web);
        if (step === 'restart') farm.restart();
        if (typeof step === 'object') farm.answers.set(`198.51.100.${step.server}`, step.up);
        else {
          await farm.load(document, step === 'restart' ? 'start' : step);
          if (slowStart === '0s') assert.deepEqual(await farm.weights(web), before, step);
        }
        // No step meets a moment at which results wait to be acted upon.
        await farm.clock.pass(730);
        const inUse = Object.values(await farm.weights(web)).filter((weight) => weight > 0).length;
        assert.ok(inUse >= Math.ceil((servers * floor) / 100), `${inUse} of ${servers}, floor ${floor}%`);
      }
      await farm.clock.pass(10_000);
      const [service] = farm.agent.services;
      const { servers: expected = [] } = service?.weights(farm.clock.now()) ?? {};
      const present = expected.filter(({ factors }) => onDown === 'weight-0' || factors.health === 1);
      assert.deepEqual(
        await weightsOf(farm),
        present.map(({ weight }) => weight),
      );
      assert.deepEqual(farm.errors, []);
      await farm.agent.stop();
    }),
    { numRuns: 40 },
  );
});

test('what a look changes is remembered before it is changed: a kill in between and a start agree', async (t) => {
  const farm = await AgentFarm.start(t);
  const [service] = farmOf(2).services;
  const document = { services: [{ ...service, check: { ...check, every: '700ms', fall: 1 } }] };
  await farm.load(document);
  await farm.clock.pass(1100);
  farm.answers.set('198.51.100.2', false);
  // The failure is there, and waits to be acted upon.
  await farm.clock.pass(660);
  farm.refusal = new TransportError('deadline', 'receive', 'no answer');
  await assert.rejects(farm.load(document, 'resync'), TransportError);
  farm.restart();
  await farm.load(document);
  assert.deepEqual(await weightsOf(farm), [10, 0]);
});

test('the announcer is told of each address', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load(farmOf(2, { floor: '0%' }));
  const wanted = () => farm.announced?.map(({ address, isWanted }) => [address, isWanted]);
  assert.deepEqual(wanted(), [['192.0.2.10', undefined]]);
  await farm.clock.pass(1000);
  assert.deepEqual(wanted(), [['192.0.2.10', true]]);
  farm.answers.set('198.51.100.1', false).set('198.51.100.2', false);
  await farm.clock.pass(2100);
  assert.deepEqual(wanted(), [['192.0.2.10', false]]);
  farm.restart();
  await farm.load(farmOf(2, { floor: '0%' }));
  assert.deepEqual(wanted(), [['192.0.2.10', false]]);
  await farm.load({ services: [] }, 'reload');
  assert.deepEqual(wanted(), []);
});

test('a service that the kernel refuses keeps its own address from coming, and no other one', async (t) => {
  const farm = await AgentFarm.start(t);
  const [one] = farmOf(2, { floor: '0%' }).services;
  const bad = { ...one, service: 'tcp://192.0.2.12:80', scheduler: 'mh' };
  const beside = { ...one, service: 'tcp://192.0.2.12:443' };
  farm.ipvs.schedulers.delete('mh');
  const document = { services: [bad, beside, one] };
  await farm.load(document);
  await farm.clock.pass(2000);
  const complete = () => farm.announced?.map(({ address, isComplete }) => [address, isComplete]);
  assert.deepEqual(complete(), [
    ['192.0.2.12', false],
    ['192.0.2.10', true],
  ]);
  farm.ipvs.schedulers.add('mh');
  await farm.clock.pass(60_000);
  assert.deepEqual(
    complete()?.map(([, isComplete]) => isComplete),
    [true, true],
  );
});

test('after a reboot an address waits for results, whatever the states of before are', async (t) => {
  const farm = await AgentFarm.start(t);
  const document = farmOf(2, { floor: '0%' });
  await farm.load(document);
  await farm.clock.pass(2000);
  const isWanted = () => farm.announced?.[0]?.isWanted;
  const reboot = async () => {
    farm.memory = { ...farm.memory, quorums: new Map(), programs: new Map() };
    farm.restart();
    await farm.load(document);
  };
  await reboot();
  assert.equal(isWanted(), undefined);
  await farm.clock.pass(1100);
  assert.equal(isWanted(), true);
  for (const server of ['198.51.100.1', '198.51.100.2']) farm.answers.set(server, false);
  await reboot();
  const seen = new Set<boolean | undefined>();
  for (let step = 0; step < 30; step++) {
    await farm.clock.pass(100);
    seen.add(isWanted());
  }
  assert.deepEqual([...seen], [undefined, false]);
});

test('services of an address that leaves the documents stay until it is withdrawn and has lingered', async (t) => {
  const farm = await AgentFarm.start(t, { prune: true });
  const [one] = farmOf(2).services;
  const other = { ...one, service: 'tcp://192.0.2.11:80' };
  const beside = { ...one, service: 'tcp://192.0.2.10:443' };
  farm.inUse.add('192.0.2.10').add('192.0.2.11');
  await farm.load({ services: [one, beside, other] });
  const services = async () => (await farm.client.services()).map(({ id }) => formatService(id)).toSorted();
  const documents = { services: [one] };
  await farm.load(documents, 'reload');
  // An address that stays has no reason to keep a service.
  assert.deepEqual(await services(), ['tcp://192.0.2.10:80', 'tcp://192.0.2.11:80']);
  assert.deepEqual(
    farm.announced?.map(({ address }) => address),
    ['192.0.2.10'],
  );
  assert.ok(farm.agent.isLeaving);
  await farm.load(documents, 'resync');
  assert.equal((await services()).length, 2);
  farm.inUse.delete('192.0.2.11');
  await farm.load(documents, 'resync');
  assert.deepEqual(await services(), ['tcp://192.0.2.10:80']);
  assert.ok(!farm.agent.isLeaving);
  assert.deepEqual(farm.told('applied').slice(1), [
    'applied: the documents were read again: 1 other change',
    'applied: addresses that the documents lack were withdrawn: 1 other change',
  ]);
});

test('after kill -9 a start removes no service whose address is still announced', async (t) => {
  const farm = await AgentFarm.start(t, { prune: true });
  const [one] = farmOf(2).services;
  await farm.load({ services: [one, { ...one, service: 'tcp://192.0.2.11:80' }] });
  farm.inUse.add('192.0.2.11');
  farm.restart();
  await farm.load({ services: [one] });
  assert.equal((await farm.client.services()).length, 2);
});

test('a state is on the disk before the weight that follows from it, and checks go on meanwhile', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load(farmOf(3, { floor: '0%' }));
  await farm.clock.pass(1000);
  let written = (): void => {};
  farm.disk = new Promise((resolve) => {
    written = resolve;
  });
  farm.answers.set('198.51.100.2', false);
  await farm.clock.pass(5000);
  assert.deepEqual(await weightsOf(farm), [10, 10, 10]);
  const { started } = farm.agent.punctuality;
  await farm.clock.pass(1000);
  assert.equal(farm.agent.punctuality.started, started + 3);
  farm.answers.set('198.51.100.3', false);
  written();
  farm.disk = undefined;
  await farm.clock.pass(0);
  assert.deepEqual(await weightsOf(farm), [10, 0, 10]);
  await farm.clock.pass(2000);
  assert.deepEqual(await weightsOf(farm), [10, 0, 0]);
  assert.deepEqual(farm.errors, []);
});

test('a state that the disk has refused is written again', async (t) => {
  const farm = await AgentFarm.start(t);
  await farm.load(farmOf(2));
  farm.diskFailure = 'no space left on device';
  farm.answers.set('198.51.100.2', false);
  await farm.clock.pass(3000);
  assert.deepEqual(await weightsOf(farm), [10, 0]);
  farm.diskFailure = undefined;
  const { writings } = farm;
  await farm.clock.pass(40_000);
  assert.equal(farm.writings, writings + 1);
});

const sequences = fc.record({
  floor: fc.constantFrom('0%', '50%'),
  quorum: fc.integer({ min: 1, max: 30 }),
  steps: fc.array(
    fc.oneof(
      fc.record({ server: fc.integer({ min: 1, max: 3 }), up: fc.boolean() }),
      fc.record({ hold: fc.integer({ min: 1, max: 3 }), weight: fc.constantFrom(undefined, 0, 4) }),
      fc.constantFrom('restart', 'reload', 'resync'),
    ),
    { maxLength: 12 },
  ),
});

test('random failures, holds, kills and reloads: no state, hold, quorum or announcement is lost', async (t) => {
  await fc.assert(
    fc.asyncProperty(sequences, async ({ floor, quorum, steps }) => {
      const farm = await AgentFarm.start(t);
      const document = farmOf(3, { floor, quorum: { weight: quorum } });
      let isAnnounced = false;
      /** An address whose quorum is not known stays as it is. */
      const announcement = (): boolean => {
        isAnnounced = farm.announced?.[0]?.isWanted ?? isAnnounced;
        return isAnnounced;
      };
      await farm.load(document);
      await farm.clock.pass(3000);
      for (const step of steps) {
        if (typeof step === 'string') {
          const before: unknown = [await farm.weights(web), announcement()];
          const told = farm.told('quorum', 'state', 'weight').length;
          if (step === 'restart') farm.restart();
          await farm.load(document, step === 'restart' ? 'start' : step);
          assert.deepEqual([await farm.weights(web), announcement()], before, step);
          assert.equal(farm.told('quorum', 'state', 'weight').length, told, step);
        } else if ('hold' in step) {
          const server = `198.51.100.${step.hold}:80`;
          const held = { service: 'tcp://192.0.2.10:80', server, before: 10, by: 'root', since: 0 };
          const holds = new Map(farm.holds);
          holds.delete(holdKey(held));
          if (step.weight !== undefined) holds.set(holdKey(held), { ...held, weight: step.weight });
          farm.holds = holds;
          await farm.agent.readHolds();
          const weight: number | undefined = (await farm.weights(web))[`198.51.100.${step.hold}`];
          if (step.weight !== undefined) assert.equal(weight, step.weight);
        } else farm.answers.set(`198.51.100.${step.server}`, step.up);
        await farm.clock.pass(730);
        announcement();
      }
      await farm.clock.pass(10_000);
      const [service] = farm.agent.services;
      const { servers = [], weightUp = 0 } = service?.weights(farm.clock.now()) ?? {};
      assert.deepEqual(
        await weightsOf(farm),
        servers.map(({ weight }) => weight),
      );
      assert.equal(announcement(), weightUp >= quorum);
      assert.deepEqual(farm.errors, []);
      await farm.agent.stop();
    }),
    { numRuns: 40 },
  );
});
