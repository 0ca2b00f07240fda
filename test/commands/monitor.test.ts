// lvsadm monitor: what others do to the table, as lines, as JSON, and handed to a program.
import assert from 'node:assert/strict';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProgramQueue } from '../../src/commands/monitor/program-queue.js';
import { TransportError } from '../../src/errors.js';
import type { Change } from '../../src/model/change.js';
import type { ServiceId } from '../../src/model/service.js';
import { Director } from '../support/director.js';
import { sampleDocument } from '../support/metrics.js';

const mark: ServiceId = { fwmark: 7, family: 'inet' };
const server = { address: '198.51.100.7', port: 0 };

async function started(t: TestContext): Promise<Director> {
  const director = await Director.start(t);
  const { status, err } = await director.run(['apply', '-f', '-'], { stdin: sampleDocument });
  assert.equal(status, 0, err);
  director.time = 0;
  return director;
}

type Step = () => unknown;

/** Carries out one step in each interval, and stops after the last one. */
function during(director: Director, steps: readonly Step[]): void {
  const left = [...steps];
  director.whileSleeping = async () => {
    const step = left.shift();
    if (step === undefined) director.stop.abort('SIGTERM');
    else await step();
  };
}

const apply =
  (director: Director, change: Change): Step =>
  () =>
    director.client.apply(change);

async function weightStep(director: Director, weight: number): Promise<Step> {
  const [found] = await director.client.destinations(mark);
  assert.ok(found);
  return apply(director, { do: 'editDestination', of: mark, destination: { ...found, weight } });
}

async function everything(director: Director): Promise<readonly Step[]> {
  return [
    await weightStep(director, 3),
    () => {},
    apply(director, { do: 'deleteDestination', of: mark, id: server }),
    apply(director, { do: 'deleteService', id: mark }),
    apply(director, {
      do: 'addService',
      service: {
        id: mark,
        scheduler: 'rr',
        schedulerFlags: [],
        onePacket: false,
        persistence: { timeout: 60, netmask: '255.255.255.255' },
      },
    }),
    apply(director, { do: 'stopDaemon', daemon: { state: 'master' } }),
    apply(director, { do: 'setTimeouts', timeouts: { tcp: 60, tcpFin: 0, udp: 0 } }),
  ];
}

test('each change is a line with the time, what changed, from what and to what', async (t) => {
  const director = await started(t);
  during(director, await everything(director));
  const { status, out, err } = await director.run(['monitor']);
  assert.deepEqual([status, err], [0, '']);
  assert.equal(
    out,
    [
      '1970-01-01T00:00:01.000Z fwmark://7 198.51.100.7:0 weight: 1 -> 3',
      '1970-01-01T00:00:03.000Z fwmark://7 198.51.100.7:0 removed: dr weight 3',
      '1970-01-01T00:00:04.000Z fwmark://7 removed: wlc',
      '1970-01-01T00:00:05.000Z fwmark://7 added: rr persistent 60 s',
      '1970-01-01T00:00:06.000Z master sync daemon removed: on eth0, id 3',
      '1970-01-01T00:00:07.000Z timeouts tcp: 900 -> 60',
      '',
    ].join('\n'),
  );
});

test('--json writes an object for each change, with settings as in documents', async (t) => {
  const director = await started(t);
  during(director, await everything(director));
  const { out } = await director.run(['monitor', '--json', '--interval', '2.5']);
  const events = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(events.slice(0, 2), [
    {
      time: '1970-01-01T00:00:02.500Z',
      section: 'weights',
      service: 'fwmark://7',
      server: '198.51.100.7:0',
      action: 'changed',
      field: 'weight',
      from: 1,
      to: 3,
    },
    {
      time: '1970-01-01T00:00:07.500Z',
      section: 'servers',
      service: 'fwmark://7',
      server: '198.51.100.7:0',
      action: 'removed',
      from: { server: '198.51.100.7:0', method: 'dr', weight: 3 },
      to: null,
    },
  ]);
  assert.deepEqual(
    events.map(({ section, action }) => `${section} ${action}`),
    [
      'weights changed',
      'servers removed',
      'services removed',
      'services added',
      'daemons removed',
      'timeouts changed',
    ],
  );
  assert.equal(events[4].daemon, 'master');
  assert.equal(events[4].from.interface, 'eth0');
});

test('--only shows some sections', async (t) => {
  const director = await started(t);
  during(director, await everything(director));
  const { out } = await director.run(['monitor', '--only', 'weights,timeouts']);
  assert.deepEqual(
    out
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ').slice(1).join(' ')),
    ['fwmark://7 198.51.100.7:0 weight: 1 -> 3', 'timeouts tcp: 900 -> 60'],
  );
});

test('wrong words are one line, and nothing is watched', async (t) => {
  const director = await started(t);
  const wrong: readonly (readonly [readonly string[], number, RegExp])[] = [
    [
      ['--only', 'weight'],
      2,
      /--only: 'weight' is not one of services, servers, weights, health, daemons, timeouts \(did you mean 'weights'\?\)/,
    ],
    [['--interval', '0'], 2, /--interval: at least 0\.1 s/],
    [['--exec', '/no/such'], 255, /cannot run \/no\/such: no such file or directory/],
    [['--exec', 'false'], 2, /--exec: 'false' is not a path such as \/usr\/local\/bin\/on-change/],
  ];
  for (const [words, status, problem] of wrong) {
    const result = await director.run(['monitor', ...words]);
    assert.equal(result.status, status, result.err);
    assert.match(result.err, problem);
  }
});

