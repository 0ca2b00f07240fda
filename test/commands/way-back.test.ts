// history, rollback, apply --atomic, apply --confirm and confirm, as a user runs them.
import assert from 'node:assert/strict';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { documentOf } from '../../src/document/write.js';
import type { State } from '../../src/model/state.js';
import { diff } from '../../src/plan/diff.js';
import { stagesOf } from '../../src/plan/stages.js';
import { Store } from '../../src/system/files/store.js';
import { normal, state } from '../support/arbitrary-state.js';
import { Director, type Result } from '../support/director.js';
import { ownFiles } from '../support/flock.js';

const web = (weight: number, more = '') => `
services:
  - service: tcp://192.0.2.1:80
    scheduler: wrr
    servers: [{server: 198.51.100.1, weight: ${weight}}, 198.51.100.2]
${more}`;
const another = '  - {service: "udp://192.0.2.1:53", servers: [198.51.100.3]}\n';
/** The kernel refuses its scheduler. */
const refused = '  - {service: "tcp://192.0.2.9:80", scheduler: none}\n';

const APPLY = ['apply', '-f', '-', '--prune'];

async function directorWith(context: TestContext, document: string): Promise<Director> {
  const director = await Director.start(context);
  assert.equal((await director.run(APPLY, { stdin: document })).status, 0);
  return director;
}

async function setTable(director: Director, wanted: State): Promise<void> {
  for (const change of stagesOf(diff(await director.state(), wanted)).flat())
    await director.client.apply(change);
}

const stateDir = (director: Director): string => join(director.directory, 'state');

const tablesOf = (director: Director): string[] =>
  readdirSync(stateDir(director)).filter((name) => /\d$/.test(name));

/** Of the changes in the history, the newest first. */
async function numbers(director: Director): Promise<number[]> {
  const { changes } = JSON.parse((await director.run(['history', '--json'])).out);
  return changes.map(({ number }: { number: number }) => number);
}

/** Drains a server that an apply has just added, while the apply waits for connections of another one. */
async function drainDuringApply(director: Director): Promise<readonly [applied: Result, drained: Result]> {
  const [service] = (await director.state()).services;
  assert.ok(service);
  const busy = { address: '198.51.100.2', port: 80 };
  director.ipvs.connect(service.service.id, busy, { activeConnections: 3 });
  let drained: Promise<Result> | undefined;
  // Its modules take longer to load than it takes to the lock.
  await import('../../src/commands/drain.js');
  director.whileSleeping = async () => {
    if (drained !== undefined) return;
    drained = director.run(['drain', 'tcp://192.0.2.1:80', '198.51.100.9']);
    // It comes as far as the lock, or to its end.
    for (let turn = 0; turn < 50; turn++) await nextTurn();
    director.ipvs.connect(service.service.id, busy, { activeConnections: 0 });
  };
  const stdin = web(5).replace('198.51.100.2', '{server: 198.51.100.9, weight: 7}');
  const applied = await director.run([...APPLY, '--drain', '10'], { stdin });
  assert.equal(applied.status, 0, applied.err);
  assert.ok(drained);
  return [applied, await drained];
}

