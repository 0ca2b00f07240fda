// Holds of an operator: drain --hold, weight --hold, and what apply, diff, undrain and the agent make of them.
import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceId } from '../../src/model/service.js';
import { agentPlace } from '../support/agent-socket.js';
import { Director, type Result } from '../support/director.js';

const web: ServiceId = { protocol: 'tcp', address: '192.0.2.1', port: 80 };
const names = ['tcp://192.0.2.1:80', '198.51.100.1:80'];
/** Of the machine's time zone. */
const noon = new Date(2026, 10, 30, 12).getTime();
const iso = (time: number): string => new Date(time).toISOString();
/** The user who called sudo, on any machine. */
const env = { SUDO_USER: 'ada' };

const documentOf = (...weights: number[]): string =>
  JSON.stringify({
    services: [
      {
        service: 'tcp://192.0.2.1:80',
        servers: weights.map((weight, index) => ({ server: `198.51.100.${index + 1}`, weight })),
      },
    ],
  });

/** Two servers of weights 5 and 1. */
async function start(t: TestContext): Promise<Director> {
  const director = await Director.start(t);
  director.time = noon;
  await director.run(['apply', '-f', '-'], { stdin: documentOf(5, 1) });
  return director;
}

const weights = async (director: Director): Promise<number[]> =>
  (await director.client.destinations(web))
    .toSorted((a, b) => (a.id.address < b.id.address ? -1 : 1))
    .map(({ weight }) => weight);

const apply = (director: Director, document: string, ...words: string[]) =>
  director.run(['apply', '-f', '-', ...words], { stdin: document });

const diff = (director: Director, document: string, ...words: string[]) =>
  director.run(['diff', '-f', '-', ...words], { stdin: document });

test('a server that is held stays at its weight whatever documents say, until undrain restores the weight before', async (t) => {
  const director = await start(t);
  const held = await director.run(['drain', ...names, '--hold', '--reason', 'disk'], { env });
  assert.deepEqual(held, { status: 0, out: '198.51.100.1:80 of tcp://192.0.2.1:80: drained\n', err: '' });
  assert.equal((await apply(director, documentOf(7, 2))).status, 0);
  assert.deepEqual(await weights(director), [0, 2]);
  const back = await director.run(['undrain', ...names], { env });
  assert.deepEqual(back, {
    status: 0,
    out: '198.51.100.1:80 of tcp://192.0.2.1:80: weight 5 (the hold has ended)\n',
    err: '',
  });
  assert.deepEqual(await weights(director), [5, 2]);
  await apply(director, documentOf(7, 2));
  assert.deepEqual(await weights(director), [7, 2]);
});

test('a hold outlives the table and the boot: a server that comes back has its weight', async (t) => {
  const director = await start(t);
  await director.run(['weight', ...names, '3', '--hold'], { env });
  assert.deepEqual(await weights(director), [3, 1]);
  await director.client.apply({ do: 'flush' });
  await director.run(['apply', '-f', '-'], {
    stdin: documentOf(5, 1),
    env: { LVSADM_RUN: join(director.directory, 'run-after-boot') },
  });
  assert.deepEqual(await weights(director), [3, 1]);
  const { out } = await director.run(['weight', ...names, '--release'], { env });
  assert.equal(out, '198.51.100.1:80 of tcp://192.0.2.1:80: weight 5 (the hold has ended)\n');
  assert.deepEqual(await weights(director), [5, 1]);
});

