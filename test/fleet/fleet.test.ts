/** Directors of a fleet over a store in memory: rollouts, failures, and what a store without the truth must not do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NODES, TARGET } from '../../src/fleet/layout.js';
import { forgetMember, holdRollout, readFleet, resumeRollout } from '../../src/fleet/operator.js';
import { planWaves } from '../../src/fleet/rollout.js';
import { BAD, FleetFarm, Host } from '../support/fleet-farm.js';

const fleetTest = (name: string, size: number, story: (farm: FleetFarm) => Promise<void>): void =>
  void test(name, async () => {
    const farm = await FleetFarm.running(size);
    assert.deepEqual(farm.running, Array(size).fill(1), farm.hosts.flatMap(({ lines }) => lines).join('\n'));
    try {
      await story(farm);
      for (const { failure } of farm.hosts) assert.equal(failure, undefined);
    } finally {
      await farm.end();
    }
  });

fleetTest('a release reaches all directors within 5 s, and all report it within 10 s', 4, async (farm) => {
  const { id } = await farm.push('second');
  await farm.release(id);
  await farm.pass(5000);
  assert.deepEqual(farm.running, [2, 2, 2, 2]);
  await farm.pass(5000);
  assert.equal((await farm.target()).state, 'done');
  const { reports } = await readFleet(farm.store);
  assert.deepEqual(
    [...reports.values()].map(({ release, result }) => [release, result]),
    Array(4).fill([2, 'applied']),
  );
});

fleetTest(
  'waves open one after the other, each when the one before has been well for its time',
  4,
  async (farm) => {
    const { id } = await farm.push('second');
    await farm.release(id, {
      waves: [
        { nodes: ['d3'], wait: 30_000 },
        { percent: 50, wait: 0 },
      ],
    });
    await farm.pass(25_000);
    assert.deepEqual(farm.running, [1, 1, 2, 1]);
    await farm.pass(15_000);
    assert.equal(farm.running.filter((release) => release === 2).length, 2, String(farm.running));
    await farm.pass(25_000);
    assert.deepEqual(farm.running, [2, 2, 2, 2]);
    assert.equal((await farm.target()).state, 'done');
  },
);

fleetTest('a release that a director refuses stops at its first wave', 4, async (farm) => {
  const { id } = await farm.push(BAD);
  await farm.release(id, { waves: [{ nodes: ['d2'], wait: 0 }] });
  await farm.pass(60_000);
  const { state, reason } = await farm.target();
  assert.equal(state, 'halted');
  assert.equal(reason, 'd2: refused: web.yaml: it is bad');
  assert.deepEqual(farm.running, [1, 1, 1, 1]);
  assert.ok(
    farm.host('d2').lines.some((line) => line.includes('release 2 was not applied: web.yaml: it is bad')),
  );
  assert.equal(farm.host('d1').lines.filter((line) => line.includes('not applied')).length, 0);
});

fleetTest('worse health halts a rollout, unless it is as much as is allowed', 3, async (farm) => {
  const { id } = await farm.push('second');
  farm.host('d1').down = 1;
  await farm.pass(2000);
  await farm.release(id, { waves: [{ nodes: ['d1'], wait: 60_000 }], maxDown: 1 });
  await farm.pass(10_000);
  farm.host('d1').down = 2;
  await farm.pass(20_000);
  assert.equal((await farm.target()).state, 'rolling');
  farm.host('d1').down = 3;
  await farm.pass(20_000);
  const { state, reason } = await farm.target();
  assert.equal(state, 'halted');
  assert.equal(reason, 'd1: 3 of its servers are down, 1 were before');
});

fleetTest('with onFailure: rollback a failed release goes back by itself', 3, async (farm) => {
  const { id } = await farm.push('second');
  await farm.release(id, { waves: [{ nodes: ['d1'], wait: 60_000 }], onFailure: 'rollback' });
  await farm.pass(5000);
  assert.deepEqual(farm.running, [2, 1, 1]);
  farm.host('d1').down = 5;
  await farm.pass(30_000);
  assert.deepEqual(farm.running, [1, 1, 1]);
  const { cause, state, release, sequence } = await farm.target();
  assert.deepEqual([cause, release, sequence], ['rollback', 1, 3]);
  // Its servers are still down, but they were before the rollback.
  assert.equal(state, 'done');
});

fleetTest('a director that falls silent halts the rollout when its time is over', 3, async (farm) => {
  const { id } = await farm.push('second');
  farm.host('d2').cutOff();
  await farm.release(id);
  await farm.pass(50_000);
  assert.equal((await farm.target()).state, 'rolling');
  await farm.pass(60_000);
  assert.equal((await farm.target()).state, 'halted');
  assert.deepEqual(farm.running, [2, 1, 2]);
  farm.host('d2').reconnect();
  await farm.pass(60_000);
  // It was in an open wave, but what is halted goes no further.
  assert.deepEqual(farm.running, [2, 1, 2]);
  await resumeRollout(farm.store);
  await farm.pass(10_000);
  assert.deepEqual(farm.running, [2, 2, 2]);
  assert.equal((await farm.target()).state, 'done');
});

fleetTest('a rollout does not wait for a director that was lost before', 3, async (farm) => {
  await farm.host('d3').kill();
  await farm.pass(60_000);
  const { id } = await farm.push('second');
  await farm.release(id);
  await farm.pass(10_000);
  assert.equal((await farm.target()).state, 'done');
  await farm.host('d3').start();
  await farm.pass(10_000);
  assert.deepEqual(farm.running, [2, 2, 2]);
});

fleetTest('another director conducts when the conductor is killed', 3, async (farm) => {
  const { id } = await farm.push('second');
  await farm.release(id, { waves: [{ nodes: ['d1'], wait: 20_000 }] });
  await farm.pass(15_000);
  const conductor = (await farm.store.read('conductor')).entries[0]?.value ?? '{}';
  const { node } = JSON.parse(conductor) as { node: string };
  await farm.host(node).kill();
  await farm.pass(10_000);
  await farm.host(node).start();
  await farm.pass(90_000);
  assert.deepEqual(farm.running, [2, 2, 2]);
  assert.equal((await farm.target()).state, 'done');
});

fleetTest('a director that became conductor without knowing holds nobody up', 4, async (farm) => {
  farm.host('d1').loseAnswers(true);
  const { id } = await farm.push('second');
  await farm.release(id, { waves: [{ percent: 25, wait: 5000 }] });
  await farm.pass(10_000);
  farm.host('d1').loseAnswers(false);
  await farm.pass(90_000);
  assert.equal((await farm.target()).state, 'done');
});

fleetTest('an operator holds a rollout and lets it go on', 3, async (farm) => {
  const { id } = await farm.push('second');
  await farm.release(id, { waves: [{ nodes: ['d1'], wait: 5000 }] });
  await farm.pass(3000);
  await holdRollout(farm.store, 'bob: looking at d1');
  await farm.pass(60_000);
  assert.deepEqual(farm.running, [2, 1, 1]);
  await resumeRollout(farm.store);
  await farm.pass(30_000);
  assert.deepEqual(farm.running, [2, 2, 2]);
  await assert.rejects(resumeRollout(farm.store), /no rollout to resume: release 2 is done/);
});

fleetTest(
  'of two operators who release at once the second is refused with the name of the first',
  2,
  async (farm) => {
    const second = await farm.push('second');
    const third = await farm.push('third');
    const outcomes = await Promise.allSettled([farm.release(second.id), farm.release(third.id)]);
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    assert.equal(refused.length, 1);
    assert.match(String(refused[0]?.reason), /changed meanwhile: it is release 2 of alice, rolling/);
    await assert.rejects(farm.release(third.id), /the rollout of release 2 of alice is under way/);
  },
);

fleetTest('a store that is emptied, or is another one, changes no table', 2, async (farm) => {
  await farm.store.commit({ comparisons: [], writes: [{ remove: '' }] });
  await farm.pass(120_000);
  assert.deepEqual(farm.running, [1, 1]);
  for (const { documents, lines } of farm.hosts) {
    assert.equal(documents.length, 1);
    assert.ok(
      lines.some((line) => line.includes('what runs here stays')),
      lines.join('\n'),
    );
  }
  await farm.push('of another fleet');
  await farm.release(1, {}, 'rollback');
  await farm.pass(120_000);
  for (const { documents, lines } of farm.hosts) {
    assert.equal(documents[0]?.text, 'first');
    assert.ok(
      lines.some((line) => line.includes('the target is of another fleet')),
      lines.join('\n'),
    );
  }
  await farm.host('d1').kill();
  await farm.host('d1').start();
  await farm.pass(5000);
  assert.match(farm.host('d1').lines.at(-1) ?? '', /it is the store of another fleet/);
});

fleetTest('a document that is gone or is another text changes no table', 1, async (farm) => {
  const { id, documents } = await farm.push('second');
  const [document] = documents;
  const key = `documents/web.yaml/${document?.digest}`;
  await farm.store.commit({ comparisons: [], writes: [{ key, value: 'sec' }] });
  await farm.release(id);
  await farm.pass(10_000);
  assert.deepEqual(farm.running, [1]);
  assert.match(
    (await farm.target()).reason ?? '',
    /d1: failed: .*document web.yaml of release 2.*another text/,
  );
});

fleetTest('a store that went back in time is not followed, a rollback is', 2, async (farm) => {
  const old = (await farm.store.read(TARGET)).entries[0]?.value ?? '';
  const { id } = await farm.push('second');
  await farm.release(id);
  await farm.pass(10_000);
  await farm.store.commit({ comparisons: [], writes: [{ key: TARGET, value: old }] });
  await farm.pass(70_000);
  assert.deepEqual(farm.running, [2, 2]);
  const { reports } = await readFleet(farm.store);
  assert.equal(reports.get('d1')?.result, 'refused');
  assert.match(reports.get('d1')?.error ?? '', /target has number 1, number 2 has been applied here/);
});

fleetTest('a director boots from the release that it had while the store is down', 1, async (farm) => {
  const host = farm.host('d1');
  await host.kill();
  host.documents = [];
  host.isCutOff = true;
  await host.start();
  await farm.pass(0);
  assert.equal(host.documents[0]?.text, 'first');
  await farm.pass(60_000);
  assert.ok(
    host.lines.some((line) => line.includes('cannot read layout')),
    host.lines.join('\n'),
  );
  const { id } = await farm.push('second');
  await farm.release(id, {}, 'rollback');
  host.reconnect();
  await farm.pass(30_000);
  assert.deepEqual(farm.running, [2]);
});

fleetTest('a new director runs what the others ran, until its wave is open', 2, async (farm) => {
  const { id } = await farm.push('second');
  await farm.release(id, { waves: [{ nodes: ['d1'], wait: 600_000 }] });
  await farm.pass(5000);
  await farm.host('d2').kill();
  // It was installed anew.
  Object.assign(farm.host('d2'), { remembered: undefined });
  await farm.host('d2').start();
  await farm.pass(5000);
  assert.deepEqual(farm.running, [2, 1]);
});

fleetTest('a director that is lost is forgotten, one that reports is not', 2, async (farm) => {
  await assert.rejects(forgetMember(farm.store, 'd1'), /d1 reports: stop its agent first/);
  await assert.rejects(forgetMember(farm.store, 'd7'), /d7 is no director of the fleet; it has d1, d2/);
  await farm.host('d2').kill();
  await farm.pass(60_000);
  await forgetMember(farm.store, 'd2');
  assert.deepEqual([...(await readFleet(farm.store)).members.keys()], ['d1']);
});

fleetTest('an idle director asks the store no more than once in 10 s', 1, async (farm) => {
  const requests = (): number => farm.host('d1').store?.requests ?? 0;
  await farm.pass(120_000);
  const before = requests();
  await farm.pass(600_000);
  // Renewals of the lease are not among them: one in 12 s.
  assert.ok(requests() - before <= 2 * 10 + 1, String(requests() - before));
});

fleetTest(
  'a number that is given again after a restored backup is not taken for the old one',
  2,
  async (farm) => {
    const old = (await farm.store.read(TARGET)).entries[0]?.value ?? '';
    await farm.push('second');
    await farm.release(2);
    await farm.pass(10_000);
    await farm.store.commit({
      comparisons: [],
      writes: [{ key: TARGET, value: old }, { remove: 'releases/00000002' }],
    });
    await farm.pass(5000);
    const { id } = await farm.push('another second');
    assert.equal(id, 2);
    const { sequence } = await farm.release(id);
    assert.equal(sequence, 3);
    await farm.pass(10_000);
    assert.deepEqual(
      farm.hosts.map(({ documents }) => documents[0]?.text),
      ['another second', 'another second'],
    );
  },
);

fleetTest('a director that dies in its wave is noticed before the next one is opened', 3, async (farm) => {
  const { id } = await farm.push('second');
  await farm.release(id, { waves: [{ nodes: ['d1'], wait: 0 }], patience: 10_000 });
  await farm.pass(3000);
  assert.deepEqual(farm.running, [2, 1, 1]);
  await farm.host('d1').kill();
  await farm.pass(60_000);
  assert.deepEqual(farm.running, [2, 1, 1]);
  assert.equal((await farm.target()).reason, 'd1: it does not report');
});

fleetTest('a wave of directors that do not report is refused', 2, async (farm) => {
  const { id } = await farm.push('second');
  await farm.host('d1').kill();
  await farm.pass(60_000);
  await assert.rejects(
    farm.release(id, { waves: [{ nodes: ['d1'], wait: 0 }] }),
    /d1 does not report: leave it out/,
  );
  await farm.release(id, { waves: [{ percent: 25, wait: 0 }] });
  await farm.pass(3000);
  assert.equal(farm.running[1], 2);
});

fleetTest(
  'a wave may take longer than the patience with one director, and a hold costs none of it',
  2,
  async (farm) => {
    const { id } = await farm.push('second');
    await farm.release(id, { waves: [{ nodes: ['d1'], wait: 120_000 }], patience: 30_000 });
    await farm.pass(100_000);
    farm.host('d1').converged = false;
    await farm.pass(5000);
    farm.host('d1').converged = true;
    await farm.pass(5000);
    await holdRollout(farm.store, 'bob');
    await farm.pass(300_000);
    await resumeRollout(farm.store);
    await farm.pass(60_000);
    assert.equal((await farm.target()).state, 'rolling');
    await farm.pass(90_000);
    assert.deepEqual(farm.running, [2, 2]);
  },
);

fleetTest('a report, or a target, that cannot be read keeps nobody from going back', 2, async (farm) => {
  await farm.store.commit({
    comparisons: [],
    writes: [
      { key: 'nodes/d9', value: '{}' },
      { key: TARGET, value: 'x' },
    ],
  });
  await farm.pass(5000);
  assert.ok(farm.host('d1').lines.some((line) => line.includes('read target')));
  const { target } = await readFleet(farm.store);
  assert.match(target.problem?.message ?? '', /it is no JSON/);
  await farm.release(1, {}, 'rollback');
  await farm.pass(60_000);
  assert.deepEqual(
    farm.hosts.map(({ applied }) => applied?.sequence),
    [2, 2],
  );
});

fleetTest('a target that could not be read again is not written', 1, async (farm) => {
  await assert.rejects(
    farm.release(1, { comment: 'x'.repeat(2000), supersede: true }),
    /comment: Too big: expected string to have <=1000 characters/,
  );
  await assert.rejects(farm.release(1, { waves: [{ percent: 50, wait: 0.5 }] }), /waves\.0\.wait/);
  const many = Array.from({ length: 300 }, (_, index) => `director-with-a-long-name-${index}`);
  assert.ok((planWaves([{ nodes: many, wait: 0 }], many, 1)[0]?.title.length ?? 0) < 200);
});

fleetTest('two directors of one name are told of each other', 1, async (farm) => {
  const twin = new Host(farm, 'd1');
  await twin.start();
  await farm.pass(3000);
  twin.down = 1;
  farm.host('d1').down = 2;
  await farm.pass(5000);
  const told = [...farm.host('d1').lines, ...twin.lines];
  assert.ok(
    told.includes('another director reports as d1: each needs a name of its own, --node'),
    told.join('\n'),
  );
  await twin.kill();
});

fleetTest('directors report again soon after the prefix was deleted and restored', 3, async (farm) => {
  const { entries } = farm.memory.read('');
  const kept = entries.filter(({ key }) => !key.startsWith(NODES));
  farm.memory.commit({ comparisons: [], writes: [{ remove: '' }] });
  await farm.pass(20_000);
  assert.deepEqual(farm.running, [1, 1, 1]);
  farm.memory.commit({ comparisons: [], writes: kept.map(({ key, value }) => ({ key, value })) });
  await farm.pass(5000);
  assert.equal((await readFleet(farm.store)).reports.size, 3);
});

fleetTest('a release that would not be there after a restart is reported', 1, async (farm) => {
  farm.host('d1').diskProblem = 'cannot write /var/lib/lvsadm/fleet.json: no space left';
  const { id } = await farm.push('second');
  await farm.release(id);
  await farm.pass(10_000);
  const { reports } = await readFleet(farm.store);
  assert.deepEqual(
    [reports.get('d1')?.release, reports.get('d1')?.unsaved],
    [2, farm.host('d1').diskProblem],
  );
  farm.host('d1').diskProblem = undefined;
  // It is written again without another release.
  await farm.pass(300_000);
  assert.equal((await readFleet(farm.store)).reports.get('d1')?.unsaved, undefined);
});

fleetTest(
  'a disk that does not take the release at a start is reported, and tried again',
  1,
  async (farm) => {
    const host = farm.host('d1');
    await host.kill();
    host.diskProblem = 'cannot write /var/lib/lvsadm/fleet.json: no space left';
    await host.start();
    await farm.pass(10_000);
    assert.equal((await readFleet(farm.store)).reports.get('d1')?.unsaved, host.diskProblem);
    host.diskProblem = undefined;
    await farm.pass(300_000);
    assert.equal((await readFleet(farm.store)).reports.get('d1')?.unsaved, undefined);
  },
);
