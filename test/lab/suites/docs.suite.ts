/** README and docs/, verbatim: the commands that a section shows run in their order, on machines of its own. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Block, blocksIn } from '../../support/pages.js';
import { distribution, quickLvsadm } from '../distribution.js';
import { checkout } from '../paths.js';

/** Blocks that are not run, by their page and first line. */
const notRun: readonly (readonly [page: string, firstLine: string, reason: string])[] = [
  ['README.md', 'npm run demo', 'the demo, and the tests that this is one of'],
  ['README.md', 'npm ci', 'installs on the machine: test/scripts/ does so below a directory of its own'],
  ['README.md', 'lvsadm run', 'runs until it is stopped: test/commands/run.test.ts'],
  ['docs/standalone.md', 'npm run build:standalone', 'the same'],
  ['docs/packages.md', 'apt install', 'installs on the machine'],
  ['docs/packages.md', 'podman load', 'the lab has no containers'],
  ['docs/upgrading.md', 'systemctl mask', 'the lab has no systemd'],
  ['docs/upgrading.md', "printf '#!/bin/sh", 'installs on the machine'],
  [
    'docs/adopt.md',
    'lvsadm adopt --dry-run',
    'the boot set-up of another distribution: test/commands/adopt.test.ts',
  ],
  ['docs/reliability.md', 'npm run -s test:robust', 'ten minutes of tests'],
  ['docs/performance.md', 'npm run bench:native', 'benchmarks, which take an hour'],
  ['docs/provisioning.md', 'lvsadm schema', 'check-jsonschema is a program that the lab does not have'],
  ['docs/architecture.md', "{ do: 'addDestination',", 'a value, with dots for its rest'],
];

/** Exit statuses of command lines that do not simply succeed, by how these begin. */
const statuses: readonly (readonly [start: string, statuses: readonly number[]])[] = [
  ['lvsadm --schedler', [255]],
  // Findings are no failure.
  ['lvsadm doctor', [0, 1, 2]],
];

/** Command lines that go on until they are stopped, by how these begin: Ctrl-C, as soon as they have written something. */
const endless: readonly string[] = ['lvsadm top'];

/** What the machine of a page has before its commands run, beside an interface eth0. */
const surroundings: Readonly<Record<string, string>> = {
  'docs/doctor.md': `
    lvsadm director up --vip 192.0.2.10 --interface eth0
    lvsadm -A -t 192.0.2.10:80 -s wrr
    lvsadm -a -t 192.0.2.10:80 -r 10.1.0.7:80 -m`,
  'docs/import.md': `
    cat >keepalived.conf <<'END'
    virtual_server 192.0.2.10 80 {
      protocol TCP
      real_server 198.51.100.1 80 { weight 10 }
    }
END`,
  'docs/upgrading.md': `
    lvsadm -A -t 192.0.2.10:80 -s wrr
    rm -rf /etc/lvsadm.d
    mkdir /etc/lvsadm.d`,
  'docs/provisioning.md': `
    lvsadm -A -t 192.0.2.10:80 -s wrr
    lvsadm -a -t 192.0.2.10:80 -r 198.51.100.7:80 -m -w 5
    mkdir -p /etc/lvsadm.d
    lvsadm export | tee director.yaml >/etc/lvsadm.d/web.yaml
    lvsadm -Sn >/etc/ipvsadm.rules`,
};

const addresses: Readonly<Record<string, string>> = { director: '10.1.0.1/24', server: '10.1.0.7/24' };

/** Milliseconds for a command line, on an emulated processor under load. */
const PATIENCE = 120_000;

let directory: string;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'lvsadm-docs-'));
  mkdirSync(join(directory, 'bin'));
  symlinkSync(quickLvsadm, join(directory, 'bin/lvsadm'));
  // Changes of files are this suite's own, also where it runs on the machine itself.
  await sh('mount -t tmpfs -o mode=755 tmpfs /run && mkdir -p /run/etc/upper /run/etc/work');
  await sh('mount -t overlay -o lowerdir=/etc,upperdir=/run/etc/upper,workdir=/run/etc/work overlay /etc');
  // The other network namespace of docs/observe.md. A command on a machine could not add it for the next one.
  await sh('ip netns add blue');
});
after(() => rmSync(directory, { recursive: true }));

/** Runs a command line of a shell, which has to succeed. */
async function sh(script: string, where: readonly string[] = [], cwd = directory): Promise<void> {
  const { status, stderr } = await run(script, where, cwd);
  assert.equal(status, 0, `${script}: ${stderr}`);
}

