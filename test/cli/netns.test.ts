/** --netns: where a command line of either grammar runs, and what the option may be. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { main } from '../../src/cli/main.js';
import { isInForeground } from '../../src/system/network/netns.js';
import { everywhere } from '../support/all-netns.js';
import { Captured } from '../support/captured.js';
import { contextWith } from '../support/context.js';
import { ownFiles } from '../support/flock.js';

/** Runs a command line on a machine whose /run/netns has these names. */
async function call(
  t: TestContext,
  words: readonly string[],
  { names = ['blue', 'green'], program = '/sbin/lvsadm' } = {},
) {
  const root = mkdtempSync(join(tmpdir(), 'lvsadm-netns-'));
  t.after(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'run/netns'), { recursive: true });
  for (const name of names) writeFileSync(join(root, 'run/netns', name), '');
  const err = new Captured();
  const ran: unknown[] = [];
  const status = await main(
    words,
    contextWith({
      ...{ program, out: new Captured(), err },
      files: {
        ...ownFiles,
        statSync: (path) => ownFiles.statSync(path.startsWith('/run/netns/') ? join(root, path) : path),
        readdirSync: (path) => ownFiles.readdirSync(join(root, path)),
      },
      runInNetns: async (path, rest) => {
        ran.push([path, ...rest]);
        return 7;
      },
    }),
  );
  return { status, ran, err: err.text };
}

const runs: readonly [words: string, ran: string][] = [
  ['-Ln --netns blue', '/run/netns/blue -Ln'],
  ['--netns blue -Ln', '/run/netns/blue -Ln'],
  ['--netns=green -A -t 192.0.2.1:80 -s rr', '/run/netns/green -A -t 192.0.2.1:80 -s rr'],
  ['--netns blue', '/run/netns/blue'],
  ['--netns blue list --json', '/run/netns/blue list --json'],
  ['list --netns=blue --json', '/run/netns/blue list --json'],
  ['drain 192.0.2.1:80 --netns /proc/self/ns/net', '/proc/self/ns/net drain 192.0.2.1:80'],
  ['list --netns pid:1', '/proc/1/ns/net list'],
];

for (const [words, ran] of runs) {
  test(`${words}: the other words run there, and their exit status is the program's`, async (t) => {
    assert.deepEqual(await call(t, words.split(' ')), { status: 7, ran: [ran.split(' ')], err: '' });
  });
}

test("ipvsadm's other programs take it too", async (t) => {
  for (const program of ['/sbin/ipvsadm', '/sbin/ipvsadm-save', '/sbin/ipvsadm-restore']) {
    const { ran } = await call(t, ['-n', '--netns', 'blue'], { program });
    assert.deepEqual(ran, [['/run/netns/blue', '-n']], program);
  }
});

const refusals: readonly [words: string, status: number, says: string][] = [
  [
    'list --netns bleu',
    2,
    "--netns: 'bleu' is not a name in /run/netns, which has 'blue', 'green' (did you mean 'blue'?)",
  ],
  ['list --netns .', 2, "--netns: '.' is not a name in /run/netns, which has 'blue', 'green'"],
  ['list --netns=', 2, "--netns: '' is not a name in /run/netns, which has 'blue', 'green'"],
  ['-Ln --netns pid:no', 2, "--netns: 'pid:no' is not pid: and the number of a process"],
  ['-Ln --netns pid:4194305', 2, '--netns: there is no process 4194305'],
  ['-Ln --netns /nowhere/net', 2, "--netns: '/nowhere/net' does not exist"],
  ['-Ln --netns', 2, '--netns: a value must follow'],
  ['list --netns blue --netns green', 2, '--netns: given twice'],
  ['schema --netns blue', 2, '--netns: unknown option'],
  ['list --netns blue --jsn', 2, "--jsn: unknown option (did you mean '--json'?)"],
  ['list --netnss blue', 2, '--netnss: unknown option'],
  ['-Ln --netnss blue', 255, "--netnss: unknown option (did you mean '--netns'?)"],
];

for (const [words, status, says] of refusals) {
  test(`${words} is refused in one line, and nothing runs`, async (t) => {
    const found = await call(t, words.split(' '));
    assert.equal(found.err.split('\n')[0], `lvsadm: ${says}`);
    assert.deepEqual([found.status, found.ran], [status, []]);
  });
}

test('a machine without named namespaces says so', async (t) => {
  const { err } = await call(t, ['list', '--netns', 'blue'], { names: [] });
  assert.match(err, /^lvsadm: --netns: 'blue' is not a name in \/run\/netns, which has no namespace\n/);
});

test('--all-netns shows this namespace and the named others below headings, each once', async () => {
  const { status, out } = await everywhere(['list', '--all-netns', '--stats'], (own) => ({
    status: own.includes('/run/netns/green') ? 2 : 0,
    out: `${own.join(' ')}\n`,
  }));
  assert.equal(
    out,
    `--- # this network namespace
list --stats
--- # network namespace blue
list --stats --netns /run/netns/blue
--- # network namespace green
list --stats --netns /run/netns/green
`,
  );
  assert.equal(status, 2);
});

test('--all-netns --json gathers the objects with all digits of their counters; one that is missing is an error', async () => {
  const { status, out } = await everywhere(['list', '--json', '--all-netns'], (own) => {
    if (own.includes('/run/netns/green')) return { status: 137, out: '' };
    return { status: 0, out: '{\n  "services": [],\n  "counter": 18446744073709551615\n}\n' };
  });
  assert.match(out, /"counter": 18446744073709551615\n/);
  const { namespaces } = JSON.parse(out);
  assert.deepEqual(
    namespaces.map(({ netns, services, error }: Record<string, unknown>) => ({ netns, services, error })),
    [
      { netns: null, services: [], error: undefined },
      { netns: 'blue', services: [], error: undefined },
      { netns: 'green', services: undefined, error: { status: 137 } },
    ],
  );
  assert.equal(status, 137);
});

test('--all-netns of a command that does not take it, and wrong words beside it, are refused before anything runs', async () => {
  const never = () => assert.fail('runs');
  assert.match(
    (await everywhere(['drain', '192.0.2.1', '--all-netns'], never)).err,
    /--all-netns: unknown option/,
  );
  assert.match((await everywhere(['list', '--all-netns', '--jsn'], never)).err, /--jsn: unknown option/);
});

test('a process is in the foreground if its group is that of the terminal', () => {
  const stat = (group: number, foreground: number) =>
    `812 (lvsadm (1) x) S 800 ${group} 700 34816 ${foreground} 4194304 0`;
  assert.equal(isInForeground(stat(812, 812)), true);
  assert.equal(isInForeground(stat(812, 700)), false);
  assert.equal(isInForeground(stat(812, -1)), false);
});
