// Schedulers that hash keep a server at weight 0 in their tables: while one is there, their fallback flag is set.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Errno, KernelError } from '../../src/errors.js';
import type { Change } from '../../src/model/change.js';
import type { Destination } from '../../src/model/destination.js';
import { type ServiceId, serviceKey } from '../../src/model/service.js';
import { Died, dyingAfter } from '../support/changes.js';
import { Director } from '../support/director.js';
import { whenLocked } from '../support/flock.js';

const web: ServiceId = { protocol: 'tcp', address: '192.0.2.1', port: 80 };
const SERVICE = 'tcp://192.0.2.1:80';
const [first, second] = ['198.51.100.1:80', '198.51.100.2:80'];

const firstId = { address: '198.51.100.1', port: 80 };

const documentOf = (scheduler: string, flags: readonly string[] = [], servers = [first, second]) =>
  JSON.stringify({ services: [{ service: SERVICE, scheduler, schedulerFlags: flags, servers }] });

async function start(context: TestContext, scheduler: string, flags: readonly string[] = []) {
  const director = await Director.start(context);
  await director.run(['apply', '-f', '-'], { stdin: documentOf(scheduler, flags) });
  return director;
}

const flags = async (director: Director): Promise<readonly string[]> =>
  (await director.client.service(web)).schedulerFlags;

const weights = async (director: Director): Promise<number[]> =>
  (await director.client.destinations(web))
    .toSorted((a, b) => (a.id.address < b.id.address ? -1 : 1))
    .map(({ weight }) => weight);

for (const scheduler of ['sh', 'mh'] as const) {
  test(`${scheduler} falls back while a server is drained, and no longer when the last is back`, async (context) => {
    const director = await start(context, scheduler, [`${scheduler}-port`]);
    const { status, err } = await director.run(['drain', SERVICE, first]);
    assert.equal(status, 0);
    assert.equal(err, `lvsadm: ${SERVICE}: ${scheduler}-fallback is set while a server has weight 0\n`);
    assert.deepEqual(await flags(director), ['flag-1', 'flag-2']);
    await director.run(['drain', SERVICE, second]);
    await director.run(['undrain', SERVICE, first]);
    assert.deepEqual(await flags(director), ['flag-1', 'flag-2'], 'another server is still at weight 0');
    await director.run(['undrain', SERVICE, second]);
    assert.deepEqual([await flags(director), await weights(director)], [['flag-2'], [1, 1]]);
  });

  test(`the flag of ${scheduler} is set before the weight falls`, async (context) => {
    const director = await start(context, scheduler);
    const seen: Change['do'][] = [];
    const { apply, applyAll } = director.client;
    context.mock.method(director.client, 'apply', (change: Change) => {
      seen.push(change.do);
      return apply.call(director.client, change);
    });
    context.mock.method(director.client, 'applyAll', (changes: readonly Change[]) => {
      seen.push(...changes.map((change) => change.do));
      return applyAll.call(director.client, changes);
    });
    await director.run(['drain', SERVICE, first]);
    assert.deepEqual(seen, ['editService', 'editDestination']);
  });

  test(`a flag that ${scheduler} had before its drain stays`, async (context) => {
    const director = await start(context, scheduler, [`${scheduler}-fallback`]);
    const { err } = await director.run(['drain', SERVICE, first]);
    assert.equal(err, '');
    await director.run(['undrain', SERVICE, first]);
    assert.deepEqual(await flags(director), ['flag-1']);
  });

  test(`the removal of the last drained server of ${scheduler} takes the flag away`, async (context) => {
    const director = await start(context, scheduler);
    await director.run(['drain', SERVICE, first, '--delete']);
    assert.deepEqual([await flags(director), await weights(director)], [[], [1]]);
  });

  test(`a ramp to weight 0 and back does as a drain does: ${scheduler}`, async (context) => {
    const director = await start(context, scheduler);
    await director.run(['weight', SERVICE, first, '20']);
    assert.deepEqual(await flags(director), []);
    await director.run(['weight', SERVICE, first, '0', '--over', '3']);
    assert.deepEqual([await flags(director), await weights(director)], [['flag-1'], [0, 1]]);
    await director.run(['weight', SERVICE, first, '20', '--over', '3']);
    assert.deepEqual([await flags(director), await weights(director)], [[], [20, 1]]);
  });

  test(`apply --drain lets ${scheduler} fall back while a server leaves`, async (context) => {
    const director = await start(context, scheduler);
    const server = { address: '198.51.100.1', port: 80 };
    director.ipvs.connect(web, server, { activeConnections: 1 });
    const during: (readonly string[])[] = [];
    director.whileSleeping = async () => {
      during.push(await flags(director));
      director.ipvs.connect(web, server, { activeConnections: 0 });
    };
    const { status } = await director.run(['apply', '-f', '-', '--drain', '60'], {
      stdin: documentOf(scheduler, [], [second]),
    });
    assert.equal(status, 0);
    assert.deepEqual(during[0], ['flag-1']);
    assert.deepEqual([await flags(director), await weights(director)], [[], [1]]);
  });

  test(`an interrupted drain of ${scheduler} with --on-interrupt restore leaves no flag`, async (context) => {
    const director = await start(context, scheduler);
    director.ipvs.connect(web, { address: '198.51.100.1', port: 80 }, { activeConnections: 1 });
    director.whileSleeping = () => director.stop.abort('SIGINT');
    await director.run(['drain', SERVICE, first, '--on-interrupt', 'restore']);
    assert.deepEqual([await flags(director), await weights(director)], [[], [1, 1]]);
  });
}

