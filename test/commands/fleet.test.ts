// lvsadm fleet and lvsadm run --store: an operator and directors over a directory that they share, with kernels in memory.
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { otherOrderLines } from '../../src/commands/fleet/hashing.js';
import type { ServiceId } from '../../src/model/service.js';
import { Director, type Result } from '../support/director.js';

const web: ServiceId = { protocol: 'tcp', address: '192.0.2.10', port: 80 };

/** Milliseconds of real time until something is waited for in vain. */
const PATIENCE = 60_000;

const documentOf = (servers: readonly string[]): string => `services:
  - service: tcp://192.0.2.10:80
    servers: [${servers.join(', ')}]
`;

async function fleetOf(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'lvsadm-fleet-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const store = `file://${directory}/store`;
  const operator = await Director.start(t);
  operator.whileSleeping = () => sleep(50);
  const fleet = (...words: string[]): Promise<Result> =>
    operator.run(['fleet', ...words], { env: { LVSADM_STORE: store, SUDO_USER: 'alice' } });
  const push = async (text: string): Promise<Result> =>
    fleet('push', '-f', await operator.file('web.yaml', text), '--comment', 'new pool');
  return { store, operator, fleet, push };
}

/** A director that runs until it is stopped. */
class Running {
  private readonly stop = new AbortController();
  private readonly ending: Promise<Result>;

  constructor(
    readonly director: Director,
    store: string,
    name: string,
    words: readonly string[] = [],
  ) {
    director.stop = this.stop;
    director.whileSleeping = () => sleep(20);
    const env = { LVSADM_STATE_DIR: join(director.directory, 'state') };
    this.ending = director.run(['run', '--store', store, '--node', name, '--resync', '5', ...words], { env });
  }

  async servers(): Promise<string[]> {
    try {
      return (await this.director.client.destinations(web)).map(({ id }) => id.address).sort();
    } catch {
      return [];
    }
  }

  async until(wanted: readonly string[]): Promise<void> {
    const end = performance.now() + PATIENCE;
    while ((await this.servers()).join() !== wanted.join()) {
      if (performance.now() > end) {
        const { out, err } = await this.end();
        assert.fail(`waited in vain for ${wanted.join()}: ${out}${err}`);
      }
      await sleep(50);
    }
  }

  end(): Promise<Result> {
    this.stop.abort('SIGTERM');
    return this.ending;
  }
}

/** Asks until an answer is right. */
async function eventually(ask: () => Promise<Result>, pattern: RegExp): Promise<Result> {
  const end = performance.now() + PATIENCE;
  for (;;) {
    const result = await ask();
    if (pattern.test(result.out)) return result;
    if (performance.now() > end) assert.match(result.out + result.err, pattern);
    await sleep(100);
  }
}

test('a release reaches a director, is reported, and is what it boots from without the store', async (t) => {
  const { store, fleet, push } = await fleetOf(t);
  const pushed = await push(documentOf(['198.51.100.1', '198.51.100.2']));
  assert.match(pushed.out, /^release 1: 1 document; lvsadm fleet release 1 makes/);
  assert.equal(
    (await push(documentOf(['198.51.100.1', '198.51.100.2']))).out,
    'nothing has changed since release 1\n',
  );
  const director = await Director.start(t);
  const running = new Running(director, store, 'lb1', ['--label', 'site=eu1']);
  await eventually(() => fleet('status'), /^nothing has been released\n.*\n ?lb1 .* waiting /);
  assert.match((await fleet('nodes')).out, /lb1 +reports +site=eu1 +-/);
  assert.match((await fleet('release', '1', '--wait')).out, /release 1: done\n$/);
  await running.until(['198.51.100.1', '198.51.100.2']);
  const { out, status } = await eventually(() => fleet('status'), /lb1 +1 +1 +applied/);
  assert.equal(status, 0, out);
  assert.match(out, /^release 1: done\nby alice@/);
  const { out: log } = await running.end();
  assert.match(log, /Z fleet: release 1 has been applied\n/);
  // The store is gone, and the kernel's table with a reboot.
  const rebooted = await Director.start(t);
  const state = join(director.directory, 'state');
  // That of an earlier version was readable by all.
  const [kept = ''] = (await readdir(state)).filter((name) => /^fleet\b/.test(name));
  const modeOf = async (): Promise<number> => (await stat(join(state, kept))).mode & 0o777;
  assert.equal(await modeOf(), 0o600);
  await chmod(join(state, kept), 0o644);
  const again = new Running(
    Object.assign(rebooted, { directory: director.directory }),
    'etcd://127.0.0.1:1/lvs/eu1/',
    'lb1',
  );
  await again.until(['198.51.100.1', '198.51.100.2']);
  const { out: second } = await again.end();
  assert.equal(await modeOf(), 0o600);
  assert.match(second, /Z applied: first application/);
});

