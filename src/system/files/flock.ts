/** flock(2) on Node.js, which has no such call: flock(1) locks our own open file, which it has as its descriptor 3. */
import { HostError } from '../../errors.js';

/** The same as `flock` of {@link Files}. @throws HostError where there is no flock(1) */
export async function flockByProgram(descriptor: number, patience: number): Promise<boolean> {
  const { spawn } = process.getBuiltinModule('node:child_process');
  const words = patience > 0 ? ['-x', '3'] : ['-n', '-x', '3'];
  const child = spawn('flock', words, { stdio: ['ignore', 'ignore', 'ignore', descriptor] });
  // busybox's flock knows no limit.
  const limit = patience > 0 ? setTimeout(() => child.kill(), patience) : undefined;
  try {
    return await new Promise<boolean>((resolve, reject) => {
      child.on('error', (error) => reject(missing(error)));
      child.on('exit', (status) => resolve(status === 0));
    });
  } finally {
    clearTimeout(limit);
  }
}

const missing = (cause: Error): HostError =>
  new HostError('lock a file', 'there is no program flock in PATH (it is part of util-linux)', { cause });