for (const died of [0, 1, 2]) {
  test(`a drain that ends after ${died} changes leaves nothing that undrain does not give back`, async (context) => {
    const director = await start(context, 'mh');
    const env = { LVSADM_RUN: `${director.directory}/run` };
    const mortal = await Director.start(context, dyingAfter(died, director.ipvs.open));
    mortal.whileSleeping = () => Promise.reject(new Died());
    assert.equal((await mortal.run(['drain', SERVICE, first], { env })).status, 70);
    assert.equal((await weights(director))[0], died === 2 ? 0 : 1);
    await director.run(['undrain', SERVICE, first]);
    assert.deepEqual([await flags(director), await weights(director)], [[], [1, 1]]);
  });
}

test('an apply --drain that ended while it waited leaves no flag behind', async (context) => {
  const director = await start(context, 'sh');
  director.ipvs.connect(web, { address: '198.51.100.1', port: 80 }, { activeConnections: 1 });
  director.whileSleeping = () => Promise.reject(new Died());
  const stdin = documentOf('sh', [], [second]);
  assert.equal((await director.run(['apply', '-f', '-', '--drain', '60'], { stdin })).status, 70);
  assert.deepEqual([await flags(director), await weights(director)], [['flag-1'], [0, 1]]);
  director.ipvs.carryOut({ do: 'deleteDestination', of: web, id: { address: '198.51.100.1', port: 80 } });
  await director.run(['undrain', SERVICE, second]);
  assert.deepEqual(await flags(director), []);
});

test('a drained server that another program removed takes its flag with it at the next undrain', async (context) => {
  const director = await start(context, 'mh');
  await director.run(['drain', SERVICE, first]);
  director.ipvs.carryOut({ do: 'deleteDestination', of: web, id: { address: '198.51.100.1', port: 80 } });
  assert.equal((await director.run(['undrain', SERVICE, first])).status, 2);
  assert.deepEqual(await flags(director), []);
});

