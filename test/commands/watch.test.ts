// apply --watch and --drain, and two applies at once.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { rm } from 'node:fs/promises';
import { test } from 'node:test';
import { FileWatch, type Pass } from '../../src/commands/shared/watch.js';
import type { ServiceId } from '../../src/model/service.js';
import { namespaceName } from '../../src/system/files/run-dir.js';
import { Store } from '../../src/system/files/store.js';
import { Captured } from '../support/captured.js';
import { contextWith } from '../support/context.js';
import { Director } from '../support/director.js';
import { ownFiles } from '../support/flock.js';

const document = (...weights: number[]) =>
  JSON.stringify({
    services: [
      {
        service: 'fwmark://1',
        servers: weights.map((weight, index) => ({ server: `198.51.100.${index + 1}`, weight })),
      },
    ],
  });

const mark: ServiceId = { fwmark: 1, family: 'inet' };

const weights = async (director: Director): Promise<number[]> =>
  (await director.client.destinations(mark)).map(({ weight }) => weight);

test('a file that is still being written is not applied', async (context) => {
  const director = await Director.start(context);
  const file = await director.file('web.json', document(1, 1));
  const events: (() => Promise<unknown>)[] = [
    () => director.file('web.json', document(2)),
    () => director.file('web.json', document(2, 2)),
    ...Array.from({ length: 3 }, () => async () => {}),
  ];
  const seen: string[] = [];
  director.whileSleeping = async () => {
    seen.push((await weights(director)).toSorted().join());
    const next = events.shift();
    if (next === undefined) director.stop.abort();
    else await next();
  };
  assert.equal((await director.run(['apply', '-f', file, '--watch', '--prune'])).status, 0);
  assert.deepEqual([...new Set(seen)], ['1,1', '2,2']);
});

test('while a file changes from look to look there are looks, which do not read it', async (context) => {
  const director = await Director.start(context);
  const file = await director.file('web.json', document(1));
  let seconds = 0;
  const watch = new FileWatch(
    [file],
    contextWith({
      out: new Captured(),
      err: new Captured(),
      now: () => seconds * 1000,
      sleep: async () => {
        if (++seconds < 31) await director.file('web.json', document(...Array(seconds + 1).fill(1)));
      },
    }),
  );
  await watch.begin();
  const passes: [cause: string, isUnsettled: boolean, second: number][] = [];
  const look = async ({ cause, isUnsettled }: Pass) => {
    passes.push([cause, isUnsettled, seconds]);
    if (passes.length === 6) watch.end();
  };
  await watch.run(look, () => 10_000);
  assert.deepEqual(passes, [
    ['start', false, 0],
    ['drift', true, 10],
    ['drift', true, 20],
    ['drift', true, 30],
    ['change', false, 31],
    ['drift', false, 41],
  ]);
});

/** What apply --watch wrote, and the weights at each of its looks, while a file changes between the looks. */
async function watched(director: Director, file: string, events: readonly (() => Promise<unknown>)[]) {
  const left = [...events];
  const seen: string[] = [];
  director.whileSleeping = async () => {
    seen.push((await weights(director)).toSorted().join());
    const next = left.shift();
    if (next === undefined) director.stop.abort();
    else await next();
  };
  return { ...(await director.run(['apply', '-f', file, '--watch', '--prune'])), seen };
}

for (const [what, end] of [
  ['# end', '# end\n'],
  ['the end of a YAML document', '...\n\n'],
] as const) {
  test(`a file that has lost ${what} is not applied until it has it again`, async (context) => {
    const director = await Director.start(context);
    const version = (...all: number[]) => `${document(...all).replaceAll(/([{,])/g, '$1 ')}\n`;
    const file = await director.file('web.yaml', version(1, 1) + end);
    const still = async () => {};
    const { seen, err } = await watched(director, file, [
      () => director.file('web.yaml', version(2)),
      ...[still, still, still],
      () => director.file('web.yaml', version(3, 3) + end),
      ...[still, still],
    ]);
    assert.deepEqual([...new Set(seen)], ['1,1', '3,3']);
    assert.equal(err.split('\n').filter((line) => line.includes('web.yaml: not whole: ')).length, 1);
  });
}

test('a file that changes while it is read is not applied', async (context) => {
  const director = await Director.start(context);
  const file = await director.file('web.json', document(9, 9));
  await director.run(['apply', '-f', file]);
  await director.file('web.json', document(1, 1));
  const changes = [document(2), document(5, 5)];
  director.whileReading = async () => {
    const next = changes.shift();
    if (next !== undefined) await director.file('web.json', next);
  };
  const still = async () => {};
  const { seen } = await watched(director, file, [still, still, still]);
  assert.deepEqual([...new Set(seen)], ['9,9', '5,5']);
});