test('a dump that lacks entries for a moment is no change', async (t) => {
  const director = await started(t);
  during(director, [
    () => {
      let dumps = 0;
      director.ipvs.order = (rows) => (dumps++ === 0 ? rows.slice(1) : rows);
    },
    () => {},
  ]);
  const { out } = await director.run(['monitor']);
  assert.equal(out, '');
});

test('a module that is not loaded is not loaded, but waited for', async (t) => {
  const director = await started(t);
  director.ipvs.present = false;
  const change = () => {
    director.ipvs.carryOut({ do: 'deleteService', id: mark });
  };
  during(director, [
    () => {},
    () => {
      director.ipvs.present = true;
    },
    change,
    () => {
      director.ipvs.present = false;
    },
  ]);
  const { status, out, err } = await director.run(['monitor', '--only', 'services']);
  assert.equal(status, 0);
  assert.deepEqual(
    err.split('\n').map((line) => line.replace(/^lvsadm: /, '')),
    [
      'the kernel has no IPVS: its module is not loaded; waiting for it',
      'the kernel has IPVS now',
      'the kernel has no IPVS: its module is not loaded; waiting for it',
      '',
    ],
  );
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^\S+ /, ''));
  assert.equal(lines[0], 'fwmark://7 removed: wlc');
  assert.equal(lines.length, 6);
});

test('a kernel that does not answer once is a line, and the changes are seen at the next reading', async (t) => {
  const { ipvs, client } = await started(t);
  let silent = false;
  const director = await Director.start(t, async (protocol) => {
    const socket = await ipvs.open(protocol);
    const unreliable = Object.create(socket) as typeof socket;
    unreliable.receive = (timeout) => {
      if (silent) throw new TransportError('deadline', 'receive', `no answer within ${timeout} ms`);
      return socket.receive(timeout);
    };
    return unreliable;
  });
  during(director, [
    async () => {
      silent = true;
      await client.apply({ do: 'deleteDestination', of: mark, id: server });
    },
    () => {
      silent = false;
    },
  ]);
  const { out, err, status } = await director.run(['monitor']);
  assert.deepEqual([status, err], [0, 'lvsadm: netlink receive: no answer within 30000 ms\n']);
  assert.match(out, /^1970-01-01T00:00:02\.000Z fwmark:\/\/7 198\.51\.100\.7:0 removed/);
});

test('without the permission to ask it ends at once', async (t) => {
  const director = await started(t);
  director.ipvs.permitted = false;
  const { status, err } = await director.run(['monitor']);
  assert.equal(status, 2);
  assert.match(err, /you must be root/);
});

test('--exec hands each change to the program, in order, one at a time, without a shell', async (t) => {
  const director = await started(t);
  const log = join(director.directory, 'log');
  const program = await director.file(
    'on change; false',
    `#!/bin/sh\necho begin >>${log}\ncat >>${log}\nsleep 0.1\necho end >>${log}\n`,
  );
  await chmod(program, 0o755);
  const written = () => readFile(log, 'utf8').catch(() => '');
  during(director, [
    async () => {
      await (await weightStep(director, 3))();
      await client(director, 'deleteService');
    },
    async () => {
      for (let tries = 0; tries < 300 && (await written()).split('end').length < 4; tries++) await sleep(20);
    },
  ]);
  const { status, err } = await director.run(['monitor', '--exec', program]);
  assert.deepEqual([status, err], [0, '']);
  const lines = (await written()).trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => (line.startsWith('{') ? JSON.parse(line).section : line)),
    ['begin', 'servers', 'end', 'begin', 'services', 'end'],
  );
});

const client = (director: Director, operation: 'deleteService') =>
  director.client.apply({ do: operation, id: mark });

test('a program that fails is a line with its exit status', async (t) => {
  const director = await started(t);
  during(director, [await weightStep(director, 3), () => {}]);
  const { err } = await director.run(['monitor', '--exec', '/bin/false']);
  assert.equal(err, 'lvsadm: /bin/false: exit status 1\n');
});

test('the queue is bounded: a slow program loses the newest changes, which are counted', async () => {
  const lines: string[] = [];
  const ran: string[] = [];
  let finish = () => {};
  const queue = new ProgramQueue(
    2,
    (event) => {
      ran.push(event);
      return new Promise((resolve) => {
        finish = () => resolve(undefined);
      });
    },
    (line) => lines.push(line),
  );
  for (const event of ['1', '2', '3', '4', '5']) queue.push(event);
  for (let turn = 0; turn < 3; turn++) {
    finish();
    await sleep(1);
  }
  assert.deepEqual(ran, ['1', '2', '3']);
  assert.deepEqual(lines, [
    'the program is slower than the changes: 2 events wait',
    '2 events were not handed to the program',
  ]);
  queue.push('6');
  queue.push('7');
  const stopped = queue.stop();
  finish();
  await stopped;
  assert.deepEqual(ran, ['1', '2', '3', '6']);
  assert.equal(lines.at(-1), '1 events were not handed to the program');
});

test('a program that cannot be handed an event is a line, and the next event is handed over', async () => {
  const lines: string[] = [];
  const queue = new ProgramQueue(
    2,
    async (event) => {
      if (event === '1') throw new Error('text file is busy');
      return `ran ${event}`;
    },
    (line) => lines.push(line),
  );
  queue.push('1');
  queue.push('2');
  await sleep(1);
  assert.deepEqual(lines, ['text file is busy', 'ran 2']);
});
