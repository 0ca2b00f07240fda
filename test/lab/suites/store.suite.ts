/** State that survives and is shared, on a real kernel: many processes at once, directories that cannot be written, namespaces. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { quickLvsadm as lvsadm } from '../distribution.js';

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

const EIGHT = [1, 2, 3, 4, 5, 6, 7, 8] as const;
const service = 'tcp://192.0.2.10:80';
const server = (number: number) => `198.51.100.${number}:80`;

let directory: string;

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'lvsadm-store-'));
});
after(() => rmSync(directory, { recursive: true }));
beforeEach(() => {
  shell(`umount /run 2>/dev/null; mount -t tmpfs -o mode=755 tmpfs /run; ${lvsadm} -C`);
  shell(`printf '%s\\n' '${rules(5)}' | ${lvsadm} -R`);
});

const rules = (weight: number): string =>
  [
    '-A -t 192.0.2.10:80 -s wlc',
    ...EIGHT.map((number) => `-a -t 192.0.2.10:80 -r ${server(number)} -m -w ${weight + number}`),
  ].join("' '");

/** Runs shell commands; a failure fails the test. */
function shell(script: string): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
  assert.equal(status, 0, `${script}: ${stderr}`);
  return stdout;
}

/** A command line of lvsadm, with words in front of it that change its surroundings. */
const run = (words: readonly string[], within: readonly string[] = [], env = {}): Promise<Ran> =>
  new Promise((resolve) => {
    const [program = '', ...args] = [...within, lvsadm, ...words];
    execFile(program, args, { env: { ...process.env, ...env } }, (error, out, err) =>
      resolve({ status: error === null ? 0 : Number(error.code ?? -1), out, err }),
    );
  });

const table = () => shell(`${lvsadm} -Sn`);

const drainWords = (number: number) => ['drain', service, server(number)];

/** One line that says what cannot be written and what to do, and nothing of a fault. */
function assertRefused({ status, out, err }: Ran, reason: RegExp): void {
  assert.deepEqual([status, out], [255, ''], err);
  assert.match(err, /^lvsadm: cannot [^\n]*--run-dir or LVSADM_RUN\n$/);
  assert.match(err, reason);
}

describe('eight processes at once', () => {
  test('drain remembers eight weights, and undrain restores them', async () => {
    const start = table();
    const drained = await Promise.all(EIGHT.map((number) => run(drainWords(number))));
    assert.deepEqual(
      drained.map(({ status }) => status),
      EIGHT.map(() => 0),
      JSON.stringify(drained),
    );
    assert.equal(table().match(/-w 0\b/g)?.length, 8);
    await Promise.all(EIGHT.map((number) => run(['undrain', service, server(number)])));
    assert.equal(table(), start);
  });

  test('real-server up loses no entry of the journal, and one down undoes all', async () => {
    const network = () =>
      shell('ip -o address show lo; sysctl net.ipv4.conf.all.arp_ignore net.ipv4.conf.all.arp_announce');
    const start = network();
    const ups = await Promise.all(
      EIGHT.map((number) => run(['real-server', 'up', '--method', 'dr', '--vip', `192.0.2.${number}`])),
    );
    assert.deepEqual(
      ups.map(({ status }) => status),
      EIGHT.map(() => 0),
      JSON.stringify(ups),
    );
    const { status, err } = await run(['real-server', 'down']);
    assert.equal(status, 0, err);
    assert.equal(network(), start);
  });

  test('apply takes turns, and ends in one of the documents', async () => {
    const file = (number: number) => join(directory, `${number}.yaml`);
    for (const number of EIGHT) {
      writeFileSync(
        file(number),
        `services: [{service: "${service}", servers: [{server: 198.51.100.1, weight: ${number}}]}]\n`,
      );
    }
    const applied = await Promise.all(
      EIGHT.map((number) => run(['apply', '-f', file(number), '--wait', '2m'])),
    );
    assert.deepEqual(
      applied.map(({ status }) => status),
      EIGHT.map(() => 0),
      JSON.stringify(applied),
    );
    assert.match(table(), /198\.51\.100\.1:80 .*-w [1-8]\n$/m);
  });
});

