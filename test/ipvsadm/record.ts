/**
 * Records what the real ipvsadm does with every case: exit status, both outputs, and the state afterwards. Needs IPVS in
 * the kernel, root, and ipvsadm 1.31: `npm run lab -- node build/test/ipvsadm/record.js DIRECTORY [GROUP...]`.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Case, groups, splitLine } from './cases.js';

export interface Observation {
  readonly given?: readonly string[];
  readonly run: readonly string[];
  readonly stdin?: string;
  readonly connections?: string;
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Output of the command lines that show the state; only where the command succeeded. */
  readonly after?: Readonly<Record<string, string>>;
}

const reset = ['-C', '--stop-daemon master', '--stop-daemon backup', '--set 900 120 300'];

function ipvsadm(words: readonly string[], stdin = '') {
  const { status, stdout, stderr } = spawnSync('/sbin/ipvsadm', words, { input: stdin, encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** Resets only what the last case can have changed. */
function prepare(given: readonly string[], last: Case | undefined): void {
  const touched = last === undefined ? '' : [...last.given, last.run.join(' ')].join(' ');
  for (const text of reset) {
    const needed =
      text === '-C' ||
      last === undefined ||
      touched.includes(text.split(' ')[0] as string) ||
      (text.startsWith('--stop') && touched.includes('-daemon'));
    if (needed) ipvsadm(splitLine(text));
  }
  for (const text of given) {
    const done = ipvsadm(splitLine(text));
    if (done.status !== 0) throw new Error(`cannot prepare: ipvsadm ${text}: ${done.stderr}`);
  }
}

/** Runs ipvsadm where /proc holds nothing but this. */
function ipvsadmWith(connections: string, words: readonly string[]) {
  const script =
    'mount -t tmpfs none /proc && mkdir /proc/net && cat > /proc/net/ip_vs_conn && exec /sbin/ipvsadm "$@"';
  const command = ['-m', 'sh', '-c', script, 'sh', ...words];
  const { status, stdout, stderr } = spawnSync('unshare', command, { input: connections, encoding: 'utf8' });
  return { status, stdout, stderr };
}

function observe({ given, run, stdin, connections, after }: Case, last: Case | undefined): Observation {
  prepare(given, last);
  const all = connections === undefined ? ipvsadm(run, stdin) : ipvsadmWith(connections, run);
  // The prose of its help is ipvsadm's own.
  const seen = all.stdout.includes('Usage:') ? { ...all, stdout: `${all.stdout.split('\n', 1)}\n` } : all;
  const states = seen.status === 0 ? after.map((text) => [text, ipvsadm(splitLine(text)).stdout]) : [];
  return {
    ...(given.length > 0 && { given }),
    run,
    ...(stdin !== undefined && { stdin }),
    ...(connections !== undefined && { connections }),
    ...seen,
    ...(states.length > 0 && { after: Object.fromEntries(states) }),
  };
}

const [directory, ...wanted] = process.argv.slice(2);
if (directory === undefined) throw new Error('usage: record DIRECTORY [GROUP...]');
for (const [name, cases] of Object.entries(groups)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const observations = cases.map((one, at) => observe(one, cases[at - 1]));
  const lines = observations.map((observation) => JSON.stringify(observation));
  writeFileSync(join(directory, `${name}.json`), `[\n${lines.join(',\n')}\n]\n`);
  process.stderr.write(`${name}: ${observations.length} command lines\n`);
}