test('a service that was added again keeps the flag that it came with', async (context) => {
  const director = await start(context, 'mh');
  director.ipvs.count(web, { connections: 9n });
  await director.run(['drain', SERVICE, first]);
  director.ipvs.carryOut({ do: 'deleteService', id: web });
  await director.run(['apply', '-f', '-'], { stdin: documentOf('mh', ['mh-fallback']) });
  await director.run(['drain', SERVICE, second]);
  await director.run(['undrain', SERVICE, second]);
  assert.deepEqual(await flags(director), ['flag-1']);
});

test('a host is drained in services of every scheduler', async (context) => {
  const director = await start(context, 'mh');
  await director.run(['apply', '-f', '-'], {
    stdin: JSON.stringify({
      services: [{ service: 'tcp://192.0.2.2:80', scheduler: 'wlc', servers: [first] }],
    }),
  });
  assert.equal((await director.run(['drain', '198.51.100.1'])).status, 0);
  assert.deepEqual(await flags(director), ['flag-1']);
  assert.equal((await director.run(['undrain', '--all-services', '198.51.100.1'])).status, 0);
  assert.deepEqual(await flags(director), []);
});

for (const words of [
  ['drain', SERVICE, first],
  ['drain', '198.51.100.1'],
  ['weight', SERVICE, first, '0'],
  ['weight', SERVICE, first, '0', '--over', '5'],
]) {
  test(`dh has no such flag: without --force refused: ${words.join(' ')}`, async (context) => {
    const director = await start(context, 'dh');
    const refused = await director.run(words);
    assert.equal(refused.status, 2);
    assert.match(
      refused.err,
      /192\.0\.2\.1:80: scheduler dh refuses the new clients of a server at weight 0.*--force/,
    );
    assert.deepEqual(await weights(director), [1, 1]);
    const { status, err } = await director.run([...words, '--force']);
    assert.deepEqual([status, err], [0, '']);
    assert.deepEqual(await weights(director), [0, 1]);
  });
}

test('apply --drain removes servers of dh at once, and says so', async (context) => {
  const director = await start(context, 'dh');
  director.ipvs.connect(web, firstId, { activeConnections: 1 });
  const apply = ['apply', '-f', '-', '--drain', '60'];
  const { status, err } = await director.run(apply, { stdin: documentOf('dh', [], [second]) });
  assert.deepEqual([status, director.time, await weights(director)], [0, 0, [1]]);
  assert.equal(
    err,
    `lvsadm: ${SERVICE}: servers are removed without a drain: scheduler dh refuses the new clients of a server at weight 0\n`,
  );
});

test('apply --drain drains a service of dh that it removes: its clients are refused in any case', async (context) => {
  const director = await start(context, 'dh');
  director.ipvs.connect(web, firstId, { activeConnections: 1 });
  const seen: number[][] = [];
  director.whileSleeping = async () => {
    seen.push(await weights(director));
    director.ipvs.connect(web, firstId, { activeConnections: 0 });
  };
  const apply = ['apply', '-f', '-', '--prune', '--allow-empty', '--drain', '60'];
  const { status, err } = await director.run(apply, { stdin: '{"services": []}' });
  assert.deepEqual([status, err, seen[0]], [0, '', [0, 0]]);
});

test('a flag that a document sets after a drain is the document’s', async (context) => {
  const director = await start(context, 'mh');
  await director.run(['drain', SERVICE, first]);
  await director.run(['apply', '-f', '-'], { stdin: documentOf('mh') });
  assert.deepEqual([await flags(director), await weights(director)], [[], [1, 1]]);
  const edited = await director.client.service(web);
  await director.client.apply({ do: 'editService', service: { ...edited, schedulerFlags: ['flag-1'] } });
  await director.run(['drain', SERVICE, second]);
  await director.run(['undrain', SERVICE, second]);
  assert.deepEqual(await flags(director), ['flag-1']);
});

test('a flag that a drain set, and a document confirms, is the document’s', async (context) => {
  const director = await start(context, 'mh');
  await director.run(['drain', SERVICE, first]);
  await director.run(['apply', '-f', '-'], { stdin: documentOf('mh', ['mh-fallback']) });
  await director.run(['drain', SERVICE, second]);
  await director.run(['undrain', SERVICE, second]);
  assert.deepEqual([await flags(director), await weights(director)], [['flag-1'], [1, 1]]);
});