test('--watch and --dry-run exclude each other', async (context) => {
  const director = await Director.start(context);
  const { status, err } = await director.run(['apply', '-f', 'web.json', '--watch', '--dry-run']);
  assert.equal(status, 2);
  assert.match(err, /--watch: cannot be combined with --dry-run/);
});

test('a file that changes is applied again, drift is repaired, a bad version waits for a better one', async (context) => {
  const director = await Director.start(context);
  const file = await director.file('web.json', document(1));
  const seen: string[] = [];
  const events: (() => Promise<unknown>)[] = [
    () => director.file('web.json', document(2)),
    () => director.file('web.json', '{"services": [{}]}'),
    () => director.file('web.json', document(3)),
    () => rm(file),
    () => director.file('web.json', document(4)),
    // Nothing for as long as the interval, while somebody else is at the table.
    () => director.client.apply({ do: 'deleteService', id: mark }),
    ...Array.from({ length: 12 }, () => async () => {}),
    // A change is applied when the next look sees no further one.
  ].flatMap((event) => [event, async () => {}]);
  director.whileSleeping = async () => {
    seen.push((await weights(director)).join());
    const next = events.shift();
    if (next === undefined) director.stop.abort();
    else await next();
  };
  const { status, err, out } = await director.run(['apply', '-f', file, '--watch', '--interval', '10']);
  assert.equal(status, 0);
  assert.match(err, new RegExp(`^lvsadm: ${file}:1:15: services\\[0\\]\\.service: missing`, 'm'));
  assert.match(err, new RegExp(`^lvsadm: ${file}: no such file or directory$`, 'm'));
  assert.deepEqual(seen.slice(0, 12), ['1', '1', '2', '2', '2', '2', '3', '3', '3', '3', '4', '']);
  assert.equal(seen.at(-1), '4');
  assert.ok(!out.includes('nothing to change'), out);
  assert.deepEqual(
    out.split('\n').filter((line) => /^\d/.test(line) && !line.endsWith(' done')),
    [
      `1970-01-01T00:00:00Z ${file}: first application`,
      `1970-01-01T00:00:02Z ${file}: changed`,
      `1970-01-01T00:00:06Z ${file}: changed`,
      `1970-01-01T00:00:10Z ${file}: changed`,
      `1970-01-01T00:00:20Z ${file}: another program changed the table`,
    ],
  );
});

test('standard input cannot be watched', async (context) => {
  const director = await Director.start(context);
  const { status } = await director.run(['apply', '-f', '-', '--watch'], { stdin: document(1) });
  assert.equal(status, 2);
});

test('a server that leaves is drained first, and removed when its time is over', async (context) => {
  const director = await Director.start(context);
  await director.run(['apply', '-f', '-'], { stdin: document(1, 2, 3) });
  const second = { address: '198.51.100.2', port: 0 };
  const connections = (active: number) =>
    director.ipvs.connect(mark, second, {
      activeConnections: active,
      inactiveConnections: 0,
      persistentConnections: 0,
    });
  connections(5);
  const seen: string[] = [];
  director.whileSleeping = async () => void seen.push((await weights(director)).join());
  const stdin = document(4);
  const { status, out } = await director.run(['apply', '-f', '-', '--drain', '2'], { stdin });
  assert.equal(status, 0);
  // What stays has its new share before the others lose theirs.
  assert.deepEqual(seen, ['4,0,0', '4,0,0', '4,0,0', '4,0,0']);
  assert.equal(director.time, 2000);
  assert.deepEqual(await weights(director), [4]);
  assert.match(out, /^removed {2}fwmark:\/\/1 198\.51\.100\.2:0$/m);
});

test('a second apply waits for the first, and names its process', async (context) => {
  const director = await Director.start(context);
  const env = { LVSADM_RUN: director.directory };
  const path = `${director.directory}/${namespaceName(fs)}.apply.lock`;
  const store = new Store({ env, files: ownFiles, warn: assert.fail });
  const release = await store.lock('apply', 'applying a document here', { wait: 0 });
  const impatient = await director.run(['apply', '-f', '-', '--wait', '1'], { stdin: document(1), env });
  assert.equal(impatient.status, 75);
  assert.equal(
    impatient.err,
    `waiting for process ${process.pid}, which is applying a document here\n` +
      `lvsadm: process ${process.pid} is applying a document here (${path})\n`,
  );
  assert.equal(director.changesSent, 0);
  setTimeout(release, 200);
  const patient = await director.run(['apply', '-f', '-'], { stdin: document(1), env });
  assert.equal(patient.status, 0);
});