test('a release that is wrong for a director, or removes too much, changes no table and halts', async (t) => {
  const { store, fleet, push } = await fleetOf(t);
  const five = [1, 2, 3, 4, 5].map((last) => `198.51.100.${last}`);
  await push(documentOf(five));
  const running = new Running(await Director.start(t), store, 'lb1');
  await eventually(() => fleet('nodes', '--json'), /lb1/);
  await fleet('release');
  await running.until(five);
  await eventually(() => fleet('status'), /^release 1: done/);
  await push(documentOf(five.slice(0, 2)));
  const { status, out } = await fleet('release', '--wait');
  assert.equal(status, 1, out);
  assert.match(
    out,
    /release 2: halted, wave 1 of 1 \(100%\): lb1: refused: .*would remove 3 of 5 servers, and at most 20% may go/,
  );
  assert.deepEqual(await running.servers(), five);
  const shown = await fleet('status');
  assert.equal(shown.status, 1);
  assert.match(shown.out, /lb1 +1 +1 +refused +/);
  const wrong = await push(`services:\n  - service: tcp://192.0.2.10:80\n    servers: ["\${pool}"]\n`);
  assert.equal(wrong.status, 2);
  assert.match(wrong.err, /web.yaml:3:\d+: .*no variable pool.*\(for director lb1\)/);
  await fleet('rollback', '--wait');
  await eventually(() => fleet('status'), /^rollback to release 1: done/);
  // What a release has brought, a rollback may take away again, however much it is.
  await push(documentOf([...five, '198.51.100.6', '198.51.100.7', '198.51.100.8']));
  assert.equal((await fleet('release', '--wait')).status, 0);
  assert.equal((await fleet('rollback', '--wait')).status, 0);
  assert.deepEqual(await running.servers(), five);
  await running.end();
});

test('what another program changes is told, and a release that the disk does not take', async (t) => {
  const { store, fleet, push } = await fleetOf(t);
  await push(documentOf(['198.51.100.1']));
  const director = await Director.start(t);
  const running = new Running(director, store, 'lb1');
  await eventually(() => fleet('nodes', '--json'), /lb1/);
  await fleet('release', '--wait');
  await running.until(['198.51.100.1']);
  await director.client.apply({ do: 'deleteService', id: web });
  await eventually(() => fleet('status', '--json'), /"drift": [1-9]/);
  const state = join(director.directory, 'state');
  const [kept = ''] = (await readdir(state)).filter((name) => /^fleet\b/.test(name));
  // Nothing can take the place of a directory with a file in it.
  await rm(join(state, kept));
  await mkdir(join(state, kept, 'full'), { recursive: true });
  await push(documentOf(['198.51.100.1', '198.51.100.2']));
  await fleet('release', '--wait');
  await eventually(() => fleet('status'), /the release is not kept for a restart: cannot write .*fleet/);
  const health = await director.run(['health'], { env: { LVSADM_STATE_DIR: state } });
  assert.match(health.out, /the agent: cannot write .*fleet/);
  const [holds = ''] = (await readdir(state)).filter((name) => name.startsWith('fleetholds'));
  await rm(join(state, holds));
  await mkdir(join(state, holds, 'full'), { recursive: true });
  await fleet('drain', '198.51.100.1', '--force');
  const ask = () => director.run(['health'], { env: { LVSADM_STATE_DIR: state } });
  await eventually(ask, /the agent: cannot write .*fleetholds/);
  await running.end();
});

test('only, and variables, make each director its own table', async (t) => {
  const { store, fleet, push } = await fleetOf(t);
  await push(`services:
  - { service: "tcp://192.0.2.10:80", only: { site: eu1 }, servers: ["\${pool}"] }
`);
  const words = (site: string, pool: string) => ['--label', `site=${site}`, '--variable', `pool=${pool}`];
  const first = new Running(await Director.start(t), store, 'lb1', words('eu1', '198.51.100.1'));
  const second = new Running(await Director.start(t), store, 'lb2', words('eu2', '198.51.100.2'));
  await eventually(() => fleet('nodes', '--json'), /lb1[\s\S]*lb2/);
  const diff = await fleet('diff');
  assert.equal(diff.status, 1);
  assert.match(diff.out, /^lb1:\n\+ tcp:\/\/192\.0\.2\.10:80[\s\S]*lb2:\n/);
  assert.equal((await fleet('release', '--wait')).status, 0);
  await first.until(['198.51.100.1']);
  assert.deepEqual(await second.servers(), []);
  await Promise.all([first.end(), second.end()]);
});

