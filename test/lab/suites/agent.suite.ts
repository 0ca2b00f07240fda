/**
 * lvsadm run on a real kernel: servers that fail in many ways, restarts, reloads, a clock that is set. With ROBUST=full a server fails in
 * every way, and 10,000 servers are unreachable at once; otherwise in two ways, and 1,000.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isFull } from '../../support/extent.js';
import type { WeightsAt } from '../../support/net/agent-ipvs.js';
import { Program } from '../../support/net/program.js';
import { monotonic, type SteadyRequest } from '../../support/net/steady-client.js';
import { lvsadm } from '../distribution.js';
import { WEIGHT } from '../faults/balancer.js';
import { type Fault, faults } from '../faults/faults.js';
import { Keepalived } from '../faults/keepalived.js';
import { documentOf, LvsadmRun } from '../faults/lvsadm.js';
import { usual } from '../faults/situations.js';
import {
  type ServerName,
  serverNames,
  serverPort,
  servers,
  serviceAt,
  Testbed,
  vips,
} from '../faults/testbed.js';
import { checkout } from '../paths.js';

/** Milliseconds: fall x every + timeout + 1 s. */
const BOUND = usual.fall * usual.every + usual.timeout + 1000;
/** Seconds in which a server is back, and its slow start over. */
const LIMIT = 20;
const DNS = 5300;

const endpointOf = (name: ServerName): string => `${servers[name].inet}:${serverPort}`;

const health = { floor: '50%', slowStart: '3s' };

/** TCP, TCP with a sorry server, UDP, and TCP over IPv6; all of the same servers. */
function documentWith(names: readonly ServerName[], drained?: ServerName) {
  const { defaults, services } = documentOf({ ...usual, servers: names, rise: 2 }, health);
  const serversAt = (address: (name: ServerName) => string) =>
    names.map((name) => ({ server: address(name), weight: name === drained ? 0 : WEIGHT }));
  return {
    defaults,
    services: [
      ...services.map((service) => ({ ...service, servers: serversAt(endpointOf) })),
      {
        service: `tcp://${vips.inet}:81`,
        scheduler: 'rr',
        health: {
          floor: '0%',
          onDown: 'remove',
          sorry: { server: endpointOf('delta'), method: 'nat' },
        },
        servers: [endpointOf('alpha'), endpointOf('beta')],
      },
      {
        service: `udp://${vips.inet}:53`,
        scheduler: 'rr',
        check: { kind: 'dns', name: 'www.example' },
        servers: serversAt((name) => `${servers[name].inet}:${DNS}`),
      },
      {
        service: `tcp://[${vips.inet6}]:80`,
        scheduler: 'rr',
        servers: serversAt((name) => `[${servers[name].inet6}]:${serverPort}`),
      },
    ],
  };
}

const document = documentWith(usual.servers);

let testbed: Testbed;
let directory: string;
let agent: LvsadmRun;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'agent-'));
  testbed = await Testbed.build();
  await Promise.all(
    serverNames.map((name) => testbed.server(name).call('serveDns', DNS, servers[name].inet)),
  );
  agent = new LvsadmRun(testbed, directory);
});

