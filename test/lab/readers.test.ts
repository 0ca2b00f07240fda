// What lvsadm writes for other programs to read: completions, asked of each shell, and the manual page.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { namedNetns, tableFile } from '../../src/reference/table.js';
import { type Shell, shells } from '../support/shells.js';
import { LabUnavailable } from './errors.js';
import { ensurePackages, readerNeeds } from './packages.js';

const program = join(import.meta.dirname, '../../bin/lvsadm.js');
const lvsadm = async (...words: string[]): Promise<string> =>
  (await promisify(execFile)(process.execPath, [program, ...words])).stdout;

/** The rules that stand in the table of the lvsadm which completions ask. */
const table = `-A -t 192.0.2.1:80 -s wrr
-a -t 192.0.2.1:80 -r 198.51.100.7:8080 -m -w 1
-A -t [2001:db8::1]:443 -s wlc
-a -t [2001:db8::1]:443 -r [2001:db8:7::7]:443 -g -w 1
-A -u 192.0.2.1:53 -s rr
-A -f 7 -6 -s rr
-a -f 7 -6 -r [2001:db8:7::8]:0 -g -w 1
`;

/** What is typed, and what the last word may become. */
const typed: readonly (readonly [line: string, becomes: readonly string[]])[] = [
  ['lvsadm dr', ['drain']],
  ['lvsadm --add-s', ['--add-server', '--add-service']],
  [
    'lvsadm drain --',
    [
      '--all-services',
      '--delete',
      '--force',
      '--help',
      '--hold',
      '--json',
      '--netns',
      '--on-interrupt',
      '--reason',
      '--run-dir',
      '--state-dir',
      '--timeout',
      '--until',
    ],
  ],
  ['lvsadm -A -s w', ['wlc', 'wrr']],
  ['lvsadm -A -t 192.0.2.1:80 -s s', ['sed', 'sh']],
  ['lvsadm -A --scheduler=w', ['--scheduler=wlc', '--scheduler=wrr']],
  ['lvsadm -A --sched-flags sh-port,m', ['sh-port,mh-fallback', 'sh-port,mh-port']],
  ['lvsadm -a -t 192.0.2.1:80 -r 192.0.2.9 -i --tun-type g', ['gre', 'gue']],
  ['lvsadm doctor --method ', ['dr', 'nat', 'tun']],
  ['lvsadm real-server ', ['down', 'status', 'up']],
  ['lvsadm help undr', ['undrain']],
  ['lvsadm hel', ['help']],
  ['lvsadm completion ', ['bash', 'fish', 'zsh']],
  // The names of ipvsadm's programs.
  ['ipvsadm --sta', ['--start-daemon']],
  ['ipvsadm --start-daemon ', ['backup', 'master']],
  ['ipvsadm -Ln --st', ['--stats']],
  ['ipvsadm -A --st', []],
  ['ipvsadm-save -', ['--netns', '--numeric', '-n']],
  ['ipvsadm-restore -', ['--flush']],
  // What stands in the table.
  ['lvsadm -D -t ', ['192.0.2.1:80', '[2001:db8::1]:443']],
  ['lvsadm -D -t 192.0.2.1:', ['192.0.2.1:80']],
  ['lvsadm -D --udp-service ', ['192.0.2.1:53']],
  ['ipvsadm -dt 192.0.2.1:80 -r ', ['198.51.100.7:8080']],
  ['lvsadm -d -f 7 -r ', ['[2001:db8:7::8]:0']],
  ['lvsadm drain ', ['fwmark://7', 'tcp://192.0.2.1:80', 'tcp://[2001:db8::1]:443', 'udp://192.0.2.1:53']],
  ['lvsadm drain tcp://1', ['tcp://192.0.2.1:80']],
  ['lvsadm drain --timeout 5 tcp://192.0.2.1:80 ', ['198.51.100.7:8080']],
  // Named network namespaces.
  ['lvsadm list --netns ', ['blue', 'green']],
  ['lvsadm -Ln --netns=b', ['--netns=blue']],
  ['ipvsadm-save --netns gr', ['green']],
  // Nothing is known here, and nothing is made up.
  ['lvsadm -A -t 192.0.2.1:80 -M ', []],
];

