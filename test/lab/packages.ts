// The Debian packages that the lab needs on the host. The guest sees the host's file system, so that its tools are here
// as well.
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { LabUnavailable } from './errors.js';
import { quietly, which } from './process.js';
import { say } from './say.js';

interface Need {
  /** A program in the search path, or a file when it begins with a slash. */
  needs: string;
  package: string;
  why: string;
  /** Whether what was found is the right one. */
  suits?: (path: string) => boolean;
  /** Where this program is there, the package would replace its: it is not installed, and tests that need it are skipped. */
  unless?: string;
}

/** A dynamic executable names its loader near its start. */
function isStatic(path: string): boolean {
  const head = Buffer.alloc(4096);
  const file = openSync(path, 'r');
  readSync(file, head);
  closeSync(file);
  return !head.includes('/ld-linux');
}

/** What shows a live screen. */
export const terminalNeeds: Need[] = [
  { needs: 'tmux', package: 'tmux', why: 'a terminal whose screen can be read' },
  { needs: 'bash', package: 'bash', why: 'a shell that stops and continues programs' },
];

/** The store of a fleet. */
export const etcdNeeds: Need[] = [
  { needs: 'etcd', package: 'etcd-server', why: 'keeps what the directors of a fleet share' },
  { needs: 'etcdctl', package: 'etcd-client', why: 'administers it: users, alarms' },
  { needs: 'openssl', package: 'openssl', why: 'makes certificates' },
];

/** What the suites use, in the guest or on a machine that has IPVS itself. */
export const suiteNeeds: Need[] = [
  { needs: 'ipvsadm', package: 'ipvsadm', why: 'the reference that lvsadm is compared with' },
  { needs: 'strace', package: 'strace', why: 'captures what ipvsadm sends to the kernel' },
  { needs: 'ip', package: 'iproute2', why: 'network namespaces, veth pairs, addresses, routes' },
  { needs: 'ethtool', package: 'ethtool', why: "gives a benchmark's director a thread of its own" },
  { needs: 'nft', package: 'nftables', why: 'firewall marks' },
  { needs: 'tcpdump', package: 'tcpdump', why: 'shows the packets of a failing suite' },
  { needs: 'conntrack', package: 'conntrack', why: "netfilter's view of a balanced connection" },
  { needs: 'socat', package: 'socat', why: 'speaks SCTP, which Node does not' },
  { needs: '/usr/bin/time', package: 'time', why: 'tells the benchmark how much memory a program had' },
  { needs: 'unshare', package: 'util-linux', why: 'a fresh network namespace for each suite' },
  { needs: 'script', package: 'bsdutils', why: 'a terminal for what behaves differently on one' },
  { needs: 'modprobe', package: 'kmod', why: 'loads kernel modules' },
  { needs: 'prometheus', package: 'prometheus', why: 'scrapes the metrics' },
  {
    needs: 'prometheus-node-exporter',
    package: 'prometheus-node-exporter',
    why: 'has series that lvsadm writes, too',
  },
  { needs: 'nginx', package: 'nginx-light', why: 'a server of HTTP that is checked' },
  { needs: 'haproxy', package: 'haproxy', why: 'a server that is checked, and a client of agents' },
  { needs: 'named', package: 'bind9', why: 'a server of DNS that is checked' },
  { needs: 'smtpd', package: 'opensmtpd', why: 'a mail server that is checked', unless: 'sendmail' },
  { needs: 'ping', package: 'iputils-ping', why: 'sends the echo requests of checks' },
  { needs: 'keepalived', package: 'keepalived', why: 'checks servers, beside lvsadm run' },
  { needs: 'bird', package: 'bird2', why: 'routes to the addresses that lvsadm run announces' },
  { needs: 'tc', package: 'iproute2', why: 'delays and loses packets' },
  { needs: 'faketime', package: 'faketime', why: 'gives an agent another clock' },
  ...terminalNeeds,
  ...etcdNeeds,
];