describe('history', () => {
  test('has who changed the table, when, from where, how, and how much', async (context) => {
    const director = await Director.start(context);
    assert.equal((await director.run(['history'])).out, 'no changes\n');
    director.time = Date.parse('2026-11-30T12:00:00Z');
    const env = { SUDO_USER: 'alice', SSH_CONNECTION: '203.0.113.9 40000 192.0.2.7 22' };
    await director.run([...APPLY, '--variable', 'secret=hunter2'], { stdin: web(5, another), env });
    await director.run(['drain', 'tcp://192.0.2.1:80', '198.51.100.1', '--timeout', '0'], { env });
    await director.run(['undrain', '198.51.100.1'], { env });
    await director.run(['weight', 'tcp://192.0.2.1:80', '198.51.100.1', '9'], { env });
    const { changes } = JSON.parse((await director.run(['history', '--json'])).out);
    const common = { time: '2026-11-30T12:00:00.000Z', user: 'alice', client: '203.0.113.9', terminal: null };
    const one = { ...common, added: 0, changed: 1, removed: 0 };
    assert.deepEqual(
      changes.map(({ terminal: _, ...change }: { terminal: string }) => ({ ...change, terminal: null })),
      [
        { ...one, number: 4, command: 'lvsadm weight tcp://192.0.2.1:80 198.51.100.1 9' },
        { ...one, number: 3, command: 'lvsadm undrain 198.51.100.1' },
        { ...one, number: 2, command: 'lvsadm drain tcp://192.0.2.1:80 198.51.100.1 --timeout 0' },
        {
          ...common,
          number: 1,
          added: 5,
          changed: 0,
          removed: 0,
          command: 'lvsadm apply -f - --prune --variable secret=...',
        },
      ],
    );
    const { out } = await director.run(['history']);
    assert.match(out, /^N +TIME +USER +FROM +ADDED +CHANGED +REMOVED +COMMAND\n4 +2026-11-30 /);
  });

  test('has no record of what changes nothing', async (context) => {
    const director = await directorWith(context, web(5));
    await director.run(APPLY, { stdin: web(5) });
    await director.run(['weight', 'tcp://192.0.2.1:80', '198.51.100.1', '5']);
    await director.run([...APPLY, '--dry-run'], { stdin: web(6) });
    await director.run(['undrain', '198.51.100.1']);
    assert.equal(JSON.parse((await director.run(['history', '--json'])).out).changes.length, 1);
  });

  test('has no record of a change of which nothing was made', async (context) => {
    const director = await directorWith(context, web(5));
    director.ipvs.schedulers.delete('none');
    assert.equal((await director.run(APPLY, { stdin: web(5, refused) })).status, 1);
    assert.equal((await director.run([...APPLY, '--atomic'], { stdin: web(6, refused) })).status, 1);
    await director.file('vs/conntrack', '0\n');
    symlinkSync('/proc/version', join(director.directory, 'vs/drop_entry'));
    const settings = 'settings: {drop_entry: 1, conntrack: 1}\n';
    assert.equal((await director.run(APPLY, { stdin: web(6, settings) })).status, 255);
    assert.equal(
      (await director.run([...APPLY, '--confirm', '60'], { stdin: web(6, settings) })).status,
      255,
    );
    director.laterTakes = 59_000;
    assert.equal((await director.run([...APPLY, '--confirm', '60'], { stdin: web(6) })).status, 255);
    assert.deepEqual(await numbers(director), [1]);
    assert.deepEqual(tablesOf(director).length, 1);
    // Nothing waits for its confirmation either.
    assert.equal((await director.run(APPLY, { stdin: web(6) })).status, 0);
    // A rollback that was asked for by number never gets another change.
    assert.deepEqual(await numbers(director), [7, 1]);
  });

  test('why nothing was made of a change is told also if the change that waits cannot be removed', async (context) => {
    const director = await directorWith(context, web(5));
    const setting = await director.file('vs/drop_entry', '');
    rmSync(setting);
    symlinkSync('/proc/version', setting);
    const { unlinkSync } = ownFiles;
    context.mock.method(ownFiles, 'unlinkSync', (path: string) => {
      if (path.endsWith('.confirm.json')) throw Object.assign(new Error('EROFS'), { code: 'EROFS' });
      unlinkSync(path);
    });
    const words = [...APPLY, '--confirm', '60'];
    const { status, err } = await director.run(words, { stdin: web(6, 'settings: {drop_entry: 1}\n') });
    assert.equal(status, 255);
    assert.match(err, /^lvsadm: cannot set net\.ipv4\.vs\.drop_entry to 1: EIO$/m);
  });

  test('has no record of a weight that could not be set', async (context) => {
    const director = await directorWith(context, web(5));
    const [service] = (await director.state()).services;
    assert.ok(service);
    const { apply } = director.client;
    context.mock.method(director.client, 'apply', (change: Parameters<typeof apply>[0]) => {
      director.ipvs.carryOut({ do: 'deleteService', id: service.service.id });
      return apply.call(director.client, change);
    });
    const { status } = await director.run(['weight', 'tcp://192.0.2.1:80', '198.51.100.1', '9']);
    assert.equal(status, 2);
    assert.deepEqual(await numbers(director), [1]);
  });

  test('has a record of a change of which a part was made', async (context) => {
    const director = await directorWith(context, web(5));
    await director.file('vs/conntrack', '0\n');
    symlinkSync('/proc/version', join(director.directory, 'vs/drop_entry'));
    const settings = 'settings: {conntrack: 1, drop_entry: 1}\n';
    assert.equal((await director.run(APPLY, { stdin: web(6, settings) })).status, 255);
    director.ipvs.schedulers.delete('none');
    assert.equal((await director.run(APPLY, { stdin: web(5, another + refused) })).status, 1);
    assert.deepEqual(await numbers(director), [3, 2, 1]);
  });

  test('a command line that repeats itself leaves the records of others, and the settings before its own', async (context) => {
    const director = await directorWith(context, web(5));
    await director.file('vs/conntrack', '0\n');
    await director.run(['weight', 'tcp://192.0.2.1:80', '198.51.100.1', '9']);
    for (let time = 3; time <= 25; time++) {
      const settings = time === 3 ? 'settings: {conntrack: 1}\n' : '';
      await director.run([...APPLY, '--wait', '31'], { stdin: web(time, settings) });
    }
    assert.deepEqual(await numbers(director), [...Array.from({ length: 18 }, (_, at) => 25 - at), 2, 1]);
    assert.equal(tablesOf(director).length, 20);
    assert.match((await director.run(['rollback', '8', '--dry-run'])).out, /weight: 25 -> 7$/m);
    assert.match((await director.run(['rollback', '2', '--dry-run'])).out, /conntrack: 1 -> 0/);
  });

  test('keeps the last 20, whose numbers go on, in files that only the owner reads', async (context) => {
    const director = await Director.start(context);
    for (let weight = 1; weight <= 23; weight++) await director.run(APPLY, { stdin: web(weight) });
    const { changes } = JSON.parse((await director.run(['history', '--json'])).out);
    assert.deepEqual(
      changes.map(({ number }: { number: number }) => number),
      Array.from({ length: 20 }, (_, index) => 23 - index),
    );
    const tables = tablesOf(director);
    assert.equal(tables.length, 20);
    for (const name of [...tables, ...readdirSync(stateDir(director)).filter((each) => /json$/.test(each))]) {
      assert.equal(statSync(join(stateDir(director), name)).mode & 0o777, 0o600, name);
    }
  });

  test('an index that cannot be written leaves no table', async (context) => {
    const director = await directorWith(context, web(5));
    const { renameSync: rename } = ownFiles;
    context.mock.method(ownFiles, 'renameSync', (from: string, to: string) => {
      if (/history.*json$/.test(to)) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', errno: -28 });
      rename(from, to);
    });
    for (const weight of [6, 7]) {
      const { status, err } = await director.run(APPLY, { stdin: web(weight) });
      assert.equal(status, 0);
      assert.match(err, /^lvsadm: lvsadm rollback cannot undo this change: cannot write .*: no space left /i);
    }
    assert.equal(tablesOf(director).length, 1);
  });

  test('numbers go on after the index was lost, whose tables go, and past 65536', async (context) => {
    const director = await directorWith(context, web(5));
    await director.run(APPLY, { stdin: web(6) });
    const [table = ''] = tablesOf(director).filter((name) => name.endsWith('.2'));
    const number = 70_000;
    renameSync(join(stateDir(director), table), join(stateDir(director), table.replace(/2$/, `${number}`)));
    const [index = ''] = readdirSync(stateDir(director)).filter((name) => /^history.*json$/.test(name));
    writeFileSync(join(stateDir(director), index), '');
    await director.run(APPLY, { stdin: web(7) });
    assert.deepEqual(await numbers(director), [number + 1]);
    assert.equal(tablesOf(director).length, 1);
    assert.equal((await director.run(['rollback', String(number + 1)])).status, 0);
  });

  test('a file that is broken costs the records and no change', async (context) => {
    const director = await directorWith(context, web(5));
    const [index = ''] = readdirSync(stateDir(director)).filter((name) => /^history.*json$/.test(name));
    writeFileSync(join(stateDir(director), index), '{');
    const { status, err } = await director.run(APPLY, { stdin: web(6) });
    assert.equal(status, 0);
    assert.match(err, /^lvsadm: cannot read .*history.*the records of earlier changes are lost\n$/);
  });

  test('a record that cannot be written costs the record, is told, and refuses --confirm and --atomic', async (context) => {
    const director = await directorWith(context, web(5));
    const [index = ''] = readdirSync(stateDir(director)).filter((name) => /^history.*json$/.test(name));
    const directory = join(director.directory, 'other');
    mkdirSync(join(directory, `${index}.lock`), { recursive: true });
    const env = { LVSADM_STATE_DIR: directory };
    const made = await director.run(APPLY, { stdin: web(6), env });
    assert.equal(made.status, 0);
    assert.match(made.err, /^lvsadm: lvsadm rollback cannot undo this change: cannot write .*\n$/);
    director.changesSent = 0;
    for (const option of [['--confirm', '60'], ['--atomic']]) {
      const { status, err } = await director.run([...APPLY, ...option], { stdin: web(7), env });
      assert.equal(status, 255, err);
      assert.match(err, /^lvsadm: cannot write /);
    }
    assert.equal(director.changesSent, 0);
    assert.deepEqual(director.later, []);
  });
});