let directory: string;
let missing: string | false = false;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lvsadm-readers-'));
  await ensurePackages(readerNeeds).catch((error) => {
    if (!(error instanceof LabUnavailable)) throw error;
    missing = error.message;
  });
  const path = join(directory, 'lvsadm');
  await writeFile(path, `#!/bin/sh\n[ "$*" = -Sn ] && cat <<'end'\n${table}end\n`);
  await chmod(path, 0o755);
  for (const name of ['ipvsadm', 'ipvsadm-save', 'ipvsadm-restore'])
    await symlink('lvsadm', join(directory, name));
  await mkdir(join(directory, 'netns'));
  for (const name of ['blue', 'green']) await writeFile(join(directory, 'netns', name), '');
});

after(() => rm(directory, { recursive: true }));

const check = (shell: string, script: string): Buffer => execFileSync(shell, ['-n', script]);

/** @param present a file that is there wherever IPVS is taken to be in the kernel */
async function scriptFor(shell: string, present: string): Promise<string> {
  const path = join(directory, `lvsadm.${shell}`);
  const text = (await lvsadm('completion', shell)).replaceAll(tableFile, present);
  await writeFile(path, text.replaceAll(namedNetns, join(directory, 'netns')));
  return path;
}

for (const [name, shell] of Object.entries(shells) as [string, Shell][]) {
  describe(name, () => {
    test('understands the script', async (context) => {
      if (missing) return context.skip(missing);
      assert.equal(String(check(name, await scriptFor(name, tableFile))), '');
    });

    test('offers what can follow', async (context) => {
      if (missing) return context.skip(missing);
      const script = await scriptFor(name, directory);
      const offered = typed.map(([line]) => [line, shell({ script, line, path: directory })]);
      assert.deepEqual(offered, typed);
    });

    test('does not ask where the kernel has no IPVS, which asking would load', async (context) => {
      if (missing) return context.skip(missing);
      const script = await scriptFor(name, join(directory, 'not-there'));
      assert.deepEqual(shell({ script, line: 'lvsadm drain ', path: directory }), []);
    });
  });
}

describe('the manual page', () => {
  test('has nothing that mandoc would mend', async (context) => {
    if (missing) return context.skip(missing);
    const page = join(directory, 'lvsadm.8');
    await writeFile(page, await lvsadm('man'));
    const complaints = await promisify(execFile)('mandoc', ['-T', 'lint', page]).then(
      () => '',
      ({ stdout }) => String(stdout),
    );
    assert.equal(complaints, '');
  });

  for (const MANWIDTH of ['60', '80']) {
    test(`is formatted by man without a warning at ${MANWIDTH} columns`, async (context) => {
      if (missing) return context.skip(missing);
      const page = join(directory, 'lvsadm.8');
      await writeFile(page, await lvsadm('man'));
      const { stdout, stderr } = await promisify(execFile)('man', ['-l', '--warnings', page], {
        env: { ...process.env, MANWIDTH, LC_ALL: 'C.UTF-8' },
      });
      assert.equal(stderr, '');
      assert.match(stdout, /^NAME$/m);
    });
  }

  test('describes every option and subcommand', async (context) => {
    if (missing) return context.skip(missing);
    const page = join(directory, 'lvsadm.8');
    await writeFile(page, await lvsadm('man'));
    const text = execFileSync('mandoc', ['-T', 'ascii', page], { encoding: 'utf8' }).replaceAll(/.[\b]/g, '');
    const help = `${await lvsadm('help', 'ipvsadm')}${await lvsadm('help')}`;
    const words = [...help.matchAll(/^ {2}(?:-\S+ )*(--[a-z0-9-]+|[a-z][a-z-]+)/gm)].map(
      ([, word = '']) => word,
    );
    assert.ok(words.length > 50, `${words.length} words`);
    assert.deepEqual(
      words.filter((word) => !text.includes(word)),
      [],
    );
  });
});