interface Ran {
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Without ~/.bashrc, which bash reads where its standard input is a socket, as it is here.
 * @param where command that runs another one on a machine
 */
function run(script: string, where: readonly string[], cwd: string): Promise<Ran> {
  const [program = '', ...args] = [...where, 'bash', '--norc', '-ec', script];
  const env = { ...process.env, PATH: `${join(directory, 'bin')}:${process.env['PATH']}` };
  return new Promise((resolve) => {
    const child = execFile(program, args, { cwd, env, timeout: PATIENCE }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : (error.code ?? error.signal ?? 'failed'), stdout, stderr }),
    );
    child.stdin?.end();
    // bash becomes the last command of a line: the signal is the program's.
    if (endless.some((start) => script.startsWith(start)))
      child.stdout?.once('data', () => child.kill('SIGINT'));
  });
}

/** A network namespace of its own with an interface eth0. @returns how to run a command there */
async function machine(name: string, namespace: string): Promise<readonly string[]> {
  await sh(`ip netns add ${namespace}`);
  const where = ['ip', 'netns', 'exec', namespace];
  const links = ['lo up', 'peer0 up', 'eth0 up'].map((link) => `ip link set ${link}`).join(' && ');
  await sh(
    `ip link add eth0 type veth peer name peer0 && ip address add ${addresses[name]} dev eth0 && ${links}`,
    where,
  );
  return where;
}

const isRun = ({ page, lines: [line = ''] }: Block): boolean =>
  !notRun.some(([of, firstLine]) => of === page && line.trim().startsWith(firstLine));

const blocks = blocksIn('sh', 'console', 'ts');

test('every reason not to run a block is about one that is there', () => {
  for (const [page, firstLine] of notRun)
    assert.ok(
      blocks.some((block) => block.page === page && block.lines[0]?.trim().startsWith(firstLine)),
      firstLine,
    );
});

/** Blocks by page and section. */
const sections = new Map<string, Block[]>();
for (const block of blocks.filter(isRun)) {
  const title = `${block.page}: ${block.section}`;
  sections.set(title, [...(sections.get(title) ?? []), block]);
}

let machines = 0;

for (const [title, shown] of sections) {
  describe(title, () => {
    const places = new Map<string, readonly string[]>();
    const namespaces: string[] = [];
    let cwd: string;
    before(async () => {
      cwd = mkdtempSync(join(directory, 'work-'));
      for (const name of new Set(shown.map((block) => block.machine))) {
        const namespace = `docs${machines++}`;
        namespaces.push(namespace);
        places.set(name, await machine(name, namespace));
        await sh(surroundings[shown[0]?.page ?? ''] ?? '', places.get(name), cwd);
      }
    });
    // `--all-netns` starts lvsadm once for each of them.
    after(() => sh(namespaces.map((namespace) => `ip netns delete ${namespace}`).join(' && ')));

    for (const { language, machine: name, lines } of shown) {
      const where = (): readonly string[] => places.get(name) ?? [];
      if (language === 'sh') {
        for (const line of lines.filter((each) => /^[^#\s]/.test(each)))
          test(line, () => assertRuns(line, where(), cwd));
      } else if (language === 'console') {
        test('the commands write what is shown', () => assertShown(lines, where(), cwd));
      } else {
        // The library is the npm package's.
        test('the program', { skip: distribution !== 'node' }, () => assertProgram(lines, where()));
      }
    }
  });
}

async function assertRuns(line: string, where: readonly string[], cwd: string): Promise<void> {
  const { status, stderr } = await run(line, where, cwd);
  const [, expected = [0]] = statuses.find(([start]) => line.startsWith(start)) ?? [];
  assert.ok(expected.includes(Number(status)), `status ${status}: ${stderr}`);
  assert.doesNotMatch(stderr, /fault in lvsadm/);
}

/** Prompts end in `# `. Counts of connections and the size of the hash table depend on the machine. */
async function assertShown(lines: readonly string[], where: readonly string[], cwd: string): Promise<void> {
  const commands = lines.flatMap((line) => /^\w+# (.*)$/.exec(line)?.[1] ?? []);
  const shown = lines.filter((line) => !/^\w+# /.test(line)).map((line) => `${line}\n`);
  const { status, stdout, stderr } = await run(commands.join(' && '), where, cwd);
  assert.equal(status, 0, stderr);
  const comparable = (text: string): string =>
    text.replaceAll(/size=\d+/g, 'size=N').replaceAll(/\d+ +\d+ *$/gm, 'N N');
  assert.equal(comparable(stdout), comparable(shown.join('')));
}

/** Beside node_modules with the package in it. */
async function assertProgram(lines: readonly string[], where: readonly string[]): Promise<void> {
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(checkout, join(directory, 'node_modules/lvsadm'));
  writeFileSync(join(directory, 'program.mjs'), lines.join('\n'));
  const { status, stderr } = await run('node program.mjs', where, directory);
  assert.equal(status, 0, stderr);
}