describe('rollback', () => {
  test('undoes the last change, and the next one undoes the rollback', async (context) => {
    const director = await directorWith(context, web(5));
    const before = normal(await director.state());
    await director.run(APPLY, { stdin: web(6, another) });
    const after = normal(await director.state());
    assert.deepEqual(await director.run(['rollback']), {
      status: 0,
      out: [
        'changed  tcp://192.0.2.1:80 198.51.100.1:80  weight 6 -> 5',
        'removed  udp://192.0.2.1:53',
        '2 done',
        'the table is as it was before change 2',
        '',
      ].join('\n'),
      err: '',
    });
    assert.deepEqual(normal(await director.state()), before);
    await director.run(['rollback']);
    assert.deepEqual(normal(await director.state()), after);
  });

  test('undoes a drain, an undrain and a weight', async (context) => {
    const director = await directorWith(context, web(5));
    const named = ['tcp://192.0.2.1:80', '198.51.100.1'];
    const states = [normal(await director.state())];
    for (const words of [
      ['drain', ...named],
      ['undrain', ...named],
      ['weight', ...named, '9'],
      ['drain', ...named, '--delete'],
    ]) {
      assert.equal((await director.run(words)).status, 0);
      states.push(normal(await director.state()));
    }
    for (let number = 5; number >= 2; number--) {
      assert.equal((await director.run(['rollback', String(number)])).status, 0);
      assert.deepEqual(normal(await director.state()), states[number - 2], `change ${number}`);
    }
  });

  test('names the servers that are held at another weight', async (context) => {
    const director = await directorWith(context, web(5));
    const named = ['tcp://192.0.2.1:80', '198.51.100.1'];
    const env = { SUDO_USER: 'alice' };
    assert.equal((await director.run(['drain', ...named, '--hold'], { env })).status, 0);
    const { status, out } = await director.run(['rollback']);
    assert.equal(status, 0);
    assert.match(
      out,
      /^nothing to change\nthe table is as it was before change 2, but for servers that are held:\n {2}198\.51\.100\.1:80 of tcp:\/\/192\.0\.2\.1:80: held at 0 by alice since .*; lvsadm undrain ends the hold\n$/,
    );
    const json = JSON.parse((await director.run(['rollback', '2', '--json'])).out);
    assert.deepEqual(
      json.held.map(({ since: _, ...hold }: { since: string }) => hold),
      [{ service: named[0], server: '198.51.100.1:80', weight: 0, by: 'alice', until: null, reason: null }],
    );
    await director.run(['undrain', ...named, '--force']);
    assert.match((await director.run(['rollback', '2'])).out, /\nthe table is as it was before change 2\n$/);
  });

  test('has no table that another apply has half made: a drain waits for it', async (context) => {
    const director = await directorWith(context, web(5));
    const [, drained] = await drainDuringApply(director);
    assert.equal(drained.status, 0);
    assert.equal(drained.err, '');
    assert.match((await director.run(['history'])).out, /\n2 .* lvsadm apply /);
    const back = await director.run(['rollback']);
    assert.match(back.out, /^changed .*198\.51\.100\.9:80 {2}weight 0 -> 7\n1 done\n/);
  });

  test('a drain goes on without a record if another apply does not end', async (context) => {
    const director = await directorWith(context, web(5));
    const { flock } = ownFiles;
    context.mock.method(ownFiles, 'flock', (descriptor: number) => flock(descriptor, 0));
    const [, drained] = await drainDuringApply(director);
    assert.equal(drained.status, 0);
    assert.match(
      drained.err,
      /^lvsadm: lvsadm rollback cannot undo this change: process \d+ is applying a document here .*\n$/,
    );
    assert.deepEqual(await numbers(director), [2, 1]);
  });

  test('an apply whose process is not known yet is not taken for the agent', async (context) => {
    const director = await directorWith(context, web(5));
    const runDir = join(director.directory, 'run');
    const store = new Store({ env: {}, files: ownFiles, runDir, warn: assert.fail });
    await store.lock('apply', 'applying a document here', { wait: 0 });
    const [name = ''] = readdirSync(runDir).filter((each) => each.endsWith('.apply.lock'));
    writeFileSync(join(runDir, name), '');
    const { flock } = ownFiles;
    context.mock.method(ownFiles, 'flock', (descriptor: number) => flock(descriptor, 0));
    const { status, err } = await director.run(['drain', 'tcp://192.0.2.1:80', '198.51.100.1']);
    assert.equal(status, 0);
    assert.match(err, /^lvsadm: lvsadm rollback cannot undo this change: another process is applying /);
    assert.deepEqual(await numbers(director), [1]);
  });

  test('a drain does not wait for the agent, which has the lock for as long as it runs', async (context) => {
    const director = await directorWith(context, web(5));
    const store = new Store({
      env: {},
      files: ownFiles,
      runDir: join(director.directory, 'run'),
      warn: assert.fail,
    });
    for (const name of ['agent', 'apply']) await store.lock(name, 'running the agent here', { wait: 0 });
    const { status, err } = await director.run(['drain', 'tcp://192.0.2.1:80', '198.51.100.1']);
    assert.deepEqual([status, err], [0, '']);
    assert.deepEqual(await numbers(director), [2, 1]);
  });

  test('to an older change shows what it does, and needs --allow-empty for an empty table', async (context) => {
    const director = await directorWith(context, web(5));
    await director.run(APPLY, { stdin: web(6, another) });
    const dry = await director.run(['rollback', '2', '--dry-run']);
    assert.match(dry.out, /^~ .*|- udp:\/\/192\.0\.2\.1:53/m);
    director.changesSent = 0;
    assert.deepEqual(await director.run(['rollback', '1']), {
      status: 2,
      out: '',
      err: "lvsadm: the table before change 1 had no service; --allow-empty lets it be empty again\nTry 'lvsadm rollback --help'.\n",
    });
    const limited = await director.run(['rollback', '1', '--allow-empty', '--max-remove', '1']);
    assert.equal(limited.status, 2);
    assert.match(limited.err, /^lvsadm: --max-remove: would remove 2 of 2 services/);
    assert.equal(director.changesSent, 0);
    assert.equal((await director.run(['rollback', '1', '--allow-empty'])).status, 0);
    assert.deepEqual((await director.state()).services, []);
  });

  test('of a change that is not recorded is refused, with the numbers that are', async (context) => {
    const director = await Director.start(context);
    assert.match((await director.run(['rollback'])).err, /^lvsadm: no change has been recorded here\n/);
    await director.run(APPLY, { stdin: web(5) });
    const { status, err } = await director.run(['rollback', '7']);
    assert.equal(status, 2);
    assert.match(err, /^lvsadm: 7: lvsadm history has no such change; it has 1\n/);
  });

  test('restores the settings of IPVS that apply has set since, and no others', async (context) => {
    const director = await directorWith(context, web(5));
    for (const name of ['conntrack', 'expire_nodest_conn']) await director.file(`vs/${name}`, '0\n');
    await director.run(APPLY, { stdin: web(5, 'settings: {conntrack: 1}\n') });
    await director.run(APPLY, { stdin: web(6) });
    await director.file('vs/expire_nodest_conn', '1\n');
    const { out } = await director.run(['rollback', '2']);
    assert.match(out, /^changed {2}setting conntrack {2}1 -> 0\n/);
    assert.doesNotMatch(out, /expire_nodest_conn/);
  });

  test('gives any table back, whatever apply made of it', async (context) => {
    const director = await Director.start(context);
    await fc.assert(
      fc.asyncProperty(state(), state(), async (from, to) => {
        await setTable(director, from);
        const before = normal(await director.state());
        const stdin = JSON.stringify(documentOf(to));
        const applied = await director.run([...APPLY, '--allow-empty'], { stdin });
        assert.equal(applied.status, 0, applied.err);
        const isChanged = !applied.out.startsWith('nothing to change');
        if (isChanged) {
          const back = await director.run(['rollback', '--allow-empty']);
          assert.equal(back.status, 0, back.err);
        }
        assert.deepEqual(normal(await director.state()), before);
      }),
      { numRuns: 25 },
    );
  });
});

