/** lvsadm as a process where something is missing: the working directory, /proc, descriptors; and where others left settings for it. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { distribution, lvsadm } from '../distribution.js';

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let directory: string;
/** The program under the name of ipvsadm. */
let dropIn: string;

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'surroundings-'));
  execFileSync(lvsadm, ['link', '--to', directory]);
  dropIn = join(directory, 'ipvsadm');
  execFileSync(lvsadm, ['-A', '-t', '192.0.2.1:80', '-s', 'rr']);
});

after(() => {
  execFileSync(lvsadm, ['-C']);
  rmSync(directory, { recursive: true });
});

/** A program in surroundings that a script of the shell makes; `exec "$@"` runs it. */
function within(script: string, words: readonly string[], env: Record<string, string> = {}): Ran {
  const command = ['--mount', 'sh', '-c', script, 'sh', ...words];
  const { status, stdout, stderr } = spawnSync('unshare', command, {
    ...{ cwd: directory, encoding: 'utf8', timeout: 60_000 },
    env: { ...process.env, ...env },
  });
  return { status, stdout, stderr };
}

const saved = '-A -t 192.0.2.1:80 -s rr\n';
const restored: Ran = { status: 0, stdout: saved, stderr: '' };

describe('in a working directory that is gone', () => {
  const gone = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"';

  test('the table is listed', () => {
    assert.deepEqual(within(gone, [dropIn, '-Sn']), restored);
    assert.equal(within(gone, [lvsadm, 'list']).status, 0);
  });

  test('a relative path leads nowhere', () => {
    const { status, stderr } = within(gone, [lvsadm, 'apply', '-f', 'web.yaml']);
    assert.deepEqual([status, stderr], [2, 'lvsadm: web.yaml: no such file or directory\n']);
  });
});

describe('without /proc', () => {
  // Below the /proc of a guest may be that of its host.
  const noProc = 'mount -t tmpfs none /proc && exec "$@"';
  const needsProc = distribution === 'standalone';

  test('the npm package lists the table, and the executable says in one line that it needs /proc', () => {
    const seen = within(noProc, [dropIn, '-Sn']);
    if (!needsProc) return assert.deepEqual(seen, restored);
    assert.deepEqual([seen.status, seen.stdout], [2, '']);
    assert.match(seen.stderr, /^lvsadm: the executable needs \/proc: .*\n$/);
  });
});

describe('with ProcSubset=pid', () => {
  const subset = 'umount -l /proc && mount -t proc -o subset=pid proc /proc && exec "$@"';

  test('the table is listed', () => {
    assert.deepEqual(within(subset, [dropIn, '-Sn']), restored);
  });

  test('a listing of connections ends like that of ipvsadm, in its words', () => {
    const real = within(subset, ['/sbin/ipvsadm', '-Lcn']);
    const own = within(subset, [dropIn, '-Lcn']);
    assert.deepEqual([own.status, own.stdout], [real.status, real.stdout]);
    assert.match(real.stderr, /^cannot open file \/proc\/net\/ip_vs_conn\n$/);
    assert.match(
      own.stderr,
      /^ipvsadm: cannot open file \/proc\/net\/ip_vs_conn: no such file or directory\n$/,
    );
  });

  test('doctor, which needs settings of the kernel, says that it sees none', () => {
    const { status, stderr } = within(subset, [lvsadm, 'doctor']);
    assert.deepEqual(
      [status, stderr],
      [
        3,
        'lvsadm: cannot examine this machine: /proc/sys is missing (/proc not mounted, or with subset=pid)\n',
      ],
    );
  });
});

test('an empty table of connections is that of ipvsadm', () => {
  const empty =
    'mount -t tmpfs none /mnt && : > /mnt/empty && mount --bind /mnt/empty /proc/net/ip_vs_conn && exec "$@"';
  const real = within(empty, ['/sbin/ipvsadm', '-Lcn']);
  const own = within(empty, [dropIn, '-Lcn']);
  assert.deepEqual([own.status, own.stdout], [real.status, real.stdout]);
  assert.ok(own.stderr.includes(real.stderr.trimEnd()), own.stderr);
});

describe('settings that others left', () => {
  const here = 'cd settings && exec "$@"';

  before(() => {
    const settings = join(directory, 'settings');
    mkdirSync(settings);
    writeFileSync(join(settings, 'evil.js'), 'console.error("EVIL")\n');
    writeFileSync(join(settings, 'bunfig.toml'), 'preload = ["./evil.js"]\n');
    writeFileSync(join(settings, '.env'), 'LVSADM_DEBUG=netlink\n');
    writeFileSync(join(settings, 'tsconfig.json'), '{ broken');
    // A read of a pipe without a writer never ends.
    execFileSync('mkfifo', [join(settings, 'package.json')]);
  });

  test('files of the working directory are not read', () => {
    assert.deepEqual(within(here, [dropIn, '-Sn']), restored);
    const { status, stderr } = within(here, [lvsadm, 'export']);
    assert.deepEqual([status, stderr], [0, '']);
  });

  test('variables of the runtime run no other code in the executable', {
    skip: distribution === 'node' && "Node's own: see docs/standalone.md",
  }, () => {
    const evil = join(directory, 'settings/evil.js');
    for (const env of [
      { BUN_OPTIONS: `--preload ${evil}` },
      { BUN_BE_BUN: '1' },
      { BUN_INSPECT_PRELOAD: evil },
      { BUN_INSPECT: '127.0.0.1:9' },
      { BUN_JSC_useJIT: '0' },
      { NODE_OPTIONS: `--require ${evil}` },
    ]) {
      assert.deepEqual(within('exec "$@"', [dropIn, '-Sn'], env), restored, JSON.stringify(env));
    }
  });
});

test('few descriptors are enough', () => {
  assert.deepEqual(within('ulimit -n 24 && exec "$@"', [dropIn, '-Sn']), restored);
});
