// lvsadm announce: over the answers of an agent, and without one.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { announceKind } from '../../src/agent/announce/announce-memory.js';
import {
  type AnnounceReport,
  answerAnnouncing,
  type VipReport,
} from '../../src/agent/announce/announce-report.js';
import { Announcer } from '../../src/agent/announce/announcer.js';
import { main } from '../../src/cli/main.js';
import { ExabgpRoutes } from '../../src/commands/announce/exabgp-routes.js';
import { openLastingStore, tellStateDirectory } from '../../src/commands/shared/store.js';
import { bootId } from '../../src/system/files/run-dir.js';
import { agentPlace } from '../support/agent-socket.js';
import { Captured } from '../support/captured.js';
import { contextWith } from '../support/context.js';
import { Director } from '../support/director.js';
import { ownFiles } from '../support/flock.js';
import { ManualClock } from '../support/manual-clock.js';

const vip = (address: string, wanted: boolean | null, more: Partial<VipReport> = {}): VipReport => ({
  vip: address,
  wanted,
  announced: wanted,
  lingering: false,
  reason: 'its services have their quorums',
  ...more,
});

const report = (vips: readonly VipReport[], more: Partial<AnnounceReport> = {}): AnnounceReport => ({
  version: 1,
  agent: true,
  device: 'lvs0',
  ready: true,
  withdrawn: false,
  busy: false,
  vips,
  ...more,
});

/** Where commands look for the agent of this network namespace. */
async function place(t: TestContext) {
  const director = await Director.start(t);
  const agent = await agentPlace(t, director);
  const run = (...words: string[]) => director.run(['announce', ...words], { env: agent.env });
  return { ...agent, run };
}

