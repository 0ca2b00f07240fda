/** Which of the process's descriptors a netlink socket has: the netlink package does not tell. */

const files = process.getBuiltinModule('node:fs');

/** So many descriptors are looked at: a process that has thousands may have given the socket any of them. */
const NEAR = 1024;

/**
 * Undefined where it cannot be told for certain: without /proc, or where descriptors were closed at the same time. Whoever
 * writes to a descriptor that is not his writes into the connections of others, so the kernel's own table of netlink sockets
 * says which one has the port, and /proc which descriptor is that one.
 */
export function descriptorOf(protocol: number, port: number): number | undefined {
  try {
    const { table, rows } = readTable();
    const name = `socket:[${inodeOf(rows, protocol, port)}]`;
    // The lowest free number is given out: the table's file got the next one, if none was closed in between.
    for (let tried = table - 1; tried >= Math.max(0, table - NEAR); tried--) {
      if (files.readlinkSync(`/proc/self/fd/${tried}`) === name) return tried;
    }
  } catch {
    // No /proc, or one that does not show this.
  }
  return undefined;
}

/** The kernel's netlink sockets in the process's network namespace, and the descriptor that the table was read from. */
function readTable(): { table: number; rows: string } {
  const table = files.openSync('/proc/self/net/netlink', 'r');
  try {
    return { table, rows: files.readFileSync(table, 'utf8') };
  } finally {
    files.closeSync(table);
  }
}

/** Columns: socket, protocol, port, groups, and others, of which the inode is the last. */
const inodeOf = (rows: string, protocol: number, port: number): string | undefined =>
  new RegExp(`^\\S+ +${protocol} +${port} .* (\\d+) *$`, 'm').exec(rows)?.[1];