test('a server is held on all directors, over their documents and without the store', async (t) => {
  const { store, fleet, push } = await fleetOf(t);
  await push(documentOf(['198.51.100.1', '198.51.100.2']));
  const director = await Director.start(t);
  const running = new Running(director, store, 'lb1');
  await eventually(() => fleet('nodes', '--json'), /lb1/);
  await fleet('release', '--wait');
  const weights = async (of: Director): Promise<number[]> =>
    (await of.client.destinations(web).catch(() => []))
      .sort((a, b) => (a.id.address < b.id.address ? -1 : 1))
      .map(({ weight }) => weight);
  const untilWeights = async (wanted: readonly number[], of = director): Promise<void> => {
    const end = performance.now() + PATIENCE;
    while ((await weights(of)).join() !== wanted.join()) {
      assert.ok(
        performance.now() < end,
        `waited in vain for ${wanted.join()}: ${(await weights(of)).join()}`,
      );
      await sleep(50);
    }
  };
  const typo = await fleet('drain', '198.51.100.9');
  assert.deepEqual([typo.status, typo.out], [2, '']);
  assert.match(typo.err, /198\.51\.100\.9: no release that is in force has such a server/);
  const drained = await fleet('drain', '198.51.100.2', '--reason', 'disk');
  assert.match(
    drained.out,
    /^198\.51\.100\.2:80 of tcp:\/\/192\.0\.2\.10:80: held in the fleet at 0 by alice@.* since .*: disk\n$/,
  );
  await untilWeights([1, 0]);
  await eventually(
    () => fleet('status'),
    /198\.51\.100\.2:80 of .*: held in the fleet at 0 by .*: disk; on 1 of 1 directors\n/,
  );
  const env = { LVSADM_STATE_DIR: join(director.directory, 'state') };
  const words = ['tcp://192.0.2.10:80', '198.51.100.2'];
  const local = await director.run(['undrain', ...words], { env });
  assert.equal(local.status, 1);
  assert.match(local.out, /held in the fleet at 0 .*; lvsadm fleet undrain ends the hold\n$/);
  const shown = await director.run(['list', '--json'], { env });
  assert.match(shown.out, /"fleet": true/);
  // A director's own hold wins.
  assert.match(
    (await director.run(['weight', ...words, '7', '--hold'], { env })).err,
    /--force replaces the hold/,
  );
  assert.equal((await director.run(['weight', ...words, '7', '--hold', '--force'], { env })).status, 0);
  await untilWeights([1, 7]);
  await eventually(
    () => fleet('status'),
    /disk; on 0 of 1 directors\nlb1: 198\.51\.100\.2:80 of .*: held at 7 by /,
  );
  assert.equal((await director.run(['undrain', ...words], { env })).status, 0);
  await untilWeights([1, 0]);
  await running.end();
  // It outlives a restart without the store.
  const rebooted = Object.assign(await Director.start(t), { directory: director.directory });
  const again = new Running(rebooted, 'etcd://127.0.0.1:1/lvs/eu1/', 'lb1');
  await untilWeights([1, 0], rebooted);
  await again.end();
  assert.equal((await fleet('weight', ...words, '50%')).status, 2);
  assert.match((await fleet('undrain', ...words)).out, /the hold has ended/);
  assert.match((await fleet('undrain', ...words)).err, /not held in the fleet; held are none/);
});

/** The block of docs/fleet.md that begins so. */
async function documented(start: string): Promise<string> {
  const [, after = ''] = (await readFile('docs/fleet.md', 'utf8')).split(`\`\`\`text\n${start}`);
  return start + after.split('```')[0];
}

test('the documentation shows what drain and undrain of a fleet write', async (t) => {
  const { store, fleet, push } = await fleetOf(t);
  await push(documentOf(['198.51.100.1', '198.51.100.4']));
  const running = new Running(await Director.start(t), store, 'lb1');
  await eventually(() => fleet('nodes', '--json'), /lb1/);
  await fleet('release', '--wait');
  const block = await documented('$ lvsadm fleet drain');
  const lines = block.split('\n').filter((line) => line.startsWith('$ '));
  let written = '';
  for (const line of lines) written += `${line}\n${(await fleet(...line.split(' ').slice(3))).out}`;
  const withoutTimes = (text: string): string =>
    text
      .replaceAll(/alice@\S+/g, 'alice')
      .replaceAll(/(since|until) (?:\d{4}-\d\d-\d\d )?\d\d:\d\d/g, '$1 then');
  assert.equal(withoutTimes(written), withoutTimes(block));
  await running.end();
});

