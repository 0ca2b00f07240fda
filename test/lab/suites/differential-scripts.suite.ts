/**
 * Scripts as distributions bring them, unchanged, once with ipvsadm and once with lvsadm under its names: they print the same, end
 * with the same status, and leave the same files and the same state in the kernel.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ipvsadmPrograms } from '../../../src/context.js';
import { Kernel } from '../differential/kernel.js';
import { phrasesIn } from '../differential/phrases.js';
import type { State } from '../differential/trial.js';
import { quickLvsadm as lvsadm } from '../distribution.js';

let directory: string;
let kernel: Kernel;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'scripts-'));
  execFileSync(lvsadm, ['link', '--to', directory]);
  for (const name of ipvsadmPrograms) {
    const wrapper = `#!/bin/sh\nexec ${join(directory, name)} "$@"\n`;
    writeFileSync(join(directory, `${name}.sh`), wrapper, { mode: 0o755 });
  }
  kernel = await Kernel.open();
});

after(async () => {
  kernel.close();
  rmSync(directory, { recursive: true });
});

interface Script {
  /** Lines for the shell. */
  readonly lines: readonly string[];
  /** Contents of files that it finds, by path; the files exist on this machine. */
  readonly files?: Readonly<Record<string, string>>;
}

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  /** What ipvsadm says of refusals; lvsadm adds objects and lines. */
  readonly phrases: readonly string[];
  readonly files: readonly string[];
  readonly state: State;
}

/** A script in mounts of its own, where the files and the programs are others than the machine's. */
async function play(
  { lines, files = {} }: Script,
  binds: Readonly<Record<string, string>>,
): Promise<Outcome> {
  await kernel.reset(undefined);
  const copies = Object.entries(files).map(([path, content], index) => {
    const copy = join(directory, `file${index}`);
    writeFileSync(copy, content);
    return [path, copy] as const;
  });
  const mounts = [...Object.entries(binds), ...copies].map(([at, from]) => `mount --bind ${from} ${at}`);
  const script = [...mounts, ...lines].join('\n');
  const { status, stdout, stderr } = spawnSync('unshare', ['--mount', 'bash', '-ec', script], {
    cwd: directory,
    encoding: 'utf8',
  });
  kernel.daemonStarted();
  const outcome = {
    ...{ status, stdout, phrases: phrasesIn(stderr) },
    files: copies.map(([, copy]) => readFileSync(copy, 'utf8')),
    state: inOrder(await kernel.state()),
  };
  await kernel.reset(outcome.state);
  return outcome;
}

/** Servers in one order: lvsadm restores a table by its differences. */
const inOrder = (state: State): State => ({
  ...state,
  services: state.services.map(({ service, destinations }) => ({
    service,
    destinations: destinations.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
  })),
});

async function alike(script: Script): Promise<Outcome> {
  const real = await play(script, {});
  const binds = ipvsadmPrograms.map((name) => [`/usr/sbin/${name}`, join(directory, `${name}.sh`)]);
  assert.deepEqual(await play(script, Object.fromEntries(binds)), real);
  return real;
}

const rules = `# ipvsadm.rules
-A -t 192.0.2.1:80 -s wrr -p 600
-a -t 192.0.2.1:80 -r 198.51.100.7:8080 -m -w 3
-a -t 192.0.2.1:80 -r 198.51.100.8:80 -g -w 0
# the second one
-A -u 192.0.2.1:53 -s sh -b sh-port -o
-A -f 7 -6 -s rr
`;

/** A daemon's thread has to run before it can be stopped: DAEMON_START in ../differential/kernel.ts. */
const wait = 'sleep 0.3';

const initScript = '/etc/init.d/ipvsadm';

describe("Debian's init script", { skip: !existsSync(initScript) && `no ${initScript}` }, () => {
  const settings = (daemon: string) => `AUTO="true"\nDAEMON="${daemon}"\nIFACE="lo"\nSYNCID="7"\n`;
  const files = (daemon: string, content = rules) => ({
    '/etc/default/ipvsadm': settings(daemon),
    '/etc/ipvsadm.rules': content,
  });
  const calls = (...words: string[]) => words.map((word) => (word === wait ? word : `${initScript} ${word}`));

  test('starts table and daemons', async () => {
    const { status, state } = await alike({ lines: calls('start'), files: files('both') });
    assert.deepEqual([status, state.services.length, state.daemons.length], [0, 3, 2]);
  });

  test('reloads, saves, restarts and stops', async () => {
    const lines = calls('start', 'reload', 'save', wait, 'restart', wait, 'stop');
    const { status, state } = await alike({ lines, files: files('master') });
    assert.deepEqual([status, state.services.length, state.daemons.length], [0, 0, 0]);
  });

  test('ends alike where a rule is refused', async () => {
    const lines = [`${initScript} reload || echo "status $?"`];
    await alike({ lines, files: files('none', `${rules}-A -f 7 -6 -s rr\n`) });
    await alike({ lines, files: files('none', `-A -f 7 -s nosuch\n${rules}`) });
  });
});

