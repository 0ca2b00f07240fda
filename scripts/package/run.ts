import { execFileSync } from 'node:child_process';

/**
 * Runs a program that makes a package, in UTC and without a language.
 * @throws Error with the last line of its messages
 */
export function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd?: string,
): string {
  try {
    return execFileSync(program, args, {
      ...(cwd !== undefined && { cwd }),
      env: { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC', ...env },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 2 ** 26,
    });
  } catch (error) {
    const { code, stderr = '' } = error as NodeJS.ErrnoException & { stderr?: string };
    const reason = code === 'ENOENT' ? 'is not installed' : stderr.trim().split('\n').at(-1);
    throw new Error(`${program}: ${reason || (error as Error).message}`, { cause: error });
  }
}