test('the documentation shows what fleet status writes of hash tables', async () => {
  const report = {
    version: '',
    sequence: 1,
    tried: 1,
    result: 'applied',
    converged: true,
    downBefore: 0,
    time: '',
  } as const;
  const hashing = [{ service: 'tcp://192.0.2.10:80', order: 'another' }];
  const health = { up: 0, down: 0 };
  const names = ['lb1', 'lb2', 'lb3', 'lb4'];
  const members = new Map(names.map((name) => [name, { labels: {}, variables: {}, joined: '' }]));
  const others = { ...report, health, hashing };
  const reports = new Map(names.map((name) => [name, /[13]/.test(name) ? others : { ...report, health }]));
  assert.equal(
    otherOrderLines({ members, reports }).join(''),
    await documented('tcp://192.0.2.10:80: other order'),
  );
});

const mistakes: readonly (readonly [string, RegExp])[] = [
  ['fleet status', /--store: missing: --store or LVSADM_STORE names the store/],
  ['fleet status --store etcd://h:1/lvs', /with a prefix that begins and ends with a slash/],
  [
    'fleet status --store etcd://root:secret@h:1/lvs/',
    /'etcd:\/\/\.\.\.@h:1\/lvs\/' is not an address without user and password/,
  ],
  ['fleet status --store file:///nothing/here --watch --wait', /--wait: not an option of fleet status/],
  ['fleet hold 3 --store file:///tmp/none', /3: fleet hold takes no word/],
  ['fleet release x --store file:///tmp/none', /'x' is not the number of a release/],
  ['fleet release --wave 200% --store file:///tmp/none', /'200%' is not a share from 1% to 100%/],
  ['fleet forget --store file:///tmp/none', /forget: missing: fleet forget takes DIRECTOR/],
  [
    'fleet weight 198.51.100.7 --store file:///tmp/none',
    /weight: missing: fleet weight takes SERVICE SERVER WEIGHT/,
  ],
  [
    'fleet status --store-cert c.pem --store etcds://h:1/lvs/',
    /--store-cert: a certificate and its key go together/,
  ],
  ['run --store file:///tmp/none', /--node: missing: it names this director in the fleet/],
  ['run --store file:///tmp/none --node a/b', /'a\/b' is not a name of at most 63 letters/],
  ['run --node d1', /--file: missing: the documents, or the store of a fleet by --store or LVSADM_STORE/],
  ['run -f web.yaml --store file:///tmp/none', /--store: cannot be combined with --file/],
  ['run', /--store: missing|--file: missing/],
];

for (const [line, pattern] of mistakes) {
  test(`lvsadm ${line} is refused`, async (t) => {
    const director = await Director.start(t);
    const { status, err, out } = await director.run(line.split(' '));
    assert.match(err, pattern);
    assert.deepEqual(
      { status, out, isShort: err.split('\n').length <= 3 },
      { status: 2, out: '', isShort: true },
    );
    assert.doesNotMatch(err, /secret/);
  });
}

test('a password is not sent unencrypted, unless the network is trusted or this machine', async (t) => {
  const director = await Director.start(t);
  const env = {
    LVSADM_STORE_USER: 'agent',
    LVSADM_STORE_PASSWORD_FILE: await director.file('password', 'secret\n'),
  };
  const status = (store: string, ...words: string[]): Promise<Result> =>
    director.run(['fleet', 'status', '--store', store, ...words], { env });
  const refused = await status('etcd://127.0.0.1:1,192.0.2.1:2379/lvs/eu1/');
  assert.equal(refused.status, 2);
  assert.match(
    refused.err,
    /^lvsadm: --store: a password would be sent unencrypted: use etcds:\/\/, or --store-plain/,
  );
  assert.equal((await status('etcd://127.0.0.1:1/lvs/eu1/')).status, 255);
  assert.doesNotMatch(refused.err, /secret/);
});

test('a store that nobody answers at is told with its address, and status 255', async (t) => {
  const director = await Director.start(t);
  const { status, err } = await director.run(['fleet', 'status', '--store', 'etcd://127.0.0.1:1/lvs/eu1/']);
  assert.equal(status, 255);
  assert.match(err, /^lvsadm: cannot read layout: etcd at 127\.0\.0\.1:1: .*ECONNREFUSED/);
});