describe('apply --atomic', () => {
  test('takes back what was done before a refusal, and says so', async (context) => {
    const director = await directorWith(context, web(5, another));
    director.ipvs.schedulers.delete('none');
    const before = normal(await director.state());
    const { status, out, err } = await director.run([...APPLY, '--atomic'], { stdin: web(6, refused) });
    assert.equal(status, 1, err);
    assert.match(out, /\n1 refused, \d not done; all that was done is taken back\n$/);
    assert.match(err, /^lvsadm: refused: tcp:\/\/192\.0\.2\.9:80: /);
    assert.deepEqual(normal(await director.state()), before);
  });

  test('gives any table back when a daemon is refused at the end', async (context) => {
    const director = await Director.start(context);
    await fc.assert(
      fc.asyncProperty(state(), state(), async (from, to) => {
        const plain = (one: State): State => ({ ...one, daemons: [] });
        await setTable(director, plain(from));
        const before = normal(await director.state());
        const daemon = { state: 'master', interface: 'absent0', syncId: 1 } as const;
        const document = documentOf({ ...plain(to), daemons: [daemon] });
        const stdin = JSON.stringify(document);
        const { status, out } = await director.run([...APPLY, '--allow-empty', '--atomic'], { stdin });
        assert.ok(status !== 0, out);
        assert.deepEqual(normal(await director.state()), before, out);
      }),
      { numRuns: 25 },
    );
  });

  /** `drop_entry` can be read, and not be set. */
  async function withReadOnlySetting(director: Director): Promise<void> {
    await director.file('vs/conntrack', '0\n');
    symlinkSync('/proc/version', join(director.directory, 'vs/drop_entry'));
  }
  const readOnly = 'settings: {conntrack: 1, drop_entry: 1}\n';

  test('takes back the settings before one that is refused, and nothing waits for its confirmation', async (context) => {
    const director = await directorWith(context, web(5));
    await withReadOnlySetting(director);
    for (const more of [[], ['--confirm', '60'], ['--json']]) {
      const words = [...APPLY, '--atomic', ...more];
      const { status, out, err } = await director.run(words, { stdin: web(6, readOnly) });
      assert.equal(status, 1, err);
      assert.match(err, /^lvsadm: cannot set net\.ipv4\.vs\.drop_entry to 1: EIO$/m);
      if (more[0] === '--json') {
        const { converged, error, takenBack } = JSON.parse(out);
        assert.deepEqual([converged, error.message, takenBack.length], [false, err.slice(8, -1), 1]);
      } else {
        assert.match(out, /\nchanged {2}setting conntrack 0\nfailed; all that was done is taken back\n$/);
      }
      assert.equal(readFileSync(join(director.directory, 'vs/conntrack'), 'utf8').trim(), '0');
    }
    assert.deepEqual(await numbers(director), [1]);
    assert.equal((await director.run(['confirm'])).status, 1);
  });

  test('names a setting that cannot be taken back', async (context) => {
    const director = await directorWith(context, web(5));
    await withReadOnlySetting(director);
    const { openSync } = ownFiles;
    let isSet = false;
    context.mock.method(ownFiles, 'openSync', (path: string, flags: number, mode?: number) => {
      if (/conntrack$/.test(path) && flags === ownFiles.constants.O_WRONLY) {
        if (isSet) throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
        isSet = true;
      }
      return openSync(path, flags, mode);
    });
    const { status, err } = await director.run([...APPLY, '--atomic'], { stdin: web(6, readOnly) });
    assert.equal(status, 3);
    assert.match(
      err,
      /^lvsadm: not taken back: setting conntrack 0: cannot set .*conntrack to 0: permission denied/m,
    );
    assert.deepEqual(await numbers(director), [2, 1]);
  });

  test('takes back what was done before a plan that a race has made too large', async (context) => {
    const third = another.replace(':53', ':54');
    const director = await directorWith(context, web(5, another + third));
    const { services } = await director.state();
    const [gone, model] = services.map(({ service }) => service);
    assert.ok(gone && model);
    let isFirst = true;
    const { applyAll } = director.client;
    context.mock.method(director.client, 'applyAll', (changes: Parameters<typeof applyAll>[0]) => {
      if (isFirst) {
        director.ipvs.carryOut({ do: 'deleteService', id: gone.id });
        for (const port of [1, 2]) {
          const id = { protocol: 'tcp', address: '192.0.2.50', port } as const;
          director.ipvs.carryOut({ do: 'addService', service: { ...model, id } });
        }
      }
      isFirst = false;
      return applyAll.call(director.client, changes);
    });
    const added = '  - {service: "tcp://192.0.2.2:80", servers: [198.51.100.3]}\n';
    const words = [...APPLY, '--atomic', '--max-remove', '2'];
    const { status, err } = await director.run(words, { stdin: web(6, added) });
    assert.equal(status, 1);
    assert.match(err, /^lvsadm: --max-remove: would remove 4 of \d services, /);
    assert.doesNotMatch((await director.run(['-Sn'])).out, /192\.0\.2\.2:80/);
    assert.deepEqual(await numbers(director), [1]);
  });

  test('takes back what was done before an interruption', async (context) => {
    const director = await directorWith(context, web(5, another));
    const [service] = (await director.state()).services;
    const before = normal(await director.state());
    assert.ok(service);
    const busy = { address: '198.51.100.2', port: 80 };
    director.ipvs.connect(service.service.id, busy, { activeConnections: 3 });
    director.whileSleeping = () => director.stop.abort('SIGTERM');
    const stdin = web(6).replace('198.51.100.2', '198.51.100.4');
    const { status, err } = await director.run([...APPLY, '--atomic', '--drain', '10'], { stdin });
    assert.equal(status, 143);
    assert.equal(err, 'lvsadm: interrupted: all that was done is taken back\n');
    assert.deepEqual(normal(await director.state()), before);
  });
});