test('a server that leaves sh drains without its clients being refused, and the flag for that is taken back', async (context) => {
  const director = await Director.start(context);
  const sh = (...hosts: number[]) =>
    `services: [{service: fwmark://1, scheduler: sh, schedulerFlags: [sh-port], servers: [${hosts.map((host) => `198.51.100.${host}`)}]}]`;
  await director.run(['apply', '-f', '-'], { stdin: sh(1, 2) });
  const seen: string[] = [];
  const flags = async () => (await director.client.service(mark)).schedulerFlags.join();
  director.whileSleeping = async () => void seen.push(await flags());
  const { out } = await director.run(['apply', '-f', '-', '--drain', '1'], { stdin: sh(1) });
  assert.equal(out, 'removed  fwmark://1 198.51.100.2:0\n1 done\n');
  assert.deepEqual(new Set(seen), new Set(['flag-1,flag-2']));
  assert.equal(await flags(), 'flag-2');
});

test('Ctrl-C while servers drain leaves them, and tells what was done, what was not, and their weights', async (context) => {
  const director = await Director.start(context);
  await director.run(['apply', '-f', '-'], { stdin: document(1, 2, 3) });
  director.ipvs.connect(
    mark,
    { address: '198.51.100.2', port: 0 },
    {
      activeConnections: 5,
      inactiveConnections: 0,
      persistentConnections: 0,
    },
  );
  director.whileSleeping = () => director.stop.abort('SIGINT');
  const words = ['apply', '-f', '-', '--drain', '1m'];
  const { status, out, err } = await director.run(words, { stdin: document(4) });
  assert.equal(status, 130);
  assert.equal(
    out,
    [
      'changed  fwmark://1 198.51.100.1:0  weight 1 -> 4',
      'not done fwmark://1 198.51.100.2:0',
      'not done fwmark://1 198.51.100.3:0',
      'interrupted: 1 done, 2 not done; run it again to go on',
      '',
    ].join('\n'),
  );
  assert.equal(
    err,
    [
      'lvsadm: interrupted: 1 done, 2 not done; run it again to go on',
      'lvsadm: interrupted: 198.51.100.2:0 of fwmark://1 is at weight 0 (before: 2)',
      'lvsadm: interrupted: 198.51.100.3:0 of fwmark://1 is at weight 0 (before: 3)',
      '',
    ].join('\n'),
  );
  assert.deepEqual(await weights(director), [4, 0, 0]);
  assert.equal(director.time, 500);
});

test('SIGTERM between two batches of changes ends apply there', async (context) => {
  const director = await Director.start(context);
  const services = Array.from({ length: 600 }, (_, index) => ({ service: `fwmark://${index + 1}` }));
  const { applyAll } = director.client;
  director.client.applyAll = (changes) => {
    director.stop.abort('SIGTERM');
    return applyAll.call(director.client, changes);
  };
  const stdin = JSON.stringify({ services });
  const { status, out, err } = await director.run(['apply', '-f', '-', '--json'], { stdin });
  assert.equal(status, 143);
  const { converged, interrupted, changes } = JSON.parse(out);
  assert.deepEqual([converged, interrupted, changes.length], [false, true, 600]);
  assert.equal(err, 'lvsadm: interrupted: 256 done, 344 not done; run it again to go on\n');
  assert.equal((await director.client.services()).length, 256);
});

test('--watch --json has the time, the cause and the files of each application', async (context) => {
  const director = await Director.start(context);
  await director.file('web.json', document(1));
  const second = await director.file('more.json', '{"services": []}');
  const events: (() => Promise<unknown>)[] = [
    () => director.file('more.json', '{"services": [{"service": "fwmark://2"}]}'),
    async () => {},
  ];
  director.whileSleeping = async () => {
    const next = events.shift();
    if (next === undefined) director.stop.abort();
    else await next();
  };
  const { out } = await director.run(['apply', '-f', director.directory, '--watch', '--json']);
  const [first = '', then = ''] = out.split(/^(?=\{)/m);
  const { time, cause, files, changes } = JSON.parse(then);
  assert.deepEqual([time, cause, files], ['1970-01-01T00:00:02Z', 'change', [second]]);
  assert.equal(changes.length, 1);
  assert.equal(JSON.parse(first).cause, 'start');
});

test('a file that is missing at the start is named once, and applied when it comes', async (context) => {
  const director = await Director.start(context);
  const file = `${director.directory}/late.json`;
  let looks = 0;
  director.whileSleeping = async () => {
    looks++;
    if (looks === 70) await director.file('late.json', document(3));
    if (looks === 73) director.stop.abort();
  };
  const { err } = await director.run(['apply', '-f', file, '--watch']);
  assert.equal(err, `lvsadm: waiting for ${file}\nlvsadm: ${file}: no such file or directory\n`);
  assert.deepEqual(await weights(director), [3]);
});