describe('announce', () => {
  test('shows each address with its reason, as text and as described JSON', async (t) => {
    const { serve, run } = await place(t);
    const lost = 'tcp://192.0.2.11:80 has lost its quorum';
    const answer = report([
      vip('192.0.2.10', true),
      vip('192.0.2.11', false, { lingering: true, reason: lost }),
      vip('2001:db8::10', null, {
        announced: false,
        reason: 'tcp://[2001:db8::10]:80 has not been checked yet',
      }),
    ]);
    const asked: string[] = [];
    await serve((question) => {
      asked.push(question);
      return JSON.stringify(answer);
    });
    const { status, out, err } = await run();
    assert.deepEqual([status, err], [0, '']);
    assert.equal(
      out.replace(/ {2,}/g, '  '),
      [
        'VIP  STATE  REASON',
        '192.0.2.10  announced  its services have their quorums',
        `192.0.2.11  withdrawn, still on lo  ${lost}`,
        '2001:db8::10  withdrawn  tcp://[2001:db8::10]:80 has not been checked yet',
        '',
      ].join('\n'),
    );
    assert.deepEqual(JSON.parse((await run('--json')).out), answer);
    assert.deepEqual(asked, Array(2).fill('{"version":1,"about":"vips","action":"show"}'));
    const page = readFileSync('docs/json.md', 'utf8');
    for (const name of [...Object.keys(answer), ...Object.keys(answer.vips[0] ?? {})])
      assert.ok(page.includes(`\`${name}\``), name);
  });

  test('says of one address by its status whether it is announced, or to be announced where no device is', async (t) => {
    const { serve, run } = await place(t);
    assert.equal((await run('192.0.2.10')).status, 255, 'without an agent');
    let answer = report([vip('192.0.2.10', true), vip('192.0.2.11', false), vip('192.0.2.12', null)]);
    await serve(() => JSON.stringify(answer));
    const statuses = async () => {
      const runs = [];
      for (const last of [10, 11, 12]) runs.push(await run(`192.0.2.${last}`));
      return runs.map(({ status }) => status);
    };
    assert.deepEqual(await statuses(), [0, 1, 1]);
    assert.doesNotMatch((await run('192.0.2.10')).out, /192\.0\.2\.11/);
    answer = { ...answer, device: null, vips: answer.vips.map((each) => ({ ...each, announced: null })) };
    assert.deepEqual(await statuses(), [0, 1, 1]);
    const { status, err } = await run('192.0.2.99');
    assert.deepEqual(
      [status, err.split('\n')[0]],
      [2, 'lvsadm: 192.0.2.99: no virtual address of the documents'],
    );
  });

  test('--withdraw and --restore wait until the device has followed', async (t) => {
    const { serve, run } = await place(t);
    const clock = new ManualClock();
    const present = new Set<string>();
    const announcer = new Announcer(
      {
        clock,
        addresses: {
          read: async () => [...present].map((address) => ({ address, device: 'lvs0' })),
          prepare: () => sleep(20),
          add: async ({ address }) => Boolean(present.add(address)),
          remove: async ({ address }) => {
            await sleep(20);
            present.delete(address);
          },
        },
        remember: async () => undefined,
        tell: () => {},
        fail: assert.fail,
      },
      { device: 'lvs0', linger: 0 },
      { own: [], isWithdrawn: false },
    );
    announcer.settle([{ address: '192.0.2.10', isWanted: true, reason: 'test', isComplete: true }]);
    await serve((question) => answerAnnouncing(announcer, question) ?? '');
    await clock.pass(0);
    const { status, out } = await run('--withdraw');
    assert.equal(status, 0);
    assert.match(
      out,
      /192\.0\.2\.10 +withdrawn +withdrawn by lvsadm announce\nall addresses are withdrawn: lvsadm announce --restore/,
    );
    assert.deepEqual([...present], []);
    assert.match((await run('--restore')).out, /192\.0\.2\.10 +announced +test\n$/);
    assert.deepEqual([...present], ['192.0.2.10']);
  });

  test('a device that does not follow is told, with status 1', async (t) => {
    const { serve, run } = await place(t);
    await serve(() => JSON.stringify(report([vip('192.0.2.10', true)], { busy: true })));
    const { status, out } = await run('--withdraw');
    assert.equal(status, 1);
    assert.match(out, /lvs0 has yet to follow\n$/);
  });

  test('without an agent it shows what the last one left, and remembers a withdrawal for the next one', async (t) => {
    const { env, run } = await place(t);
    const kind = announceKind(bootId(ownFiles));
    const memory = openLastingStore(
      contextWith({ out: new Captured(), err: new Captured(), files: ownFiles, env }),
      kind,
      undefined,
    );
    await memory.replaceInBackground(kind, {
      own: [{ address: '192.0.2.10', device: 'lvs0' }],
      isWithdrawn: false,
    });
    const { status, out } = await run();
    assert.equal(status, 0);
    assert.match(
      out,
      /192\.0\.2\.10 +announced +the last agent left it on lvs0\nno agent runs in this network namespace: lvsadm run starts it\n$/,
    );
    await memory.replaceInBackground(kind, { own: [], isWithdrawn: false });
    assert.match((await run('--withdraw')).out, /^no addresses\nall addresses are withdrawn/);
    assert.equal(memory.read(kind).isWithdrawn, true);
    assert.equal((await run('--restore')).status, 0);
    assert.equal(memory.read(kind).isWithdrawn, false);
  });

  test('without an agent the state of the last one is not looked for in another directory', async (t) => {
    const { store, env, run } = await place(t);
    const context = contextWith({ out: new Captured(), err: new Captured(), files: ownFiles, env });
    await tellStateDirectory(context, store, undefined);
    assert.equal((await run('--withdraw')).status, 0);
    await tellStateDirectory(context, store, '/srv/agent');
    for (const words of [['--withdraw'], ['--restore'], []]) {
      const { status, out, err } = await run(...words);
      assert.deepEqual([status, out], [2, '']);
      assert.match(err, /state: the last agent kept its state in \/srv\/agent: --state-dir names it\n/);
    }
  });

  test('an agent that does not answer is not worked against', async (t) => {
    const { store, run } = await place(t);
    const release = await store.lock('agent', 'running the agent here', { wait: 0 });
    t.after(release);
    const { status, err } = await run('--withdraw');
    assert.equal(status, 75);
    assert.match(err, /is running the agent here/);
  });

  test('options that do not go together are refused', async (t) => {
    const { run } = await place(t);
    for (const [words, problem] of [
      ['--withdraw --restore', /mutually exclusive|cannot be combined|--restore/],
      ['--exabgp --withdraw', /--withdraw: cannot be combined with --exabgp/],
      ['--exabgp --json', /--json: cannot be combined with --exabgp/],
      ['--exabgp 192.0.2.10', /192\.0\.2\.10: cannot be combined with --exabgp/],
      ['192.0.2.10 --withdraw', /--withdraw: is about all addresses/],
      ['--med 5', /--med: is for --exabgp/],
      ['--community 1:2', /--community: is for --exabgp/],
      ['--hold-time 5', /--hold-time: is for --exabgp/],
      ['--exabgp --community 65536:1', /--community: '65536:1' is not a community/],
      ['--exabgp --community 1:2:3:4', /--community: '1:2:3:4' is not a community/],
      ['--exabgp --med -1', /-1/],
      ['--exabgp --med 4294967296', /--med: '4294967296' is not a number/],
    ] as const) {
      const { status, err } = await run(...words.split(' '));
      assert.equal(status, 2, words);
      assert.match(err, problem);
    }
  });
});

