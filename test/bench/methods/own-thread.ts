/**
 * The director's packets are worked on by a kernel thread of their own, whose CPU time the kernel counts in nanoseconds.
 * All hosts share the machine's processors: without such a thread, nobody could say what was the director's.
 */
import { readdir, readFile } from 'node:fs/promises';
import type { Host } from '../../support/net/host.js';
import type { Network } from '../../support/net/network.js';
import { switches } from '../../support/net/plan.js';

export type CpuTime = () => Promise<number>;

/** Threads for the director's device and for the switch behind it, so that what leaves is no longer the director's. */
export async function ownThread(network: Network, switchPort: string): Promise<CpuTime> {
  await thread(network.host(switches), switchPort);
  const before = new Set(await processes());
  await thread(network.host('director'), 'lan');
  const own: string[] = [];
  for (const pid of await processes()) {
    if (before.has(pid)) continue;
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    if (name.startsWith('napi/lan-')) own.push(pid);
  }
  if (own.length === 0) throw new Error("the kernel gave the director's device no thread of its own");
  return async () => {
    const times = await Promise.all(own.map((pid) => readFile(`/proc/${pid}/schedstat`, 'utf8')));
    return times.reduce((sum, line) => sum + Number(line.split(' ')[0]), 0);
  };
}

const processes = async (): Promise<string[]> =>
  (await readdir('/proc')).filter((name) => /^\d+$/.test(name));

/**
 * Only polling can have a thread. A veth device polls when it merges what it receives (GRO), and only for what comes from
 * a device that does not send more than a packet at a time (TSO): both ends of the cable are told.
 */
async function thread(host: Host, device: string): Promise<void> {
  await host.run('ethtool', ['-K', device, 'gro', 'on', 'tso', 'off']);
  // /sys shows the devices of the namespace that it was mounted in; this mounts it anew.
  const script = 'echo 1 >"/sys/class/net/$0/threaded"';
  await host.run('ip', ['netns', 'exec', host.namespace, 'sh', '-c', script, device]);
}