test('apply --drain leaves the flag of its document, also where an earlier drain had set it', async (context) => {
  const director = await start(context, 'mh');
  await director.run(['drain', SERVICE, first]);
  await director.run(['apply', '-f', '-', '--drain', '60'], {
    stdin: documentOf('mh', ['mh-fallback'], [second]),
  });
  assert.deepEqual([await flags(director), await weights(director)], [['flag-1'], [1]]);
});

test('an apply after an apply --drain that ended while it waited forgets the flag', async (context) => {
  const director = await start(context, 'sh');
  director.whileSleeping = () => Promise.reject(new Died());
  const stdin = documentOf('sh', [], [second]);
  assert.equal((await director.run(['apply', '-f', '-', '--drain', '60'], { stdin })).status, 70);
  director.whileSleeping = () => {};
  assert.equal((await director.run(['apply', '-f', '-'], { stdin })).status, 0);
  assert.deepEqual([await flags(director), await weights(director)], [[], [1]]);
  const edited = await director.client.service(web);
  await director.client.apply({ do: 'editService', service: { ...edited, schedulerFlags: ['flag-1'] } });
  await director.run(['drain', SERVICE, second]);
  await director.run(['undrain', SERVICE, second]);
  assert.deepEqual(await flags(director), ['flag-1']);
});

test('an apply of another service takes away the flag that a run left behind', async (context) => {
  const director = await start(context, 'sh');
  director.whileSleeping = () => Promise.reject(new Died());
  await director.run(['drain', SERVICE, first]);
  director.whileSleeping = () => {};
  director.ipvs.carryOut({ do: 'deleteDestination', of: web, id: firstId });
  await director.run(['apply', '-f', '-'], { stdin: '{"services": [{"service": "fwmark://1"}]}' });
  assert.deepEqual(await flags(director), []);
});

test('a flag that the kernel refuses is not remembered, and those of other services are taken away', async (context) => {
  const director = await start(context, 'mh');
  const other: ServiceId = { protocol: 'tcp', address: '192.0.2.2', port: 80 };
  await director.run(['apply', '-f', '-'], { stdin: documentOf('mh').replace('192.0.2.1', '192.0.2.2') });
  const { applyAll } = director.client;
  const mock = context.mock.method(director.client, 'applyAll', async (changes: readonly Change[]) => {
    const errors = await applyAll.call(
      director.client,
      changes.filter((change) => !edits(change, other)),
    );
    return changes.map((change) =>
      edits(change, other) ? new KernelError('editService', Errno.EINVAL) : errors.shift(),
    );
  });
  const { status } = await director.run(['drain', '198.51.100.1']);
  assert.equal(status, 255);
  assert.deepEqual([await flags(director), await weights(director)], [[], [1, 1]]);
  mock.mock.restore();
  const edited = await director.client.service(other);
  await director.client.apply({ do: 'editService', service: { ...edited, schedulerFlags: ['flag-1'] } });
  await director.run(['weight', SERVICE, second, '5']);
  assert.deepEqual((await director.client.service(other)).schedulerFlags, ['flag-1']);
});

test('a flag that can no longer be told from another program’s is named', async (context) => {
  const director = await start(context, 'mh', ['mh-port']);
  director.ipvs.count(web, { connections: 9n });
  await director.run(['drain', SERVICE, first]);
  await director.run(['-Z']);
  const { status, err } = await director.run(['undrain', SERVICE, first]);
  assert.equal(status, 0);
  assert.equal(
    err,
    `lvsadm: ${SERVICE}: mh-fallback stays set: its counters were zeroed, or it was added again, since lvsadm set it; once no server has weight 0, ` +
      "'lvsadm -E -t 192.0.2.1:80 -s mh -b mh-port' removes it\n",
  );
  assert.deepEqual(await flags(director), ['flag-1', 'flag-2']);
});