describe('a directory that cannot be written', () => {
  const cases = [
    ['a read-only /run', 'mount -o remount,ro /run', /\/run\/lvsadm: read-only file system/],
    [
      'a full /run',
      'mount -o remount,nr_inodes=1 /run 2>/dev/null || (i=0; while touch /run/$i 2>/dev/null; do i=$((i+1)); done); true',
      /no space left on device/,
    ],
    [
      'a foreign owner',
      'mkdir -m 755 /run/lvsadm && chown 1000 /run/lvsadm',
      /\/run\/lvsadm belongs to user 1000/,
    ],
    ['a symbolic link', 'mkdir /run/a && ln -s a /run/lvsadm', /\/run\/lvsadm is not a directory/],
    [
      'writable by all',
      'mkdir -m 777 /run/lvsadm && chmod 777 /run/lvsadm',
      /\/run\/lvsadm can be written to by other users/,
    ],
  ] as const;
  for (const [title, prepare, reason] of cases) {
    test(title, async (context) => {
      if (title === 'a full /run') shell('umount /run; mount -t tmpfs -o mode=755,nr_inodes=20 tmpfs /run');
      shell(prepare);
      const start = table();
      assertRefused(await run(drainWords(1)), reason);
      assert.equal(table(), start, 'nothing has changed');
      assert.equal((await run(['real-server', 'up', '--method', 'dr', '--vip', '192.0.2.1'])).status, 255);
      assert.equal((await run(['list'])).status, 0);
      assert.equal((await run(['weight', service, server(2), '9'])).status, 0);
      const named = await run([...drainWords(1), '--run-dir', join(directory, 'state')]);
      assert.equal(named.status, 0, named.err);
      const user = await run(drainWords(3), [], { XDG_RUNTIME_DIR: directory });
      assert.equal(user.status, 0, user.err);
      context.diagnostic(title);
    });
  }

  test('a missing /run', async () => {
    const within = [
      'unshare',
      '--mount',
      'sh',
      '-c',
      'umount /run; mount -t tmpfs -o ro tmpfs /run; exec "$@"',
      'sh',
    ];
    assertRefused(await run(drainWords(1), within), /\/run\/lvsadm: read-only file system/);
    assert.match(table(), /198\.51\.100\.1:80 .*-w 6\n/);
  });

  test('a process with CAP_NET_ADMIN alone', async () => {
    const caps = '+net_admin';
    const within = ['setpriv', '--reuid', '1000', '--regid', '1000', '--clear-groups'];
    const alone = [...within, '--inh-caps', caps, '--ambient-caps', caps, '--bounding-set', `-all,${caps}`];
    assertRefused(await run(drainWords(1), alone), /\/run\/lvsadm: permission denied/);
    assert.equal((await run(['weight', service, server(2), '9'], alone)).status, 0);
    const own = join(directory, 'user');
    shell(`mkdir -p ${own} && chown 1000 ${own} && chmod 755 ${directory}`);
    const drained = await run(drainWords(1), alone, { XDG_RUNTIME_DIR: own });
    assert.deepEqual([drained.status, drained.err], [0, '']);
    assert.equal((await run(['undrain', service, server(1)], alone, { XDG_RUNTIME_DIR: own })).status, 0);
  });
});

test('a new namespace with the inode of a dead one has none of its state', () => {
  const script = [
    `first() { echo inode $(readlink /proc/self/ns/net); ip link set lo up; ${lvsadm} real-server up --method dr --vip 192.0.2.1 >&2; }`,
    `next() { echo inode $(readlink /proc/self/ns/net); ip link set lo up; ip address add 192.0.2.1/32 dev lo`,
    'sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2',
    `${lvsadm} real-server down; ip -o address show lo; sysctl net.ipv4.conf.all.arp_ignore; ls /run/lvsadm; }`,
    '"$1"',
  ].join('\n');
  const within = (part: string) => {
    const { stdout, stderr } = spawnSync('unshare', ['--net', 'sh', '-c', script, 'sh', part], {
      encoding: 'utf8',
    });
    const [inode = ''] = /\d+/.exec(stdout) ?? [];
    return { inode, stdout, stderr };
  };
  const inodes = new Set<string>();
  for (let attempt = 0; attempt < 30; attempt++) {
    inodes.add(within('first').inode);
    const { inode, stdout, stderr } = within('next');
    assert.match(stdout, /192\.0\.2\.1\/32/, stderr);
    assert.match(stdout, /arp_ignore = 1/);
    if (inodes.has(inode)) return;
  }
  assert.fail('the kernel gave out no inode twice');
});