describe('apply --confirm', () => {
  const confirming = [...APPLY, '--confirm', '60'];

  test('is taken back when nobody confirms it', async (context) => {
    const director = await directorWith(context, web(5));
    const before = normal(await director.state());
    const applied = await director.run(confirming, { stdin: web(6, another) });
    assert.equal(applied.status, 0);
    assert.match(
      applied.err,
      /^lvsadm: the table before this comes back at \d\d:\d\d:\d\d unless lvsadm confirm comes before\n$/,
    );
    assert.match(
      applied.out,
      /\nchange 2: 'lvsadm confirm' keeps it; without that it is taken back at [\d:]+\n$/,
    );
    const [{ words, seconds }] = director.later as [{ words: string[]; seconds: number }];
    assert.equal(seconds, 60);
    const back = await director.run(words);
    assert.deepEqual([back.status, back.out, back.err], [0, '', '']);
    assert.deepEqual(normal(await director.state()), before);
    assert.match((await director.run(['history'])).out, /take-back \(change 2 was not confirmed\)\n/);
    assert.equal((await director.run(['confirm'])).status, 1);
    const again = await director.run(['rollback']);
    assert.equal(again.status, 2);
    assert.match(
      again.err,
      /^lvsadm: change 2 has been taken back already; lvsadm rollback 3 makes it again\n/,
    );
    // It is over: nothing more happens.
    director.changesSent = 0;
    assert.equal((await director.run(words)).status, 0);
    assert.equal(director.changesSent, 0);
  });

  test('stays when it is confirmed', async (context) => {
    const director = await directorWith(context, web(5));
    await director.run(confirming, { stdin: web(6) });
    const after = normal(await director.state());
    assert.deepEqual(await director.run(['confirm']), {
      status: 0,
      out: 'change 2 stays: lvsadm apply -f - --prune --confirm 60\n',
      err: '',
    });
    assert.equal((await director.run(director.later[0]?.words ?? [])).status, 0);
    assert.deepEqual(normal(await director.state()), after);
    assert.deepEqual(await director.run(['confirm']), {
      status: 1,
      out: '',
      err: 'lvsadm: no change waits for its confirmation\n',
    });
  });

  test('a time that is over before the first step keeps the change from being made', async (context) => {
    const director = await directorWith(context, web(5));
    director.laterTakes = 59_000;
    director.changesSent = 0;
    const { status, err } = await director.run(confirming, { stdin: web(6) });
    assert.equal(status, 255);
    assert.match(err, /^lvsadm: cannot have the change taken back: .*--confirm 60\n$/);
    assert.equal(director.changesSent, 0);
    assert.equal((await director.run(['confirm'])).status, 1);
  });

  test('is not made if the table before has what no document can say', async (context) => {
    const director = await directorWith(context, web(5));
    const [entry] = (await director.state()).services;
    assert.ok(entry);
    const id = { protocol: 'tcp', address: '192.0.2.77', port: 0 } as const;
    director.ipvs.carryOut({ do: 'addService', service: { ...entry.service, id } });
    director.changesSent = 0;
    const { status, err } = await director.run(['apply', '-f', '-', '--confirm', '60'], { stdin: web(6) });
    assert.equal(status, 255);
    assert.match(err, /^lvsadm: cannot have the change taken back: .*services\[\d\]\.service: port 0, .*\n$/);
    assert.equal(director.changesSent, 0);
    assert.deepEqual(director.later, []);
    assert.deepEqual(await numbers(director), [1]);
    assert.equal((await director.run(['apply', '-f', '-'], { stdin: web(6) })).status, 0);
  });

  test('a change that was made in part is not confirmed without --force', async (context) => {
    const director = await directorWith(context, web(5));
    director.ipvs.schedulers.delete('none');
    assert.equal((await director.run(confirming, { stdin: web(6, another + refused) })).status, 1);
    const { status, err } = await director.run(['confirm']);
    assert.equal(status, 1);
    assert.match(
      err,
      /^lvsadm: change 2 was made in part: .*lvsadm rollback takes it back, --force keeps it\n$/,
    );
    assert.equal((await director.run(['confirm', '--force'])).status, 0);
  });

  test('a refusal while it is taken back keeps nothing else from coming back', async (context) => {
    const gone = '  - {service: "tcp://192.0.2.9:80", scheduler: lc, servers: [198.51.100.9]}\n';
    const director = await directorWith(context, web(5, gone));
    await director.run(confirming, { stdin: web(0, another) });
    director.ipvs.schedulers.delete('lc');
    const [{ words }] = director.later as [{ words: string[]; seconds: number }];
    assert.equal((await director.run(words)).status, 1);
    const rules = (await director.run(['-Sn'])).out;
    assert.match(rules, /-r 198\.51\.100\.1:80 .*-w 5/);
    assert.doesNotMatch(rules, /192\.0\.2\.1:53/);
    const { changes } = JSON.parse((await director.run(['history', '--json'])).out);
    const [{ confirm }] = changes.filter(({ number }: { number: number }) => number === 2);
    assert.match(confirm.problem, /^tcp:\/\/192\.0\.2\.9:80: Scheduler or persistence engine not found/);
    assert.match(
      (await director.run(['confirm'])).out,
      /^change 2 has been taken back in part; the table stays as it is: lvsadm apply /,
    );
  });

  test('of a day has the day on which it is taken back', async (context) => {
    const director = await directorWith(context, web(5));
    director.time = new Date(2026, 10, 30, 14, 2, 11).getTime();
    const day = / 2026-12-01 14:02:11\b/;
    const { out, err } = await director.run([...APPLY, '--confirm', '1d'], { stdin: web(6) });
    assert.match(out, day);
    assert.match(err, day);
    assert.match((await director.run(['history'])).out, day);
    assert.match((await director.run(APPLY, { stdin: web(7) })).err, day);
  });

  test('a setting that is refused while it is taken back keeps nothing else from coming back, and is named', async (context) => {
    const director = await directorWith(context, web(5));
    const before = normal(await director.state());
    const setting = await director.file('vs/conntrack', '0\n');
    await director.file('vs/expire_nodest_conn', '0\n');
    const settings = 'settings: {conntrack: 1, expire_nodest_conn: 1}\n';
    await director.run(confirming, { stdin: web(6, another + settings) });
    // A file that is read, and refuses to be written.
    rmSync(setting);
    symlinkSync('/proc/version', setting);
    const [{ words }] = director.later as [{ words: string[]; seconds: number }];
    const { status, err } = await director.run(words);
    assert.equal(status, 1);
    assert.deepEqual(normal(await director.state()), before);
    assert.equal(readFileSync(join(director.directory, 'vs/expire_nodest_conn'), 'utf8').trim(), '0');
    assert.match(err, /^lvsadm: setting conntrack: cannot set net\.ipv4\.vs\.conntrack to 0: EIO\n/);
    assert.match((await director.run(['history'])).out, /could not be taken back: setting conntrack: /);
  });

  test('is shown by history, and refuses another apply until it is confirmed', async (context) => {
    const director = await directorWith(context, web(5));
    await director.run(confirming, { stdin: web(6) });
    assert.match(
      (await director.run(['history'])).out,
      /waits for 'lvsadm confirm'; without that it is taken back at/,
    );
    for (const words of [APPLY, confirming, ['rollback', '--confirm', '60']]) {
      const { status, err } = await director.run(words, { stdin: web(7) });
      assert.ok(status === 75 || (words[0] === 'rollback' && status === 2), err);
    }
    assert.equal(director.later.length, 1);
    await director.run(['confirm']);
    assert.equal((await director.run(APPLY, { stdin: web(7) })).status, 0);
  });

  test('has one record however many attempts it takes to take it back', async (context) => {
    const director = await Director.start(context);
    const daemon = { state: 'backup', interface: 'eth0', syncId: 7 } as const;
    director.ipvs.carryOut({ do: 'startDaemon', daemon });
    const sync = 'sync:\n  backup: {interface: eth1, id: 7}\n';
    assert.equal((await director.run(confirming, { stdin: sync + web(5) })).status, 0);
    // The daemon that runs is stopped at each attempt, and started again.
    director.ipvs.interfaces.delete('eth0');
    assert.equal((await director.run(director.later[0]?.words ?? [])).status, 1);
    assert.deepEqual(await numbers(director), [2, 1]);
  });

  test('is not said to be taken back long after its time, if nothing has done so', async (context) => {
    const director = await directorWith(context, web(5));
    await director.run(confirming, { stdin: web(6) });
    director.time += 60_000;
    assert.match((await director.run(['history'])).out, /waits for 'lvsadm confirm'/);
    director.time += 3_600_000;
    assert.match(
      (await director.run(['history'])).out,
      /was not taken back at [\d:]+: lvsadm rollback does it/,
    );
  });

  test('is taken back at once by rollback, which ends the wait', async (context) => {
    const director = await directorWith(context, web(5));
    const before = normal(await director.state());
    await director.run(confirming, { stdin: web(6) });
    assert.equal((await director.run(['rollback'])).status, 0);
    assert.deepEqual(normal(await director.state()), before);
    assert.equal((await director.run(['confirm'])).status, 1);
  });

  test('asks for nothing if nothing is changed, or nothing is left of it', async (context) => {
    const director = await directorWith(context, web(5));
    assert.equal((await director.run(confirming, { stdin: web(5) })).out, 'nothing to change\n');
    assert.deepEqual(director.later, []);
    director.ipvs.schedulers.delete('none');
    await director.run([...confirming, '--atomic'], { stdin: web(6, refused) });
    assert.equal((await director.run(['confirm'])).status, 1);
  });

  test('is taken back also when a drain that only removes was interrupted', async (context) => {
    const director = await directorWith(context, web(5));
    const before = normal(await director.state());
    const [service] = (await director.state()).services;
    assert.ok(service);
    director.ipvs.connect(
      service.service.id,
      { address: '198.51.100.2', port: 80 },
      { activeConnections: 3 },
    );
    director.whileSleeping = () => director.stop.abort('SIGTERM');
    const stdin = web(5).replace(', 198.51.100.2', '');
    assert.equal((await director.run([...confirming, '--drain', '10'], { stdin })).status, 143);
    assert.notDeepEqual(normal(await director.state()), before);
    director.stop = new AbortController();
    director.whileSleeping = () => {};
    assert.equal((await director.run(director.later[0]?.words ?? [])).status, 0);
    assert.deepEqual(normal(await director.state()), before);
  });

  test('goes on waiting after a rollback to the table before a later change', async (context) => {
    const director = await directorWith(context, web(5));
    const before = normal(await director.state());
    await director.run(confirming, { stdin: web(6) });
    await director.run(['weight', 'tcp://192.0.2.1:80', '198.51.100.2', '9']);
    const { status, out } = await director.run(['rollback', '3']);
    assert.equal(status, 0);
    assert.match(out, /\nthe table is as it was before change 3\nchange 2: 'lvsadm confirm' keeps it; /);
    assert.equal((await director.run(director.later[0]?.words ?? [])).status, 0);
    assert.deepEqual(normal(await director.state()), before);
  });

  test('cannot be combined with what has no end, or ends later', async (context) => {
    const director = await directorWith(context, web(5));
    const file = await director.file('web.yaml', web(6));
    for (const more of [['--dry-run'], ['--watch'], ['--drain', '60']]) {
      const { status, err } = await director.run(['apply', '-f', file, '--confirm', '60', ...more]);
      assert.equal(status, 2, err);
    }
    assert.equal((await director.run(['apply', '-f', file, '--confirm', '1'])).status, 2);
  });

  test('of eight at once one waits for its confirmation, and the others are refused', async (context) => {
    const director = await directorWith(context, web(1));
    const before = normal(await director.state());
    const weights = [2, 3, 4, 5, 6, 7, 8, 9];
    const ends = await Promise.all(weights.map((weight) => director.run(confirming, { stdin: web(weight) })));
    assert.deepEqual(ends.map(({ status }) => status).sort(), [0, 75, 75, 75, 75, 75, 75, 75]);
    assert.equal(director.later.length, 1);
    assert.equal((await director.run(director.later[0]?.words ?? [])).status, 0);
    assert.deepEqual(normal(await director.state()), before);
    await Promise.all(weights.map((weight) => director.run(APPLY, { stdin: web(weight) })));
    const { changes } = JSON.parse((await director.run(['history', '--json'])).out);
    assert.equal(new Set(changes.map(({ number }: { number: number }) => number)).size, 11);
  });

  test('waits until the time is over, and ends early when it is confirmed', async (context) => {
    const director = await directorWith(context, web(5));
    await director.run(confirming, { stdin: web(6) });
    const { words } = director.later[0] ?? { words: [] };
    const begin = director.time;
    director.whileSleeping = async () => {
      if (director.time - begin !== 5000) return;
      director.whileSleeping = () => {};
      await director.run(['confirm']);
    };
    const waited = await director.run([...words, '--after', '60']);
    assert.deepEqual([waited.status, waited.out], [0, 'waiting\n']);
    assert.equal(director.time - begin, 5000);
    await director.run(confirming, { stdin: web(7) });
    const again = director.time;
    await director.run([...(director.later[1]?.words ?? []), '--after', '60']);
    assert.equal(director.time - again, 60_000);
    const { services } = await director.state();
    assert.equal(services[0]?.destinations.find(({ weight }) => weight === 6)?.weight, 6);
  });

  test('a process that waits reads the change no more often than it is written', async (context) => {
    const director = await directorWith(context, web(5));
    await director.run(confirming, { stdin: web(6) });
    const opened = context.mock.method(ownFiles, 'openSync');
    await director.run([...(director.later[0]?.words ?? []), '--after', '60']);
    const reads = opened.mock.calls.filter(({ arguments: [path] }) => /confirm\.json$/.test(String(path)));
    assert.ok(reads.length < 10, `${reads.length} reads in 60 s`);
  });

  test('tries again when the kernel refuses it, and is shown if that never ends', async (context) => {
    const director = await directorWith(context, web(5, another));
    await director.run(confirming, { stdin: web(5) });
    director.ipvs.schedulers.delete('wlc');
    const { words } = director.later[0] ?? { words: [] };
    const shown: string[] = [];
    director.whileSleeping = async () => {
      shown.push((await director.run(['history'])).out);
    };
    const { status, err } = await director.run(words);
    director.whileSleeping = () => {};
    assert.equal(status, 1);
    for (const history of shown) assert.match(history, /could not be taken back: udp:/);
    assert.equal(shown.length, 8);
    assert.equal(err.match(/Scheduler or persistence engine not found/g)?.length, 8, err);
    assert.match(
      (await director.run(['history'])).out,
      /could not be taken back: udp:\/\/192\.0\.2\.1:53: Scheduler/,
    );
    director.ipvs.schedulers.add('wlc');
    assert.equal((await director.run(['rollback'])).status, 0);
    assert.equal((await director.run(['confirm'])).status, 1);
  });
});