describe('routes for ExaBGP', () => {
  test('are written once per change, with their attributes, in both families', () => {
    const routes = new ExabgpRoutes({ med: 100, communities: ['65000:1', '65000:1:2', '65000:3'] });
    const attributes = 'med 100 community [65000:1 65000:3] large-community [65000:1:2]';
    const all = [
      vip('192.0.2.10', true),
      vip('2001:db8::10', true),
      vip('192.0.2.11', false),
      vip('192.0.2.12', null),
    ];
    assert.deepEqual(routes.follow({ vips: all }), [
      `announce route 192.0.2.10/32 next-hop self ${attributes}`,
      `announce route 2001:db8::10/128 next-hop self ${attributes}`,
      'withdraw route 192.0.2.11/32 next-hop self',
    ]);
    assert.deepEqual(routes.follow({ vips: all }), []);
    assert.equal(routes.again().length, 2);
    assert.deepEqual(routes.follow({ vips: [vip('192.0.2.10', null), vip('2001:db8::10', false)] }), [
      'withdraw route 2001:db8::10/128 next-hop self',
    ]);
    assert.deepEqual(routes.follow({ vips: [] }), ['withdraw route 192.0.2.10/32 next-hop self']);
    assert.deepEqual([routes.again(), routes.withdrawAll()], [[], []]);
  });

  /** The process of ExaBGP, whose clock moves 500 ms with each look. */
  function exabgp(t: TestContext, env: Record<string, string>, ...words: string[]) {
    const [out, err] = [new Captured(), new Captured()];
    let input: (text: string | undefined) => void = () => {};
    let time = 0;
    const context = contextWith({
      out,
      err,
      env,
      files: ownFiles,
      now: () => time,
      sleep: async (milliseconds) => {
        time += milliseconds;
        await sleep(1);
      },
      onInput: (call) => {
        input = call;
      },
    });
    const status = main(['announce', '--exabgp', ...words], context);
    t.after(() => input(undefined));
    const until = async (isSeen: () => boolean) => {
      for (let turn = 0; !isSeen(); turn++) {
        assert.ok(turn < 5000, `waited in vain: ${out.text}${err.text}`);
        await sleep(1);
      }
    };
    return { out, err, status, say: (text: string | undefined) => input(text), until, time: () => time };
  }

  const ROUTE = 'route 192.0.2.10/32 next-hop self\n';

  test('follow the agent, are repeated for a neighbor that comes up, and end with standard input', async (t) => {
    const { env, serve } = await place(t);
    let answer = report([vip('192.0.2.10', true)], { device: null });
    await serve(() => JSON.stringify(answer));
    const { out, err, status, say, until } = exabgp(t, env);
    await until(() => out.text === `announce ${ROUTE}`);
    say('done\nneighbor 198.51.100.1 connected\nneigh');
    say('bor 198.51.100.1 up\nneighbor 198.51.100.2 down\n');
    await until(() => out.text === `announce ${ROUTE}announce ${ROUTE}`);
    answer = report([vip('192.0.2.10', false)]);
    await until(() => out.text.endsWith(`withdraw ${ROUTE}`));
    say('error\n');
    await until(() => err.text === 'lvsadm: ExaBGP refuses a route: error\n');
    say(undefined);
    assert.equal(await status, 0);
    assert.equal(out.text, `announce ${ROUTE}announce ${ROUTE}withdraw ${ROUTE}`);
  });

  for (const [words, isWithdrawn] of [
    [[], false],
    [['--hold-time', '30'], true],
  ] as const)
    test(`without an agent they ${isWithdrawn ? 'are withdrawn after --hold-time' : 'stay'}`, async (t) => {
      const { env, serve } = await place(t);
      const server = await serve(() => JSON.stringify(report([vip('192.0.2.10', true)])));
      const { out, err, status, say, until, time } = exabgp(t, env, ...words);
      await until(() => out.text !== '');
      await server.close();
      const gone = time();
      await until(() => time() > gone + 25_000);
      assert.equal(out.text, `announce ${ROUTE}`);
      await until(() => time() > gone + 35_000);
      assert.equal(out.text, `announce ${ROUTE}${isWithdrawn ? `withdraw ${ROUTE}` : ''}`);
      assert.match(err.text, /^lvsadm: routes stay as they are: cannot ask the agent: no agent runs .*\n/);
      await serve(() => JSON.stringify(report([vip('192.0.2.10', true)])));
      await until(() => err.text.endsWith('lvsadm: the agent answers\n'));
      await until(() => out.text.endsWith(isWithdrawn ? `withdraw ${ROUTE}announce ${ROUTE}` : ROUTE));
      say(undefined);
      assert.equal(await status, 0);
    });

  test('are not withdrawn by an agent that has not applied its documents yet', async (t) => {
    const { env, serve } = await place(t);
    await serve(() => JSON.stringify(report([], { ready: false })));
    const { out, err, say, status, until } = exabgp(t, env);
    await until(() => err.text !== '');
    assert.equal(err.text, 'lvsadm: routes stay as they are: the agent has not applied its documents yet\n');
    say(undefined);
    assert.equal(await status, 0);
    assert.equal(out.text, '');
  });
});