describe("the commands of Fedora's unit", () => {
  const start = 'exec /sbin/ipvsadm-restore < saved';
  const stop = ['exec /sbin/ipvsadm-save -n > saved', 'exec /sbin/ipvsadm -C'];

  test('restore at the start, save and clear at the stop', async () => {
    const lines = [
      ...[`grep -v '^#' <<'EOF' > saved`, rules.trimEnd(), 'EOF'],
      ...[`bash -c '${start}'`, 'cat saved', 'ipvsadm -Sn'],
      ...stop.map((command) => `bash -c '${command}'`),
      ...['cat saved', `bash -c '${start}'`],
    ];
    const { status, state } = await alike({ lines });
    assert.deepEqual([status, state.services.length], [0, 3]);
  });
});

test('a feeder of -R as PyBal is one', async () => {
  const feed = (...lines: string[]) => ["/sbin/ipvsadm -R <<'EOF'", ...lines, 'EOF'];
  const service = '-t 192.0.2.1:80';
  const { status, state } = await alike({
    lines: [
      ...feed(
        '-C',
        `-A ${service} -s wrr`,
        `-a ${service} -r 198.51.100.7 -w 10`,
        `-a ${service} -r 198.51.100.8 -w 10`,
      ),
      ...feed(`-e ${service} -r 198.51.100.7 -w 1`),
      ...feed(`-d ${service} -r 198.51.100.8`),
      'ipvsadm -Ln',
      ...feed(`-D ${service}`, '-A -u 192.0.2.1:53 -s rr -o', '-a -u 192.0.2.1:53 -r 198.51.100.7 -w 1'),
    ],
  });
  assert.deepEqual([status, state.services.length], [0, 1]);
});

/**
 * Debian's ldirectord is not among the packages that the lab installs: it needs two dozen modules of Perl, most of them for checks
 * that nothing here uses. DIFFERENTIAL_LDIRECTORD names it elsewhere.
 */
const ldirectord = process.env['DIFFERENTIAL_LDIRECTORD'] ?? '/usr/sbin/ldirectord';

const watched = `checkinterval=1
quiescent=yes
virtual=192.0.2.1:80
\treal=198.51.100.7:8080 masq 3
\treal=198.51.100.8:80 gate
\tscheduler=wrr
\tpersistent=600
\tprotocol=tcp
\tchecktype=external
\tcheckcommand=./check
virtual=192.0.2.1:53
\treal=198.51.100.7:53 ipip
\tprotocol=udp
\tscheduler=rr
\tops=yes
\tchecktype=off
virtual=7
\treal=198.51.100.9 gate
\tscheduler=sh
\tprotocol=fwm
\tchecktype=on
`;

/** Servers whose address is in the file \`down\` fail. */
const check = '#!/bin/sh\n! grep -q "$3" down\n';

test('ldirectord starts, a server fails and comes back, and it stops', {
  skip: !existsSync(ldirectord) && `no ${ldirectord}`,
}, async () => {
  writeFileSync(join(directory, 'ldirectord.cf'), watched.replace('./check', join(directory, 'check')));
  writeFileSync(join(directory, 'check'), check.replace('down', join(directory, 'down')), { mode: 0o755 });
  const until = (pattern: string, count: number) =>
    `for i in $(seq 300); do [ "$(ipvsadm -Sn | grep -c -e '${pattern}')" = ${count} ] && break; sleep 0.2; done; ipvsadm -Sn`;
  const { status, stdout, state } = await alike({
    lines: [
      ': > down',
      `${ldirectord} -d $PWD/ldirectord.cf start > log 2>&1 & daemon=$!`,
      ...[until(' -w [13]$', 4), 'echo 198.51.100.7 > down', until(' -w 0$', 1)],
      ...[': > down', until(' -w [13]$', 4), 'kill $daemon', 'wait $daemon || true', 'ipvsadm -Sn'],
    ],
  });
  assert.deepEqual([status, state.services.length], [0, 0]);
  assert.match(stdout, /-r 198\.51\.100\.7:8080 -m -w 0\n/);
});