test('diff and the dry run show holds, with who, when, until when and why, and count them as no difference', async (t) => {
  const director = await start(t);
  const document = documentOf(5, 1);
  await director.run(['drain', ...names, '--hold', '--reason', 'disk\n\x1b[2J', '--until', '14:30'], { env });
  director.time += 60_000;
  const shown = await diff(director, document);
  assert.equal(shown.status, 0);
  assert.equal(
    shown.out,
    [
      '  tcp://192.0.2.1:80',
      '    198.51.100.1:80  held at 0 by ada since 12:00 until 14:30: disk\\n\\x1b[2J',
      'no difference: 3 unchanged',
      '',
    ].join('\n'),
  );
  const listed = (await director.run(['list'])).out;
  assert.match(
    listed,
    /198\.51\.100\.1:80 .*\n +held at 0 by ada since 12:00 until 14:30: disk\\n\\x1b\[2J\n/,
  );
  const json = JSON.parse((await director.run(['list', '--json'])).out);
  assert.deepEqual(
    json.services[0].servers.map(({ held }: { held?: { by: string } }) => held?.by),
    ['ada', undefined],
  );
  const { services } = JSON.parse((await diff(director, document, '--json')).out);
  assert.deepEqual(services[0].servers, [
    {
      server: '198.51.100.1:80',
      action: 'keep',
      held: {
        weight: 0,
        by: 'ada',
        since: iso(noon),
        until: iso(noon + 9_000_000),
        reason: 'disk\n\x1b[2J',
      },
    },
    { server: '198.51.100.2:80', action: 'keep' },
  ]);
  await director.run(['undrain', ...names], { env });
  await director.run(['drain', ...names, '--hold'], { env });
  await director.client.apply({ do: 'flush' });
  assert.match((await apply(director, document, '--dry-run')).out, /held at 0 by ada since 12:01/);
  assert.match(
    (await diff(director, document)).out,
    /\+ 198\.51\.100\.1:80 {2}dr weight 0, held at 0 by ada/,
  );
});

test('a hold ends at its time, and the next apply gives the server the weight of the document', async (t) => {
  const director = await start(t);
  await director.run(['drain', ...names, '--hold', '--until', '2h'], { env });
  director.time = noon + 7_199_000;
  await apply(director, documentOf(5, 1));
  assert.deepEqual(await weights(director), [0, 1]);
  director.time += 10_000;
  assert.equal((await diff(director, documentOf(5, 1))).status, 1);
  await apply(director, documentOf(5, 1));
  assert.deepEqual(await weights(director), [5, 1]);
});

for (const words of [['drain'], ['weight', '0']]) {
  test(`undrain knows the weight of before ${words[0]} --hold also when the hold has expired`, async (t) => {
    const director = await start(t);
    const [command = '', ...more] = words;
    await director.run([command, ...names, ...more, '--hold', '--until', '2h'], { env });
    director.time = noon + 7_300_000;
    // A later hold drops those that have expired.
    await director.run(['drain', 'tcp://192.0.2.1:80', '198.51.100.2:80', '--hold'], { env });
    assert.equal((await director.run(['undrain', ...names], { env })).status, 0);
    assert.deepEqual(await weights(director), [5, 0]);
  });
}

test('a document removes a server that is held; the hold stays for the time when it comes back, and undrain ends it', async (t) => {
  const director = await start(t);
  await director.run(['drain', '198.51.100.1', '--hold'], { env });
  await apply(director, JSON.stringify({ services: [{ service: names[0], servers: ['198.51.100.2'] }] }));
  assert.deepEqual(await weights(director), [1]);
  await apply(director, documentOf(5, 1));
  assert.deepEqual(await weights(director), [0, 1]);
  await director.client.apply({ do: 'flush' });
  const { status, out } = await director.run(['undrain', '198.51.100.1'], { env });
  assert.deepEqual(
    { status, out },
    {
      status: 0,
      out: '198.51.100.1:80 of tcp://192.0.2.1:80: not in the table (the hold has ended)\n',
    },
  );
  assert.equal((await director.run(['undrain', '198.51.100.1'], { env })).status, 2);
});

test('a weight that another program set during a hold stays, and a second hold knows the weight before the first', async (t) => {
  const director = await start(t);
  await director.run(['drain', ...names, '--hold'], { env });
  await director.run(['weight', ...names, '2', '--hold', '--json'], { env });
  assert.deepEqual(await weights(director), [2, 1]);
  const before = await director.run(['drain', ...names, '--hold', '--json'], { env });
  assert.equal(JSON.parse(before.out).held.by, 'ada');
  await director.run(['undrain', ...names], { env });
  assert.deepEqual(await weights(director), [5, 1]);
  await director.run(['drain', ...names, '--hold'], { env });
  await director.run(['weight', ...names, '9']);
  await director.run(['undrain', ...names], { env });
  assert.deepEqual(await weights(director), [9, 1]);
});

test('an interrupted drain with --hold tells how the hold ends, or ends it', async (t) => {
  const director = await start(t);
  director.ipvs.connect(
    web,
    { address: '198.51.100.1', port: 80 },
    { activeConnections: 1, inactiveConnections: 0, persistentConnections: 0 },
  );
  director.stop.abort('SIGINT');
  const { status, err } = await director.run(['drain', ...names, '--hold'], { env });
  assert.equal(status, 130);
  assert.match(err, /it stays held: 'lvsadm undrain tcp:\/\/192.0.2.1:80 198.51.100.1:80' ends the hold\n$/);
  const undone = await director.run(['drain', ...names, '--hold', '--on-interrupt', 'restore'], { env });
  assert.equal(undone.status, 130);
  assert.deepEqual(await weights(director), [5, 1]);
  assert.equal((await diff(director, documentOf(5, 1))).out, 'no difference: 3 unchanged\n');
});

for (const words of [['--hold'], []])
  test(`an interrupted ${['drain', ...words].join(' ')} leaves a hold that another user has begun meanwhile`, async (t) => {
    const director = await start(t);
    director.ipvs.connect(
      web,
      { address: '198.51.100.1', port: 80 },
      { activeConnections: 1, inactiveConnections: 0, persistentConnections: 0 },
    );
    director.whileSleeping = async () => {
      director.whileSleeping = () => {};
      await director.run(['drain', ...names, '--hold', '--force', '--timeout', '0'], {
        env: { SUDO_USER: 'bob' },
      });
      director.stop.abort('SIGINT');
    };
    const { status, err } = await director.run(['drain', ...names, ...words, '--on-interrupt', 'restore'], {
      env,
    });
    assert.equal(status, 130);
    assert.match(err, /it stays held/);
    assert.deepEqual(await weights(director), [0, 1]);
    const { out } = await diff(director, documentOf(5, 1), '--json');
    assert.match(out, /"by": "bob"/);
  });

test('the hold of another user is not weakened without --force, and comes back after an interruption', async (t) => {
  const director = await start(t);
  const bob = { SUDO_USER: 'bob' };
  const holder = async () => {
    const { out } = await diff(director, documentOf(5, 1), '--json');
    return /"by": "(\w+)"/.exec(out)?.[1];
  };
  await director.run(['drain', ...names, '--hold', '--reason', 'disk'], { env });
  for (const words of [
    ['drain', ...names, '--hold', '--until', '15:00'],
    ['weight', ...names, '3', '--hold'],
  ]) {
    const { status, err } = await director.run(words, { env: bob });
    assert.equal(status, 2);
    assert.match(err, /held at 0 by ada since 12:00: disk; --force replaces the hold\n/);
  }
  assert.equal(await holder(), 'ada');
  assert.deepEqual(await weights(director), [0, 1]);
  director.ipvs.connect(
    web,
    { address: '198.51.100.1', port: 80 },
    { activeConnections: 1, inactiveConnections: 0, persistentConnections: 0 },
  );
  director.stop.abort('SIGINT');
  const drain = ['drain', ...names, '--hold', '--until', '15:00', '--force'];
  await director.run([...drain, '--on-interrupt', 'restore'], { env: bob });
  assert.equal(await holder(), 'ada');
  assert.deepEqual(await weights(director), [0, 1]);
  await director.run(drain, { env: bob });
  assert.equal(await holder(), 'bob');
});

test('undrain ends the hold of another user only with --force, and says whose it is', async (t) => {
  const director = await start(t);
  const bob = { SUDO_USER: 'bob' };
  await director.run(['drain', ...names, '--hold', '--reason', 'disk'], { env });
  const commands = [
    ['undrain', ...names],
    ['undrain', '198.51.100.1'],
    ['weight', ...names, '--release'],
  ];
  for (const words of commands) {
    const { status, err } = await director.run(words, { env: bob });
    assert.equal(status, 2, words.join(' '));
    assert.match(
      err,
      /198\.51\.100\.1:80 of tcp:\/\/192\.0\.2\.1:80: held at 0 by ada since 12:00: disk; --force ends the hold\n/,
    );
    assert.deepEqual(await weights(director), [0, 1]);
  }
  assert.equal((await director.run(['undrain', ...names, '--force'], { env: bob })).status, 0);
  assert.deepEqual(await weights(director), [5, 1]);
});

test('mistakes about holds are refused, and change nothing', async (t) => {
  const director = await start(t);
  const mistakes: readonly [words: string[], text: RegExp][] = [
    [['drain', ...names, '--reason', 'disk'], /--reason: only with --hold/],
    [['drain', ...names, '--until', '2h'], /--until: only with --hold/],
    [['drain', ...names, '--hold', '--delete'], /--hold: cannot be combined with --delete/],
    [['drain', ...names, '--hold', '--until', '2026-11-30T11:59'], /--until: '2026-11-30T11:59' has passed/],
    [['drain', ...names, '--hold', '--until', '2026-02-30T11:59'], /is not a time such as 2h, 18:00/],
    [['drain', ...names, '--hold', '--until', '24:00'], /is not a time such as 2h, 18:00/],
    [['drain', ...names, '--hold', '--reason', 'x'.repeat(201)], /--reason: longer than 200 bytes/],
    [['weight', ...names], /WEIGHT: missing; it takes SERVICE SERVER WEIGHT$/m],
    [['weight', ...names, '5', '--release'], /--release: cannot be combined with a weight/],
    [['weight', ...names, '5', '--hold', '--over', '5m'], /--over: cannot be combined with --hold/],
    [['weight', ...names, '--release'], /198.51.100.1:80 of tcp:\/\/192.0.2.1:80: not held/],
  ];
  const sent = director.changesSent;
  for (const [words, text] of mistakes) {
    const { status, err } = await director.run(words, { env });
    assert.equal(status, 2, words.join(' '));
    assert.match(err, text);
    assert.match(err, /^lvsadm: .*\n(?:Try 'lvsadm \w+ --help'\.\n)?$/);
  }
  assert.equal(director.changesSent, sent);
});

test('times of holds: from now, of the day or the next one, and ISO 8601', async (t) => {
  const director = await start(t);
  const times: readonly [text: string, time: string][] = [
    ['90', iso(noon + 90_000)],
    ['1d', iso(noon + 86_400_000)],
    ['12:01', iso(noon + 60_000)],
    ['12:00', iso(new Date(2026, 11, 1, 12).getTime())],
    ['2026-12-01T18:00', iso(new Date(2026, 11, 1, 18).getTime())],
    ['2026-12-01T18:00Z', '2026-12-01T18:00:00.000Z'],
    ['2026-12-01T18:00:30+02:00', '2026-12-01T16:00:30.000Z'],
  ];
  for (const [text, time] of times) {
    director.time = noon;
    const { out } = await director.run(['drain', ...names, '--hold', '--until', text, '--json'], { env });
    assert.equal(JSON.parse(out).held.until, time, text);
  }
});

test('a file of holds that cannot be read is an error that names it, and no weight is changed', async (t) => {
  const director = await start(t);
  await director.run(['drain', ...names, '--hold'], { env });
  const [file = ''] = (await readdir(join(director.directory, 'state'))).filter((name) =>
    /^holds.*\.json$/.test(name),
  );
  await writeFile(join(director.directory, 'state', file), '');
  const sent = director.changesSent;
  for (const words of [
    ['apply', '-f', '-'],
    ['diff', '-f', '-'],
    ['drain', ...names, '--hold'],
  ]) {
    const { status, err } = await director.run(words, { stdin: documentOf(5, 1) });
    assert.notEqual(status, 0);
    assert.match(
      err,
      /cannot read \S+holds\S*\.json: it is empty; it says which servers are held: mend it, or remove it/,
    );
  }
  assert.equal(director.changesSent, sent);
});

/** Runs an agent over a document; calls `look` after each second of its clock, until it says that it has seen enough. */
async function underAgent(director: Director, document: string, look: () => Promise<boolean>) {
  const file = await director.file('web.json', document);
  let looks = 0;
  let isLooking = false;
  director.whileSleeping = async () => {
    // Commands of the look sleep, too.
    if (isLooking) return;
    isLooking = true;
    await sleep(10);
    if ((await look()) || ++looks === 300) director.stop.abort('SIGTERM');
    isLooking = false;
  };
  const result = await director.run(['run', '-f', file]);
  assert.ok(looks < 300, `waited in vain: ${result.out}${result.err}`);
  return result;
}

test('under an agent only a hold changes a weight, at once, and its end gives the weight of the agent back', async (t) => {
  const director = await start(t);
  const results: Record<string, { status: number; out: string; err: string }> = {};
  const seen: number[][] = [];
  const { out } = await underAgent(director, documentOf(7, 2), async () => {
    if ((await weights(director)).join() !== '7,2') return false;
    for (const words of [
      'drain',
      'weight',
      'drain --hold --reason disk',
      'undrain',
      'weight --hold',
      'weight --release',
      'undrain again',
    ]) {
      const [command = '', ...options] = words.split(' ').filter((word) => word !== 'again');
      const weight = words === 'weight' || words === 'weight --hold' ? ['3'] : [];
      results[words] = await director.run([command, ...names, ...weight, ...options], { env });
      seen.push(await weights(director));
    }
    return true;
  });
  assert.deepEqual(seen, [
    [7, 2],
    [7, 2],
    [0, 2],
    [7, 2],
    [3, 2],
    [7, 2],
    [7, 2],
  ]);
  for (const refused of ['drain', 'weight']) {
    assert.equal(results[refused]?.status, 2);
    assert.equal(
      results[refused]?.err.split('\n')[0],
      `lvsadm: 198.51.100.1:80 of tcp://192.0.2.1:80: the agent (process ${process.pid}) sets its weight, and would undo the change; --hold makes it stay`,
    );
  }
  assert.equal(
    results['undrain']?.out,
    `198.51.100.1:80 of tcp://192.0.2.1:80: weight 7 (the hold has ended; the agent (process ${process.pid}) sets the weight)\n`,
  );
  assert.equal(results['undrain again']?.status, 1);
  const events = out
    .split('\n')
    .filter((line) => / (hold|weight): /.test(line))
    .map((line) => line.replace(/^\S+ tcp:\/\/192.0.2.1:80 198.51.100.1:80 /, ''));
  assert.deepEqual(
    events.filter((line) => !/weight: [15] -> [27]/.test(line)),
    [
      'hold: begun: held at 0 by ada since 12:00: disk',
      'weight: 7 -> 0: held at 0 by ada since 12:00: disk',
      'hold: ended: held at 0 by ada since 12:00: disk',
      'weight: 0 -> 7: as the document says',
      'hold: begun: held at 3 by ada since 12:00',
      'weight: 7 -> 3: held at 3 by ada since 12:00',
      'hold: ended: held at 3 by ada since 12:00',
      'weight: 3 -> 7: as the document says',
    ],
  );
});

test('a hold that the agent does not see, in another directory, is refused and undone', async (t) => {
  const director = await start(t);
  const other = join(director.directory, 'other');
  await underAgent(director, documentOf(7, 2), async () => {
    if ((await weights(director)).join() !== '7,2') return false;
    for (const words of [['drain'], ['weight', '0']]) {
      const [command = '', ...more] = words;
      const held = [command, ...names, ...more, '--hold', '--state-dir', other];
      const { status, err } = await director.run(held, { env });
      assert.notEqual(status, 0);
      assert.match(
        err,
        /^lvsadm: cannot hold .*: the agent \(process \d+\) keeps its holds in another directory/,
      );
    }
    assert.deepEqual(await weights(director), [7, 2]);
    return true;
  });
  assert.ok(!(await readdir(other)).some((name) => name.endsWith('.json')));
});

test('a hold with which a service loses its quorum is refused without --force, with what goes with it', async (t) => {
  const director = await start(t);
  const place = await agentPlace(t, director);
  const loss = { left: 0, needed: 1, address: '192.0.2.1', beside: ['tcp://192.0.2.1:443'] };
  await place.serve((question) => {
    const { attempt } = JSON.parse(question);
    const servers = [{ server: names[1], weight: 5, held: attempt === undefined ? 0 : null }];
    return JSON.stringify({ version: 1, pid: 17, servers, ...(attempt && { loss }) });
  });
  const both = { env: { ...env, ...place.env } };
  for (const words of [
    ['drain', ...names, '--hold'],
    ['weight', ...names, '0', '--hold'],
  ]) {
    const { status, err } = await director.run(words, both);
    assert.equal(status, 2);
    assert.equal(
      err.split('\n')[0],
      'lvsadm: tcp://192.0.2.1:80: would lose its quorum (weight 0 of the 1 needed), and 192.0.2.1 be withdrawn, also for tcp://192.0.2.1:443; --force holds it all the same',
    );
    assert.deepEqual(await weights(director), [5, 1]);
  }
  assert.equal((await director.run(['drain', ...names, '--hold', '--force'], both)).status, 0);
  assert.deepEqual(await weights(director), [0, 1]);
});

test('of two holds at once that together cost a service its quorum, the second is refused', async (t) => {
  const director = await start(t);
  const place = await agentPlace(t, director);
  const circumstances = { env: { ...env, ...place.env } };
  const hold = (server: string) =>
    director.run(['drain', 'tcp://192.0.2.1:80', server, '--hold'], circumstances);
  const held = (): string => JSON.stringify(place.holds());
  let second: Promise<Result> | undefined;
  await place.serve(async (question) => {
    const { attempt } = JSON.parse(question);
    const lost = attempt?.servers.every((server: string) => !held().includes(server)) && held() !== '[]';
    if (attempt !== undefined && second === undefined) {
      second = hold('198.51.100.2');
      await Promise.race([second, sleep(300)]);
    }
    const servers = [1, 2].map((number) => ({
      server: `198.51.100.${number}:80`,
      weight: 0,
      held: held().includes(`198.51.100.${number}`) ? 0 : null,
    }));
    const loss = { left: 0, needed: 1, address: null, beside: [] };
    return JSON.stringify({ version: 1, pid: 17, servers, ...(lost && { loss }) });
  });
  const first = await hold('198.51.100.1');
  assert.deepEqual([first.status, (await second)?.status], [0, 2], (await second)?.err);
  assert.doesNotMatch(held(), /198\.51\.100\.2/);
});

test('undrain judges the hold that it ends: one that another user begins meanwhile stays', async (t) => {
  const director = await start(t);
  const place = await agentPlace(t, director);
  const circumstances = { env: { ...env, ...place.env } };
  await director.run(['drain', ...names, '--hold'], circumstances);
  const free = await place.store.lock('holds', 'beginning a hold', { wait: 0 });
  const undrained = director.run(['undrain', ...names], circumstances);
  await sleep(50);
  place.replaceHolds((hold) => ({ ...hold, by: 'bob' }));
  free();
  const { status, err } = await undrained;
  assert.equal(status, 2);
  assert.match(err, /held at 0 by bob since 12:00; --force ends the hold\n/);
  const { out } = await director.run(['history'], circumstances);
  assert.doesNotMatch(out, /undrain/);
});

test('a hold that another user begins while undrain gives a weight back has its weight', async (t) => {
  const director = await start(t);
  const place = await agentPlace(t, director);
  const circumstances = { env: { ...env, ...place.env } };
  await director.run(['drain', ...names], circumstances);
  let held: Promise<Result> | undefined;
  let questions = 0;
  await place.serve(async () => {
    // That about the servers without holds.
    if (++questions === 2) {
      held = director.run(['drain', ...names, '--hold'], { env: { ...circumstances.env, SUDO_USER: 'bob' } });
      await Promise.race([held, sleep(300)]);
    }
    return JSON.stringify({ version: 1, pid: 17, servers: [] });
  });
  assert.equal((await director.run(['undrain', ...names], circumstances)).status, 0);
  assert.equal((await held)?.status, 0);
  assert.deepEqual(await weights(director), [0, 1]);
});

test('an agent that does not answer costs a line: the hold is in force, and the weight is set', async (t) => {
  const director = await start(t);
  const place = await agentPlace(t, director);
  await place.serve(() => JSON.stringify({ version: 1, error: 'busy' }));
  const { status, err } = await director.run(['drain', ...names, '--hold'], {
    env: { ...env, ...place.env },
  });
  assert.equal(err, 'lvsadm: held, but not confirmed by the agent: cannot ask the agent: busy\n');
  assert.equal(status, 0);
  assert.deepEqual(await weights(director), [0, 1]);
});

test('an agent leaves servers that its documents lack to the command, and refuses no change of theirs', async (t) => {
  const director = await start(t);
  const seen: number[][] = [];
  const other = JSON.stringify({ services: [{ service: 'tcp://192.0.2.2:80', servers: ['198.51.100.9'] }] });
  await underAgent(director, other, async () => {
    for (const words of [['drain'], ['undrain'], ['drain', '--hold'], ['undrain']]) {
      const [command = '', ...options] = words;
      assert.equal((await director.run([command, ...names, ...options], { env })).status, 0);
      seen.push(await weights(director));
    }
    return true;
  });
  assert.deepEqual(seen, [
    [0, 1],
    [5, 1],
    [0, 1],
    [5, 1],
  ]);
});
