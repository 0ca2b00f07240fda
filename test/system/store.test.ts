/** The store of state: locks, changes by many processes, and directories and files that are not as they should be. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { HostError, LockedError } from '../../src/errors.js';
import { namespaceName } from '../../src/system/files/run-dir.js';
import type { StateKind } from '../../src/system/files/state-kind.js';
import { Store, type StoreContext } from '../../src/system/files/store.js';

const namespace = namespaceName(fs);
const module = new URL('../../src/system/files/store.js', import.meta.url).href;

let directory: string;
let warnings: string[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lvsadm-test-'));
  warnings = [];
});
afterEach(() => rmSync(directory, { recursive: true }));

const storeIn = (context: Partial<StoreContext> = {}): Store =>
  new Store({
    env: { LVSADM_RUN: directory },
    files: fs,
    warn: (line) => void warnings.push(line),
    ...context,
  });

const names = (expendable = true): StateKind<readonly string[]> => ({
  name: 'names',
  empty: [],
  parse(value) {
    if (!Array.isArray(value)) throw new Error('it is no list');
    return value;
  },
  format: (all) => (all.length === 0 ? undefined : all),
  loss: 'names are lost',
  expendable,
});

const append =
  (name: string) =>
  (all: readonly string[]): readonly string[] => [...all, name];

const file = (name: string): string => join(directory, `${namespace}.${name}`);

/** A process that runs `script` with a store, `names` and `append`. */
function processWith(script: string) {
  const source = `
    const { Store } = await import(${JSON.stringify(module)});
    const fs = await import('node:fs');
    const store = new Store({ env: { LVSADM_RUN: ${JSON.stringify(directory)} }, files: fs, warn: console.error });
    const names = { name: 'names', empty: [], parse: (all) => all, format: (all) => all, loss: '', expendable: false };
    ${script}
  `;
  return spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** A process that holds the lock `work` until it is killed. */
async function holder() {
  const child = processWith(`
    await store.lock('work', 'working', { wait: 0 });
    process.stdout.write('held');
    setInterval(() => {}, 1000);
  `);
  await once(child.stdout, 'data');
  return {
    pid: child.pid,
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

describe('state', () => {
  test('is in a file of its network namespace, read as it was written, and removed with the last of it', async () => {
    const store = storeIn();
    assert.deepEqual(store.read(names()), []);
    assert.deepEqual(readdirSync(directory), [], 'reading makes no file');
    await store.update(names(), append('a'));
    await store.update(names(), append('b'));
    assert.deepEqual(store.read(names()), ['a', 'b']);
    assert.equal(store.pathOf(names()), file('names.json'));
    await store.update(names(), () => []);
    assert.deepEqual(readdirSync(directory), [`${namespace}.lock`]);
  });

  test('eight processes that change it at once lose nothing', async () => {
    const children = Array.from({ length: 8 }, (_, number) =>
      processWith(
        `for (let time = 0; time < 5; time++) await store.update(names, (all) => [...all, '${number}.' + time]);`,
      ),
    );
    for (const child of children) if (child.exitCode === null) await once(child, 'exit');
    const all = Array.from({ length: 40 }, (_, index) => `${index % 8}.${Math.floor(index / 8)}`);
    assert.deepEqual([...storeIn().read(names())].sort(), all.sort());
  });

  test('of a dead namespace with the same inode is ignored, and removed at the next change', async () => {
    const [inode] = namespace.split('-');
    const other = `${inode}-1`;
    writeFileSync(join(directory, `${other}.names.json`), '{"version":2,"state":["a"]}');
    writeFileSync(join(directory, `${inode}.names.json`), '{"version":1,"entries":[]}');
    writeFileSync(join(directory, 'notes'), 'mine');
    assert.deepEqual(storeIn().read(names()), []);
    await storeIn().update(names(), append('b'));
    assert.deepEqual(storeIn().read(names()), ['b']);
    assert.ok(!readdirSync(directory).includes(`${other}.names.json`));
    assert.ok(readdirSync(directory).includes('notes'));
  });

  test('of another boot is ignored, unless it outlives one', () => {
    writeFileSync(file('names.json'), '{"version":2,"boot":"another","state":["a"]}');
    assert.deepEqual(storeIn().read(names()), []);
    assert.deepEqual(storeIn().read({ ...names(), outlivesBoot: true }), ['a']);
  });

  test('is replaced as a whole by its only writer, in a directory that is made', async () => {
    const path = join(directory, 'below', 'there', 'names.json');
    const store = new Store({ env: {}, files: fs, warn: assert.fail }, path);
    await store.replaceInBackground(names(), ['a']);
    await store.replaceInBackground(names(), ['b', 'c']);
    assert.deepEqual(store.read(names()), ['b', 'c']);
    assert.deepEqual(await store.readInBackground(names()), ['b', 'c']);
    assert.deepEqual(readdirSync(join(directory, 'below', 'there')), ['names.json']);
  });

  test('that cannot be read is told in one line, and replaced where that is safe', async () => {
    for (const text of ['', '{', '[]', '{"version":1}', '{"version":2,"state":{}}', 'null']) {
      warnings = [];
      writeFileSync(file('names.json'), text);
      assert.throws(
        () => storeIn().read(names(false)),
        (error) =>
          error instanceof HostError && error.message.includes(`cannot read ${file('names.json')}: `),
      );
      await storeIn().update(names(), append('b'));
      assert.equal(warnings.length, 1, text);
      assert.match(warnings[0] ?? '', /^cannot read .*names\.json: .*; names are lost$/);
      assert.deepEqual(storeIn().read(names()), ['b']);
    }
  });

  test('in a directory that another user may write is neither read nor replaced', async () => {
    const path = join(directory, 'holds.json');
    writeFileSync(path, '{"version":2,"state":["a"]}');
    const context = { env: {}, files: fs, warn: (line: string) => void warnings.push(line) };
    const store = new Store(context, path, () => 'it may be written by all users');
    await assert.rejects(store.readInBackground(names(false)), HostError);
    assert.throws(() => store.read(names(false)), HostError);
    assert.deepEqual(await store.readInBackground(names()), []);
    assert.deepEqual(warnings, ['state is ignored: it may be written by all users']);
    await assert.rejects(
      store.replaceInBackground(names(), ['b']),
      (error) => error instanceof HostError && /it may be written by all users/.test(error.message),
    );
    assert.equal(readFileSync(path, 'utf8'), '{"version":2,"state":["a"]}');
  });

  test('behind a symbolic link is neither read nor written', async () => {
    writeFileSync(join(directory, 'elsewhere'), 'text');
    symlinkSync(join(directory, 'elsewhere'), file('names.json'));
    assert.throws(() => storeIn().read(names()), /cannot read .*: too many symbolic links/);
    rmSync(file('names.json'));
    symlinkSync(join(directory, 'elsewhere'), file('names.json.lvsadm-new'));
    symlinkSync(join(directory, 'elsewhere'), file('work.lock'));
    await storeIn().update(names(), append('b'));
    await assert.rejects(storeIn().lock('work', 'working', { wait: 0 }), HostError);
    assert.equal(readFileSync(join(directory, 'elsewhere'), 'utf8'), 'text');
  });

  test('changes without touching a file of somebody else beside it', async () => {
    writeFileSync(file('names.json.new'), 'mine');
    await storeIn().update(names(), append('b'));
    assert.equal(readFileSync(file('names.json.new'), 'utf8'), 'mine');
  });

  test('stays as it is, without leftovers, where the new text cannot be written', async () => {
    await storeIn().update(names(), append('a'));
    const before = readdirSync(directory);
    const full = { ...fs, writeSync: () => fail('ENOSPC', -28) } as typeof fs;
    await assert.rejects(storeIn({ files: full }).update(names(), append('b')), (error) => {
      assert.ok(error instanceof HostError);
      assert.equal(error.message, `cannot write ${file('names.json')}: no space left on device`);
      return true;
    });
    assert.deepEqual(readdirSync(directory), before);
    assert.deepEqual(storeIn().read(names()), ['a']);
  });
});

const fail = (code: string, errno: number): never => {
  throw Object.assign(new Error(code), { code, errno });
};

describe('a lock', () => {
  test('is held by one process, and is told with its holder', async () => {
    const other = await holder();
    try {
      const waited: string[] = [];
      const lock = (wait: number) =>
        storeIn().lock('work', 'working', { wait, waiting: (who) => void waited.push(who) });
      const isTold = (error: unknown) =>
        error instanceof LockedError &&
        error.message === `process ${other.pid} is working (${file('work.lock')})`;
      await assert.rejects(lock(0), isTold);
      assert.deepEqual(waited, []);
      await assert.rejects(lock(250), isTold);
      assert.deepEqual(waited, [`process ${other.pid}`]);
    } finally {
      await other.kill();
    }
  });

  test('goes to the one who waits when it is released, and to the next when its holder is killed', async () => {
    const release = await storeIn().lock('work', 'working', { wait: 0 });
    const waiting = storeIn().lock('work', 'working', { wait: 10_000 });
    release();
    (await waiting)();
    const other = await holder();
    await other.kill();
    (await storeIn().lock('work', 'working', { wait: 0 }))();
  });

  test('leaves its file, empty', async () => {
    (await storeIn().lock('work', 'working', { wait: 0 }))();
    assert.equal(readFileSync(file('work.lock'), 'utf8'), '');
  });

  test('does not keep changes of state out', async () => {
    const release = await storeIn().lock('work', 'working', { wait: 0 });
    await storeIn().update(names(), append('a'));
    release();
  });

  test('on Node.js without flock(1) is one clear line', async () => {
    const { PATH } = process.env;
    process.env['PATH'] = directory;
    try {
      await assert.rejects(
        storeIn().lock('work', 'working', { wait: 0 }),
        /^HostError: cannot lock a file: there is no program flock in PATH/,
      );
    } finally {
      process.env['PATH'] = PATH;
    }
  });
});

describe('the directory', () => {
  const refusal = async (context: Partial<StoreContext>): Promise<string> => {
    const error = await storeIn(context)
      .update(names(), append('a'))
      .catch((thrown) => thrown);
    assert.ok(error instanceof HostError, String(error));
    assert.doesNotMatch(error.message, /\n/);
    return error.message;
  };

  test('is that of the command line, else of LVSADM_RUN', async () => {
    const [a, b] = [join(directory, 'a'), join(directory, 'b/c')];
    await storeIn({ env: { LVSADM_RUN: b } }).update(names(), append('env'));
    await storeIn({ env: { LVSADM_RUN: b }, runDir: `${a}/` }).update(names(), append('option'));
    assert.deepEqual(storeIn({ runDir: a }).read(names()), ['option']);
    assert.deepEqual(storeIn({ runDir: b }).read(names()), ['env']);
  });

  test('is refused with its name, the reason and a way out', async () => {
    const made = join(directory, 'made');
    mkdirSync(made);
    chmodSync(made, 0o777);
    symlinkSync(directory, join(directory, 'link'));
    writeFileSync(join(directory, 'file'), '');
    for (const [runDir, reason] of [
      [made, 'can be written to by other users'],
      [join(directory, 'link'), 'is not a directory (symbolic links are not followed)'],
      [join(directory, 'file'), 'is not a directory (symbolic links are not followed)'],
      [join(directory, 'file/a'), 'not a directory'],
      ['/proc/lvsadm', 'no such file or directory'],
    ] as const) {
      const message = await refusal({ runDir });
      assert.ok(message.startsWith(`cannot keep state: ${runDir}`), message);
      assert.ok(message.includes(reason), message);
      assert.match(message, /name a directory that can be written to with --run-dir or LVSADM_RUN$/);
      assert.deepEqual(storeIn({ runDir }).read(names()), []);
      if (runDir !== '/proc/lvsadm') assert.match(warnings.pop() ?? '', /^state is ignored: /);
      assert.deepEqual(warnings, []);
    }
  });

  test('is told once that its state is ignored', () => {
    writeFileSync(join(directory, 'file'), '');
    const store = storeIn({ runDir: join(directory, 'file') });
    for (let reads = 0; reads < 3; reads++) assert.deepEqual(store.read(names()), []);
    assert.equal(warnings.length, 1);
  });

  test('is the next one where /run/lvsadm cannot be written', async () => {
    const readOnly = {
      ...fs,
      mkdirSync: (path: string, how: object) =>
        path.startsWith('/run/') ? fail('EROFS', -30) : fs.mkdirSync(path, how),
      lstatSync: (path: string) => (path.startsWith('/run/') ? fail('ENOENT', -2) : fs.lstatSync(path)),
    } as typeof fs;
    assert.match(
      await refusal({ files: readOnly, env: {} }),
      /^cannot keep state: \/run\/lvsadm: read-only file system; name/,
    );
    const context = { files: readOnly, env: { XDG_RUNTIME_DIR: directory } };
    await storeIn(context).update(names(), append('a'));
    assert.deepEqual(storeIn(context).read(names()), ['a']);
    assert.equal(storeIn(context).pathOf(names()), join(directory, 'lvsadm', `${namespace}.names.json`));
  });
});

test('a network namespace has a name that the next one with its inode does not have', () => {
  const script =
    "import('node:fs').then(async (fs) => console.log((await import(process.argv[1])).namespaceName(fs)))";
  const runDir = new URL('../../src/system/files/run-dir.js', import.meta.url).href;
  const user = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const fresh = () =>
    execFileSync('unshare', [...user, '--net', process.execPath, '--eval', script, runDir], {
      encoding: 'utf8',
    }).trim();
  const all = [namespace, fresh(), fresh(), fresh()];
  assert.equal(new Set(all).size, 4, all.join(' '));
  for (const name of all) assert.match(name, /^\d+-\d+$/);
  assert.equal(namespaceName(fs), namespace);
});