test('a flag whose service has another scheduler by now is named', async (context) => {
  const director = await start(context, 'mh');
  await director.run(['drain', SERVICE, first]);
  const edited = await director.client.service(web);
  await director.client.apply({ do: 'editService', service: { ...edited, scheduler: 'sh' } });
  const { err } = await director.run(['undrain', SERVICE, first]);
  assert.match(
    err,
    /sh-fallback stays set: its scheduler was changed since .*'lvsadm -E -t 192\.0\.2\.1:80 -s sh' removes it\n$/,
  );
});

test('a drain keeps the thresholds that another program sets while it waits for others', async (context) => {
  for (const words of [
    ['drain', SERVICE, first],
    ['weight', SERVICE, first, '0'],
  ]) {
    const director = await start(context, 'mh');
    whenLocked(context, 1, () => edit(director, { weight: 7, upperThreshold: 50, lowerThreshold: 10 }));
    await director.run(words);
    assert.deepEqual(await limits(director), { weight: 0, upperThreshold: 50, lowerThreshold: 10 }, words[0]);
    if (words[0] !== 'drain') continue;
    await director.run(['undrain', SERVICE, first]);
    assert.deepEqual(await limits(director), { weight: 7, upperThreshold: 50, lowerThreshold: 10 });
  }
});

test('apply --drain keeps the thresholds that another program sets while it waits for others', async (context) => {
  const director = await start(context, 'mh');
  whenLocked(context, 2, () => edit(director, { weight: 7, upperThreshold: 50, lowerThreshold: 10 }));
  const seen: unknown[] = [];
  director.whileSleeping = async () => {
    seen.push(await limits(director));
  };
  await director.run(['apply', '-f', '-', '--drain', '60'], { stdin: documentOf('mh', [], [second]) });
  assert.deepEqual(seen[0], { weight: 0, upperThreshold: 50, lowerThreshold: 10 });
});

test('no state is kept where the administrator had set the flag', async (context) => {
  const director = await start(context, 'sh', ['sh-fallback']);
  const env = { LVSADM_RUN: await director.file('no-directory', '') };
  const { status, err } = await director.run(['weight', SERVICE, first, '0'], { env });
  assert.deepEqual([status, await weights(director)], [0, [0, 1]]);
  assert.match(err, /^lvsadm: state is ignored: [^\n]*\n$/);
});

test('an apply --drain that fails after its removals leaves no flag behind', async (context) => {
  const director = await start(context, 'mh');
  const { applyAll } = director.client;
  context.mock.method(director.client, 'applyAll', async (changes: readonly Change[]) => {
    const errors = await applyAll.call(director.client, changes);
    if (changes.some((change) => change.do === 'deleteDestination')) throw new Died();
    return errors;
  });
  const apply = ['apply', '-f', '-', '--drain', '60'];
  assert.equal((await director.run(apply, { stdin: documentOf('mh', [], [second]) })).status, 70);
  assert.deepEqual([await flags(director), await weights(director)], [[], [1]]);
});

const edits = (change: Change, id: ServiceId): boolean =>
  change.do === 'editService' && serviceKey(change.service.id) === serviceKey(id);

const edit = async (director: Director, changed: Partial<Destination>): Promise<void> => {
  const entry = (await director.client.destinations(web)).find(({ id }) => id.address === firstId.address);
  assert.ok(entry);
  director.ipvs.carryOut({ do: 'editDestination', of: web, destination: { ...entry, ...changed } });
};

const limits = async (director: Director) => {
  const entry = (await director.client.destinations(web)).find(({ id }) => id.address === firstId.address);
  const { weight, upperThreshold, lowerThreshold } = entry ?? {};
  return { weight, upperThreshold, lowerThreshold };
};