after(async () => {
  await testbed[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

type Weights = WeightsAt['weights'];

const isIn = (weights: Weights, name: ServerName): boolean => (weights[endpointOf(name)] ?? 0) > 0;
const isWhole = (weights: Weights): boolean =>
  usual.servers.every((name) => weights[endpointOf(name)] === WEIGHT);

const until = (holds: (weights: Weights) => boolean, since: number, what: string, seconds = LIMIT) =>
  testbed.untilWeights(holds, since, seconds, what);
const untilWhole = () => until(isWhole, monotonic(), 'all weights');

/** The table when no weight changes any more: a slow start has a step each second. */
async function settled(): Promise<string> {
  for (let last = await saved(); ; ) {
    await sleep(2500);
    const now = await saved();
    if (now === last) return now;
    last = now;
  }
}

/** The table as ipvsadm has it. */
const saved = (): Promise<string> => testbed.host('director').run('ipvsadm', ['-Sn']);
const logSince = async (since: number): Promise<Weights[]> =>
  (await testbed.director.call('weightLog')).filter(({ at }) => at > since).map(({ weights }) => weights);

const failuresOf = (requests: readonly SteadyRequest[]) =>
  requests.filter(({ error }) => error !== undefined);

/** What was there when a request failed is told at once: the next look would come too late. */
async function assertNoneFailed(requests: readonly SteadyRequest[], since: number): Promise<void> {
  const failed = failuresOf(requests);
  if (failed.length === 0) return;
  const [weights, connections] = [
    await logSince(since),
    await testbed.host('director').run('cat', ['/proc/net/ip_vs_conn']),
  ];
  const told = JSON.stringify({ since, now: monotonic(), failed, weights }, null, 1);
  assert.fail(
    `${failed.length} of ${requests.length} requests failed: ${told}\n${connections}\n${agent.output.slice(-3000)}`,
  );
}

/** A fault of servers while the work is done; it ends, whatever comes of the work. */
async function withFault(
  fault: Fault,
  names: readonly ServerName[],
  work: () => Promise<void>,
): Promise<void> {
  await Promise.all(names.map((name) => fault.begin(testbed, name)));
  try {
    await work();
  } finally {
    await Promise.all(names.map((name) => fault.end(testbed, name)));
  }
}

/** Looks since a moment at which fewer servers got clients than the floor keeps. */
const belowFloor = async (since: number): Promise<Weights[]> =>
  (await logSince(since)).filter((weights) => usual.servers.filter((name) => isIn(weights, name)).length < 2);

/** Lines of the agent about an event: `network: lost`. */
const told = (event: string, from = 0): number => agent.output.slice(from).split(` ${event}`).length - 1;

test('it is ready when the table is as the document says', async () => {
  await agent.startWith(document);
  const table = await saved();
  assert.equal(table.match(/^-a .* -w 10$/gm)?.length, 3 * usual.servers.length, table);
  await testbed.director.call('watchWeights', serviceAt(80));
  await untilWhole();
});

const sampled: readonly Fault[] = isFull ? Object.values(faults) : [faults.refused, faults.dropped];

for (const fault of sampled) {
  test(`${fault.name}: out in time, no request fails afterwards, and back by steps`, async () => {
    const began = monotonic();
    const { detected, failedAfterwards, requests } = await testbed.incident(fault, 'alpha', LIMIT);
    await untilWhole();
    assert.ok(detected <= BOUND, `${detected} ms`);
    assert.equal(failedAfterwards, 0, JSON.stringify(requests));
    const steps = (await logSince(began)).map((weights) => weights[endpointOf('alpha')] ?? 0);
    assert.equal(steps[0], 0);
    assert.ok(steps.length > 3 && steps.at(-1) === WEIGHT, String(steps));
    assert.deepEqual(
      steps,
      steps.toSorted((a, b) => a - b),
    );
  });
}

test('a stopped process is out of its services over UDP and IPv6, too', async () => {
  let table = '';
  await withFault(faults.stopped, ['alpha'], async () => {
    await until((weights) => !isIn(weights, 'alpha'), monotonic(), 'the detection');
    await sleep(1000);
    table = await saved();
  });
  for (const out of [
    `-u ${vips.inet}:53 -r ${servers.alpha.inet}:${DNS}`,
    `-t [${vips.inet6}]:80 -r [${servers.alpha.inet6}]:${serverPort}`,
  ]) {
    assert.ok(table.includes(`-a ${out} -m -w 0`), table);
  }
  assert.ok(!table.includes(`-a -t ${vips.inet}:81 -r ${endpointOf('alpha')}`), table);
  await untilWhole();
});

test('all servers die: the floor holds, one line says so, and a sorry server steps in', async () => {
  const from = agent.output.length;
  const began = monotonic();
  await withFault(faults.refused, usual.servers, async () => {
    await until((weights) => usual.servers.some((name) => !isIn(weights, name)), began, 'the detection');
    await sleep(2000);
    const requests = await testbed.during(() => sleep(300), 81);
    assert.deepEqual([...new Set(requests.map(({ answer, error }) => answer ?? error))], ['delta']);
  });
  await untilWhole();
  assert.deepEqual(await belowFloor(began), []);
  // Each server answers by DNS all the time.
  assert.equal(told('network: lost', from), 0);
  assert.ok(!(await saved()).includes(`-r ${endpointOf('delta')}`));
});

test("the director's own network fails for checks: clients notice nothing, and one line says so", async () => {
  const director = testbed.host('director');
  const from = agent.output.length;
  const began = monotonic();
  const requests = await testbed.during(async () => {
    // What IPVS forwards has no socket.
    const rule = 'add rule inet fault out meta skuid 0 oifname inside drop';
    await director.run('nft', [
      `add table inet fault; add chain inet fault out { type filter hook output priority 0; }; ${rule}`,
    ]);
    await sleep(BOUND + 1000);
    await director.run('nft', ['delete table inet fault']);
  });
  await untilWhole();
  assert.deepEqual(failuresOf(requests), []);
  assert.deepEqual([told('network: lost', from), told('network: back', from)], [1, 1]);
  assert.deepEqual(await belowFloor(began), []);
});

test('a restart and kill -9 change no weight while a server is down', async () => {
  await withFault(faults.refused, ['alpha'], async () => {
    await until((weights) => !isIn(weights, 'alpha'), monotonic(), 'the detection');
    // Out of the other services, too.
    const [table, began] = [await settled(), monotonic()];
    const requests = await testbed.during(async () => {
      for (const end of ['stop', 'kill'] as const) {
        await agent[end]();
        assert.equal(await saved(), table);
        await agent.startWith(document);
        await sleep(1500);
        assert.equal(await saved(), table);
      }
    });
    assert.deepEqual(await logSince(began), []);
    await assertNoneFailed(requests, began);
  });
  await untilWhole();
});

test('reloads that add, drain and remove a server lose no request', async () => {
  const since = monotonic();
  const requests = await testbed.during(async () => {
    const weightOf = (weights: Weights) => weights[endpointOf('delta')];
    const reload = async (next: typeof document, weight: number | undefined) => {
      const began = monotonic();
      agent.reloadWith(next);
      await until((weights) => weightOf(weights) === weight, began, 'the reload');
    };
    await reload(documentWith(serverNames), WEIGHT);
    await sleep(1000);
    await reload(documentWith(serverNames, 'delta'), 0);
    await sleep(1000);
    await reload(document, undefined);
  });
  await assertNoneFailed(requests, since);
});

const inGuest = process.env['LAB_GUEST'] === 'always';

test('the clock is set ahead, and back: nothing changes', {
  skip: !inGuest && 'it is the clock of this machine',
}, async () => {
  const [table, began, from] = [await settled(), monotonic(), agent.output.length];
  const clock = (seconds: number) =>
    testbed.host('director').run('date', ['-s', `@${Math.round(Date.now() / 1000 + seconds)}`]);
  const requests = await testbed.during(async () => {
    for (const seconds of [86_400, -2 * 86_400, 86_400]) {
      await clock(seconds);
      await sleep(1500);
    }
    await clock(-86_400);
    await agent.kill();
    await agent.startWith(document);
    await sleep(2000);
    await clock(86_400);
  });
  assert.equal(await saved(), table);
  assert.deepEqual(await logSince(began), []);
  assert.deepEqual(failuresOf(requests), []);
  assert.equal(told('state:', from), 0, agent.output.slice(from));
});

test('servers that cannot be reached, many at once, are few sockets; late checks are counted', async () => {
  await agent.stop();
  const count = isFull ? 10_000 : 1000;
  const director = testbed.host('director');
  await director.ip(['route add 10.50.0.0/16 via 10.0.0.11']);
  await director.run('nft', [
    'add table inet gone; add chain inet gone out { type filter hook output priority 0; };' +
      'add rule inet gone out ip daddr 10.50.0.0/16 drop',
  ]);
  const names = Array.from({ length: count }, (_, index) => `10.50.${index >> 8}.${index & 255}`);
  const check = { kind: 'tcp', port: 80, every: '500ms', timeout: '1s', fall: 2 };
  await agent.startWith({ defaults: { check }, services: [{ service: 'fwmark://1', servers: names }] });
  let most = 0;
  for (let looks = 0; looks < 10; looks++) {
    const sockets = (await director.run('ss', ['-Htn', 'state', 'syn-sent'])).split('\n').length - 1;
    most = Math.max(most, sockets);
    await sleep(500);
  }
  assert.ok(most > 0 && most <= 512, `${most} sockets`);
  const { out } = await testbed.director.call('lvsadm', 'health', '--json', '--run-dir', directory);
  const { late, started } = JSON.parse(out).punctuality;
  assert.ok(late > 0 && late <= started, out.slice(0, 200));
  await agent.program?.says('network: lost');
  assert.equal(told('network: lost'), 1);
});

test('what keepalived made of a file is what import makes of it; while it runs, lvsadm run is refused', async () => {
  await agent.stop();
  await testbed.director.call('applyChanges', [{ do: 'flush' }]);
  const keepalived = new Keepalived(testbed, directory);
  const file = join(checkout, 'test/lab/fixtures/keepalived.conf');
  await keepalived.startWith(readFileSync(file, 'utf8'));
  const imported = await testbed.director.call('lvsadm', 'import', 'keepalived', file);
  assert.equal(imported.status, 0, imported.err);
  const document = join(directory, 'imported.yaml');
  writeFileSync(document, imported.out);
  const { status, out, err } = await testbed.director.call('lvsadm', 'diff', '-f', document, '--prune');
  const refused = await testbed
    .host('director')
    .attempt(lvsadm, ['run', '-f', document], { env: agent.environment });
  await keepalived.stop();
  assert.equal(status, 0, out + err);
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /^lvsadm: keepalived \(process \d+\) runs here/);
});

type End = readonly [address: string, as: number];

const bird = ([address, as]: End, [neighbor, neighborAs]: End): string => `
router id ${address};
protocol device { scan time 1; }
protocol direct { ipv4; interface "lvs0"; }
protocol bgp peer {
  local ${address} as ${as};
  neighbor ${neighbor} as ${neighborAs};
  connect delay time 1;
  connect retry time 2;
  ipv4 { import all; export all; };
}
`;

test('BIRD withdraws the route to a virtual address when all its servers are down, and announces it again', async () => {
  const vip = '192.0.2.30';
  const ends = { director: ['198.51.100.1', 65_001], client: ['198.51.100.2', 65_002] } as const;
  const sockets = { director: join(directory, 'director.ctl'), client: join(directory, 'client.ctl') };
  for (const [name, peer] of [
    ['director', 'client'],
    ['client', 'director'],
  ] as const) {
    const file = join(directory, `${name}.bird`);
    writeFileSync(file, bird(ends[name], ends[peer]));
    new Program(testbed.host(name), 'bird', ['-f', '-c', file, '-s', sockets[name]]);
  }
  const routes = () =>
    testbed.host('client').run('birdc', ['-s', sockets.client, 'show', 'route', 'protocol', 'peer']);
  /** Milliseconds until the peer has the route, or has it no more. */
  const untilRoute = async (isThere: boolean): Promise<number> => {
    const began = monotonic();
    for (;;) {
      const answer = await routes();
      if (answer.includes(`${vip}/32`) === isThere) return monotonic() - began;
      assert.ok(monotonic() - began < LIMIT * 1000, answer);
      await sleep(100);
    }
  };
  const [service] = documentOf(usual).services;
  const announced = { ...documentOf(usual), services: [{ ...service, service: `tcp://${vip}:80` }] };
  await agent.startWith(announced, '--announce', 'lvs0');
  await untilRoute(true);
  await testbed.server('alpha').call('nextCheck', serverPort);
  let gone = Number.POSITIVE_INFINITY;
  await withFault(faults.refused, usual.servers, async () => {
    gone = await untilRoute(false);
  });
  const back = await untilRoute(true);
  assert.ok(gone <= usual.fall * usual.every + 1000, `gone after ${gone} ms`);
  assert.ok(back <= usual.every + 1000, `back after ${back} ms`);
});

test('an address that leaves the documents is withdrawn, and lingers, before its services go', async () => {
  await agent.stop();
  const [stays, goes] = ['192.0.2.30', '192.0.2.31'];
  const { services, ...rest } = documentOf(usual);
  const documentFor = (addresses: readonly string[]) => ({
    ...rest,
    services: addresses.map((address) => ({ ...services[0], service: `tcp://${address}:80` })),
  });
  const director = testbed.host('director');
  /** Where the address is, and whether the table has its service: `lvs0 service`. */
  const where = async (): Promise<string> => {
    const devices = (await director.run('ip', ['-o', 'address', 'show', 'to', goes]))
      .split('\n')
      .flatMap((line) => /^\d+: (\S+)/.exec(line)?.[1] ?? []);
    return [...devices, ...((await saved()).includes(`-A -t ${goes}:80`) ? ['service'] : [])].join(' ');
  };
  await agent.startWith(documentFor([stays, goes]), '--announce', 'lvs0', '--prune', '--linger', '2');
  const seen: string[] = [];
  const look = async (end: string): Promise<void> => {
    for (const began = monotonic(); seen.at(-1) !== end; await sleep(100)) {
      const now = await where();
      if (now !== seen.at(-1)) seen.push(now);
      assert.ok(monotonic() - began < LIMIT * 1000, seen.join(', '));
    }
  };
  await look('lvs0 service');
  assert.match(await director.run('ip', ['-d', 'link', 'show', 'lvs0']), /alias lvsadm/);
  seen.length = 0;
  agent.reloadWith(documentFor([stays]));
  await look('');
  assert.ok(seen.includes('lo service'), seen.join(', '));
  assert.ok(
    seen.every((each) => each === '' || each.endsWith('service')),
    seen.join(', '),
  );
});
