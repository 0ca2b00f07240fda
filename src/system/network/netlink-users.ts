/** The processes that talk to generic netlink in the network namespace of this process, and so may change IPVS's table. */
import { statSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { sharesNamespace } from '../files/run-dir.js';

export interface NetlinkUsers {
  readonly users: readonly NetlinkUser[];
  /** Sockets of processes that this one cannot see, as of other process namespaces. */
  readonly hidden: number;
  /** Threads of the kernel that estimate rates (6.2 and later); none are seen in other process namespaces than the first. */
  readonly estimators: number;
}

export interface NetlinkUser {
  readonly pid: number;
  /** /proc/PID/comm: at most 15 bytes. */
  readonly name: string;
  /** Sockets of generic netlink; 0 for a program that opens one when it needs it. */
  readonly sockets: number;
  /** Whether the program is known to change IPVS's table. */
  readonly writes: boolean;
}

/** Programs that change the table, by the first 15 bytes of their names. */
const writers = [
  'keepalived',
  'kube-proxy',
  'kube-router',
  'dockerd',
  'ldirectord',
  'seesaw_ncc',
  'ipvsadm',
  'lvsadm',
];

/** Protocol of generic netlink: linux/netlink.h. */
const NETLINK_GENERIC = 16;

/** Without this process. Processes that end meanwhile are left out. */
export async function netlinkUsers(): Promise<NetlinkUsers> {
  const inodes = genericSockets(await readFile('/proc/self/net/netlink', 'utf8'));
  const users: NetlinkUser[] = [];
  let estimators = 0;
  let attributed = 0;
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const [comm, sockets] = [await text(`/proc/${entry}/comm`), await socketsOf(entry)];
    const name = comm.replace(/\n$/, '');
    if (name.startsWith('ipvs-e:')) estimators++;
    const count = sockets.filter((inode) => inodes.has(inode)).length;
    attributed += count;
    const writes = writers.includes(name);
    const concerned = count > 0 || (writes && sharesNamespace(entry, { statSync }));
    if (concerned && Number(entry) !== process.pid) {
      users.push({ pid: Number(entry), name, sockets: count, writes });
    }
  }
  return { users, hidden: Math.max(0, inodes.size - attributed), estimators };
}

/** The inodes in /proc/net/netlink: `sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode`. The kernel's own socket has port 0. */
export function genericSockets(table: string): Set<string> {
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/));
  return new Set(
    rows.flatMap(([, protocol, port, ...others]) =>
      Number(protocol) === NETLINK_GENERIC && port !== '0' ? (others.at(-1) ?? []) : [],
    ),
  );
}

/** The inodes of a process's sockets; none of a process that may not be looked at. */
async function socketsOf(pid: string): Promise<string[]> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(descriptors.map((name) => link(`/proc/${pid}/fd/${name}`)));
  return links.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []);
}

const text = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
const link = (path: string): Promise<string> => readlink(path).catch(() => '');