/** What a guest needs in addition. */
export const guestNeeds: Need[] = [
  { needs: 'qemu-system-x86_64', package: 'qemu-system-x86', why: 'the machine that the guest runs on' },
  { needs: 'busybox', package: 'busybox-static', why: "the guest's first process", suits: isStatic },
  { needs: 'setpriv', package: 'util-linux', why: 'lets no guest outlive the process that started it' },
];

/** What makes disks that guests boot from. */
export const diskNeeds: Need[] = [
  { needs: 'mmdebstrap', package: 'mmdebstrap', why: 'makes a file system of Debian' },
  { needs: 'mke2fs', package: 'e2fsprogs', why: 'makes a disk of it' },
  { needs: 'qemu-img', package: 'qemu-utils', why: 'keeps what one run writes apart from the disk' },
  {
    needs: '/usr/share/keyrings/debian-archive-keyring.gpg',
    package: 'debian-archive-keyring',
    why: "proves that the packages are Debian's",
  },
];

/** What reads what lvsadm writes for others: its completions and its manual page. */
export const readerNeeds: Need[] = [
  { needs: 'bash', package: 'bash', why: 'completes command lines' },
  { needs: 'zsh', package: 'zsh', why: 'completes command lines' },
  { needs: 'fish', package: 'fish', why: 'completes command lines' },
  { needs: 'mandoc', package: 'mandoc', why: 'checks the manual page' },
  { needs: 'man', package: 'man-db', why: 'formats the manual page' },
];

/** What reads the metrics. */
export const metricsNeeds: Need[] = [
  { needs: 'promtool', package: 'prometheus', why: 'lints metrics, and tests alert rules' },
];

/** What it takes to fetch and unpack Debian's kernel. */
export const kernelNeeds: Need[] = [
  { needs: 'apt-get', package: 'apt', why: "fetches Debian's kernel" },
  { needs: 'dpkg', package: 'dpkg', why: "unpacks Debian's kernel" },
  { needs: 'xz', package: 'xz-utils', why: 'unpacks kernel modules' },
  {
    needs: '/usr/share/keyrings/debian-archive-keyring.gpg',
    package: 'debian-archive-keyring',
    why: 'proves that the kernel is the one that Debian published',
  },
];

export function isThere({ needs, suits }: Need): boolean {
  const path = needs.startsWith('/') ? needs : which(needs);
  return path !== undefined && existsSync(path) && (suits?.(path) ?? true);
}

/** What is missing and how to get it, for someone who has to do it by hand. */
export function advice(missing: Need[]): string {
  const width = Math.max(...missing.map((need) => need.needs.length));
  const rows = missing.map(
    (need) => `  ${need.needs.padEnd(width)}  ${need.why} (Debian package ${need.package})`,
  );
  const packages = [...new Set(missing.map((need) => need.package))].join(' ');
  return [
    'the lab needs programs that are not installed:',
    ...rows,
    `On Debian or Ubuntu, as root: apt-get update && apt-get install --no-install-recommends ${packages}`,
    'Elsewhere install the packages of the same purpose.',
  ].join('\n');
}

/** Installs what is missing where this is root on a machine with apt, says what is missing otherwise. */
export async function ensurePackages(needs: Need[]): Promise<void> {
  const missing = needs.filter(
    (need) => !isThere(need) && (need.unless === undefined || which(need.unless) === undefined),
  );
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || which('apt-get') === undefined) throw new LabUnavailable(advice(missing));
  for (const need of missing) say(`installing ${need.package}: ${need.why}`);
  const packages = [...new Set(missing.map((need) => need.package))];
  await install(packages).catch(async () => {
    say("refreshing apt's package lists");
    await apt(['update']);
    await install(packages);
  });
  const still = missing.filter((need) => !isThere(need));
  if (still.length > 0) throw new LabUnavailable(advice(still));
}

const install = (packages: string[]) => apt(['install', '--yes', '--no-install-recommends', ...packages]);

const apt = (args: string[]) =>
  quietly('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=600', ...args], { DEBIAN_FRONTEND: 'noninteractive' });
