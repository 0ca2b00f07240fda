/**
 * Another network namespace with services of its own, which nobody touches. While any namespace has services the kernel
 * keeps its packet hooks ready; for the first and the last one it rewrites its own code, which takes an emulated processor
 * longer than the command lines that are compared.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const script = 'ipvsadm -A -f 1 && ipvsadm -A -f 1 -6 && echo ready && read end';

/** @returns what ends it */
export async function bystander(): Promise<() => Promise<void>> {
  const child = spawn('unshare', ['--net', 'sh', '-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  await Promise.race([
    once(child.stdout, 'data'),
    ended.then(([status]) => Promise.reject(new Error(`the bystander ended: ${status}`))),
  ]);
  return async () => {
    child.stdin.end();
    await ended;
  };
}
