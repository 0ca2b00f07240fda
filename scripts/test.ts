/**
 * node build/scripts/test.js SUITES [OPTION...]: Node's test runner over the compiled tests, with options of its own such as
 * `--test-name-pattern`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { newestNode, nodeProgram, nodeVersions } from '../test/lab/nodes.js';

interface Run {
  /** By the path below test/, such as `model/address.test.js`. */
  readonly includes: (path: string) => boolean;
  readonly options?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Version of Node.js (default: the one that runs this). */
  readonly node?: string;
}

/** One suite of the lab. */
interface LabRun {
  readonly suite: string;
  readonly node: string;
}

const inLab = (path: string): boolean => path.startsWith('lab/');
const inGuest = (path: string): boolean => path === 'lab/lab.test.js';

const bothDistributions = { LAB_DISTRIBUTION: process.env['LAB_DISTRIBUTION'] ?? 'both' };

// The lab's guests leave a processor idle most of the time: the tests of another room run on it.
const everything: Run = { includes: () => true, options: ['--test-concurrency=2'], env: bothDistributions };

const otherKernels: readonly Run[] = ['backports', 'trixie', 'sid', 'trixie-backports'].map((kernel) => ({
  includes: inGuest,
  env: { LAB_KERNEL: kernel, LAB_DISTRIBUTION: 'node' },
}));

const unit: Run = { includes: (path) => !inLab(path) };

const suites: Readonly<Record<string, readonly (Run | LabRun)[]>> = {
  all: [everything],
  unit: [unit],
  nodes: [...nodeVersions.map((node) => ({ ...unit, node })), { suite: 'client', node: newestNode }],
  lab: [{ includes: inLab, env: bothDistributions }],
  standalone: [{ includes: inGuest, env: { LAB_DISTRIBUTION: 'standalone' } }],
  kernels: [everything, ...otherKernels],
};

const directory = join(import.meta.dirname, '../test');
const tests = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.js'))
  .sort();

/**
 * A process for each room instead of each file: to start Node for each of eighty files takes a third of the time of all unit tests.
 * A room is a folder below test/; the lab's files, of which some take minutes, and those of no folder stay by themselves.
 * @returns paths of scripts
 */
function oneFilePerRoom(paths: readonly string[]): string[] {
  const scripts = join(directory, '../rooms');
  rmSync(scripts, { recursive: true, force: true });
  mkdirSync(scripts);
  const rooms = new Map<string, string[]>();
  for (const path of paths) {
    const room = inLab(path) ? path : (path.split('/')[0] as string);
    rooms.set(room, [...(rooms.get(room) ?? []), path]);
  }
  return [...rooms].map(([room, files]) => {
    if (files.length === 1) return join(directory, files[0] as string);
    const script = join(scripts, `${room}.js`);
    writeFileSync(script, files.map((file) => `import '../test/${file}';\n`).join(''));
    return script;
  });
}

/** As Node reports by itself, and the failures once more at the end. */
const reporters = [process.stdout.isTTY ? 'spec' : 'tap', join(import.meta.dirname, 'failures.js')].flatMap(
  (reporter) => [`--test-reporter=${reporter}`, '--test-reporter-destination=stdout'],
);

const [name = '', ...words] = process.argv.slice(2);
const runs = suites[name];
if (runs === undefined) {
  process.stderr.write(`test: no suite '${name}': expected ${Object.keys(suites).join(', ')}\n`);
  process.exit(2);
}

/** Words of Node.js. */
const wordsOf = (run: Run | LabRun): readonly string[] =>
  'suite' in run
    ? [join(directory, 'lab/main.js'), '--suite', run.suite]
    : [
        '--test',
        ...reporters,
        ...(run.options ?? []),
        ...words,
        ...oneFilePerRoom(tests.filter(run.includes)),
      ];

/** Undefined if it cannot be fetched. */
async function programOf({ node }: Run | LabRun): Promise<string | undefined> {
  if (node === undefined) return process.execPath;
  process.stdout.write(`# Node.js ${node}\n`);
  return nodeProgram(node).catch((error: Error) => {
    process.stderr.write(`test: ${error.message}\n`);
    return undefined;
  });
}

for (const run of runs) {
  const program = await programOf(run);
  if (program === undefined) {
    process.exitCode = 1;
    continue;
  }
  const child = spawn(program, wordsOf(run), {
    stdio: 'inherit',
    env: {
      ...process.env,
      // lvsadm begins with `env node`: tests that start it get this one.
      ...(run.node !== undefined && { PATH: [dirname(program), process.env['PATH']].join(delimiter) }),
      ...('env' in run ? run.env : {}),
    },
  });
  // The runner ends its tests, and these the guests that they started.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  await once(child, 'exit');
  // A failure on one kernel or one Node.js does not keep the next from being tried; a signal does.
  if (child.signalCode !== null) {
    process.exitCode = 128 + constants.signals[child.signalCode];
    break;
  }
  process.exitCode ||= child.exitCode ?? 1;
}
