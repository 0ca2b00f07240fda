// diff --moves: the share of clients that a document moves, as text and as JSON, and beside what `where` says of clients.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Director } from '../support/director.js';

const document = (scheduling: string, servers: readonly (readonly [number: number, weight: number])[]) =>
  JSON.stringify({
    services: [
      {
        service: 'tcp://192.0.2.1:80',
        ...JSON.parse(scheduling),
        servers: servers.map(([number, weight]) => ({ server: `198.51.100.${number}`, weight })),
      },
    ],
  });

const mh = '{"scheduler":"mh"}';
const three = [
  [1, 3],
  [2, 1],
  [3, 1],
] as const;

async function start(context: TestContext, scheduling: string): Promise<Director> {
  const director = await Director.start(context);
  // As a kernel lists servers: the newest first.
  director.ipvs.order = (rows) => rows.toReversed();
  assert.equal((await apply(director, document(scheduling, three))).status, 0);
  return director;
}

const apply = (director: Director, stdin: string) => director.run(['apply', '-f', '-'], { stdin });

const moves = (director: Director, stdin: string, ...words: string[]) =>
  director.run(['diff', '-f', '-', '--moves', ...words], { stdin });

test('the share stands beside the service, and in a line of its own', async (context) => {
  const director = await start(context, '{"scheduler":"sh"}');
  // Of 256 slots, 51 rounds of five and one more: server 3 has 52, and its slots and those behind them change.
  const { status, out, err } = await moves(director, document('{"scheduler":"sh"}', three.slice(0, 2)));
  assert.deepEqual([status, err], [1, '']);
  assert.match(
    out,
    /^ {2}tcp:\/\/192\.0\.2\.1:80 {2}moves \d\d\.\d % of its clients\n {2}- 198\.51\.100\.3:80 {2}dr weight 1, 0 connections\nmoves: \d\d\.\d % of the clients, in 1 service with mh, sh or dh\n0 to add, 0 to change, 1 to remove, 3 unchanged\n$/,
  );
});

for (const [title, scheduling, servers] of [
  ['a server leaves', mh, three.slice(0, 2)],
  ['a server with a lower address comes', mh, [[0, 2], ...three]],
  ['a weight changes', mh, [[1, 1], ...three.slice(1)]],
  [
    'a server goes to weight 0, with a fallback',
    '{"scheduler":"mh","schedulerFlags":["mh-fallback"]}',
    [[1, 0], ...three.slice(1)],
  ],
  ['a server of sh goes to weight 0', '{"scheduler":"sh"}', [...three.slice(0, 2), [3, 0]]],
  ['the scheduler changes', '{"scheduler":"sh"}', three],
] as const) {
  test(`${title}: as many clients move as where says, before and after`, async (context) => {
    const director = await start(context, mh);
    const wanted = document(scheduling, servers);
    const clients = Array.from({ length: 100 }, (_, number) => `203.0.${number}.${(number * 37) % 256}`);
    const placed = async (): Promise<string[]> => {
      const found = [];
      for (const client of clients) {
        const { out } = await director.run(['where', client, 'tcp://192.0.2.1:80', '--json']);
        found.push(JSON.parse(out).server);
      }
      return found;
    };
    const { services, summary } = JSON.parse((await moves(director, wanted, '--json')).out);
    const [before, , after] = [await placed(), await apply(director, wanted), await placed()];
    const counted = before.filter((server, index) => server !== after[index]).length / clients.length;
    assert.ok(counted > 0 && Math.abs(services[0].moves - counted) < 0.12, `${services[0].moves} ${counted}`);
    assert.deepEqual(summary.moves, { services: 1, largest: services[0].moves });
  });
}

test('a service that comes, goes, or does not hash moves nobody by a hash, and that is said', async (context) => {
  const director = await start(context, mh);
  const none = /^moves: no service that changes has a scheduler that hashes \(mh, sh, dh\)$/m;
  const same = await moves(director, document(mh, three));
  assert.equal(same.status, 0);
  assert.match(same.out, none);
  const rr = document('{"scheduler":"rr"}', three.slice(1));
  assert.match((await moves(director, rr)).out, none);
  const { services, summary } = JSON.parse((await moves(director, rr, '--json')).out);
  assert.deepEqual([services[0].moves, summary.moves], [undefined, { services: 0 }]);
  assert.match((await moves(director, 'services: []', '--prune')).out, none);
  assert.match((await moves(director, document(mh, three).replace('2.1:80', '2.2:80'))).out, none);
});

test('without the option nothing is said or asked', async (context) => {
  const director = await start(context, mh);
  const { out } = await director.run(['diff', '-f', '-'], { stdin: document(mh, three.slice(1)) });
  assert.doesNotMatch(out, /moves/);
});

test('the weight before a drain counts; one that lvsadm does not know is a guess, and said to be one', async (context) => {
  const director = await start(context, mh);
  const gone = document(mh, three.slice(1));
  const server = ['tcp://192.0.2.1:80', '198.51.100.1'];
  await director.run(['drain', ...server, '--force']);
  assert.equal((await moves(director, gone)).err, '');
  await director.run(['undrain', ...server]);
  await director.run(['-e', '-t', '192.0.2.1:80', '-r', '198.51.100.1', '-w', '0']);
  assert.equal(
    (await moves(director, gone)).err,
    'lvsadm: weight before 0 not known, taken for 1: 198.51.100.1:80 of tcp://192.0.2.1:80\n',
  );
});

test('a server between its thresholds is taken for available, and said to be', async (context) => {
  const director = await start(context, mh);
  await director.run(['-e', '-t', '192.0.2.1:80', '-r', '198.51.100.1', '-w', '3', '-x', '100']);
  const service = { protocol: 'tcp', address: '192.0.2.1', port: 80 } as const;
  for (const [activeConnections, err] of [
    [74, ''],
    [
      75,
      'lvsadm: between their thresholds, taken for not overloaded: 198.51.100.1:80 of tcp://192.0.2.1:80\n',
    ],
    [100, ''],
  ] as const) {
    director.ipvs.connect(service, { address: '198.51.100.1', port: 80 }, { activeConnections });
    assert.equal((await moves(director, document(mh, three.slice(0, 2)))).err, err);
  }
});
