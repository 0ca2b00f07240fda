// Running the host's tools: argument arrays, never a shell.
import { execFile, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** The search path with the directories that hold administrators' tools, which not every user has in it. */
export const searchPath = [
  ...new Set([
    ...(process.env['PATH'] ?? '').split(delimiter).filter(Boolean),
    ...['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'],
  ]),
].join(delimiter);

const environment = { ...process.env, PATH: searchPath, LC_ALL: 'C.UTF-8' };

/** The absolute path of a program, or undefined where it is not installed. */
export function which(program: string): string | undefined {
  return searchPath
    .split(delimiter)
    .map((directory) => join(directory, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** What a program prints. Rejects with its messages when it fails. */
export async function output(program: string, args: string[], cwd?: string): Promise<string> {
  const { stdout } = await execute(program, args, {
    env: environment,
    maxBuffer: 2 ** 26,
    ...(cwd && { cwd }),
  });
  return stdout;
}

/** A program's output as bytes. */
export async function bytes(program: string, args: string[]): Promise<Buffer> {
  const { stdout } = await execute(program, args, {
    env: environment,
    maxBuffer: 2 ** 28,
    encoding: 'buffer',
  });
  return stdout;
}

/** Runs a program whose output is of interest only if it fails; rejects with that output. */
export async function quietly(program: string, args: string[], extra: NodeJS.ProcessEnv = {}): Promise<void> {
  const child = spawn(program, args, {
    env: { ...environment, ...extra },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: Buffer[] = [];
  child.stdout.on('data', (data) => lines.push(data));
  child.stderr.on('data', (data) => lines.push(data));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (status !== 0)
    throw new Error(`${program} ${args.join(' ')} failed (${status}):\n${Buffer.concat(lines)}`);
}
