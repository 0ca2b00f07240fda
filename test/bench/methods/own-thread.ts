/**
 * The packets that a device receives are worked on by a kernel thread of its own (threaded NAPI), whose CPU time the kernel
 * counts in nanoseconds: one for each instruction in a guest that counts them. All hosts share the guest's processor, so
 * that its total load does not show the director's.
 */
import { readdir, readFile } from 'node:fs/promises';
import type { Network } from '../../support/net/network.js';
import { type NetworkPlan, switches } from '../../support/net/plan.js';
import { run } from '../../support/net/run.js';

/** Reads the CPU time of a thread so far, nanoseconds. */
export type CpuTime = () => Promise<number>;

/**
 * Gives every device of the network a thread, at both ends of each cable. Without threads packets are received in
 * softirqs, and a thread works on those that happen to be pending, whichever host they are for.
 */
export async function threadsForAll(network: Network, plan: NetworkPlan): Promise<void> {
  const hosts = Object.entries(plan).map(([host, { on }]) => ({ host, devices: Object.keys(on) }));
  const ports = hosts.flatMap(({ host, devices }) => devices.map((device) => network.portOf(host, device)));
  for (const { host, devices } of [...hosts, { host: switches, devices: ports }])
    await threads(network, host, devices);
}

/**
 * Gives a host's device a thread, which only the time of its birth tells from those of devices with the same name.
 * @throws Error if the device has one already
 */
export async function ownThread(network: Network, host: string, device: string): Promise<CpuTime> {
  const before = new Set(await processes());
  await threads(network, host, [device]);
  const own: string[] = [];
  for (const pid of await processes()) {
    if (before.has(pid)) continue;
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    if (name.startsWith(`napi/${device}-`)) own.push(pid);
  }
  const [pid] = own;
  if (pid === undefined || own.length > 1)
    throw new Error(`${own.length} threads of the kernel for ${host}'s ${device}: expected one`);
  return async () => Number((await readFile(`/proc/${pid}/schedstat`, 'utf8')).split(' ')[0]);
}

const processes = async (): Promise<string[]> =>
  (await readdir('/proc')).filter((name) => /^\d+$/.test(name));

/**
 * Only polling can have a thread. A veth device polls while it merges what it receives (GRO), and only what comes from a
 * device that sends one packet at a time (no TSO). `ip netns exec` mounts /sys anew: it shows the devices of the namespace
 * that it was mounted in.
 */
async function threads(network: Network, host: string, devices: readonly string[]): Promise<void> {
  const script = `for device; do
    ethtool -K "$device" gro on tso off && echo 1 >"/sys/class/net/$device/threaded" || exit
  done`;
  const { namespace } = network.host(host);
  await run('ip', ['netns', 'exec', namespace, 'sh', '-c', script, 'sh', ...devices]);
}
