/** Which of the process's descriptors a netlink socket has: the netlink package does not tell. */

const files = process.getBuiltinModule('node:fs');

/**
 * Undefined where it cannot be told for certain, as without /proc. Whoever writes to a descriptor that is not his writes into
 * the connections of others, so the kernel's own table of netlink sockets says which one has the port, and /proc which
 * descriptor is that one.
 */
export function descriptorOf(protocol: number, port: number): number | undefined {
  try {
    const inode = inodeOf(files.readFileSync('/proc/self/net/netlink', 'utf8'), protocol, port);
    return inode === undefined ? undefined : leadingTo(`socket:[${inode}]`);
  } catch {
    // No /proc, or one that does not show this.
    return undefined;
  }
}

/**
 * Every descriptor is looked at, the last given out first: a number says nothing, for the lowest free one is given out, and
 * other threads open and close files meanwhile.
 */
const leadingTo = (name: string): number | undefined =>
  files
    .readdirSync('/proc/self/fd')
    .map(Number)
    .sort((a, b) => b - a)
    .find((descriptor) => targetOf(descriptor) === name);

function targetOf(descriptor: number): string | undefined {
  try {
    return files.readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    // That of the directory itself, and what was closed meanwhile.
    return undefined;
  }
}

/** Columns: socket, protocol, port, groups, and others, of which the inode is the last. */
const inodeOf = (rows: string, protocol: number, port: number): string | undefined =>
  new RegExp(`^\\S+ +${protocol} +${port} .* (\\d+) *$`, 'm').exec(rows)?.[1];
