// A command on the machine itself, where its own kernel has IPVS: in fresh namespaces, without a guest.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { constants, release } from 'node:os';
import { pipeline } from 'node:stream/promises';
import type { LabCommand } from './command.js';
import { labEnvironment } from './environment.js';
import { LabFailure, LabUnavailable } from './errors.js';
import { isolated } from './isolation.js';
import { ensurePackages, suiteNeeds } from './packages.js';
import { checkout } from './paths.js';
import { output } from './process.js';

/** Whether the caller may use IPVS here: as root, on a kernel that has it or can load it. */
export async function hasIpvs(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  return existsSync('/proc/net/ip_vs') || succeeds('modprobe', ['--dry-run', '--quiet', 'ip_vs']);
}

const succeeds = (program: string, args: string[]): Promise<boolean> =>
  output(program, args).then(
    () => true,
    () => false,
  );

/** Runs a command on this machine; its exit status, 128 + N when signal N ended it. */
export async function runNatively({
  command,
  settings,
  env,
  stdin,
  stdout,
  stderr,
  terminal,
}: LabCommand): Promise<number> {
  if (process.getuid?.() !== 0) throw new LabUnavailable('without a guest the lab needs root');
  await ensurePackages(suiteNeeds);
  const [program = '', ...args] = isolated(command);
  const stdio = terminal ? 'inherit' : [stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'];
  const child = spawn(program, args, {
    cwd: checkout,
    env: { ...labEnvironment(process.env, { release: release(), out: settings.out }), ...env },
    stdio: stdio as 'pipe',
  });
  let late = false;
  const deadline = terminal
    ? undefined
    : setTimeout(() => {
        late = true;
        child.kill('SIGKILL');
      }, settings.timeout * 1000);
  try {
    const carried = terminal
      ? []
      : [pipeline(child.stdout, stdout, { end: false }), pipeline(child.stderr, stderr, { end: false })];
    // A command that does not read its input to the end is no failure.
    if (stdin && !terminal) pipeline(stdin, child.stdin).catch(() => {});
    const [[status, signal]] = await Promise.all([
      once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
      ...carried,
    ]);
    if (late) throw new LabFailure(`the command was not over within ${settings.timeout} s`);
    return status ?? 128 + constants.signals[signal ?? 'SIGKILL'];
  } finally {
    clearTimeout(deadline);
  }
}
