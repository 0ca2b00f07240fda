// The archive format of an initramfs: "newc", Documentation/driver-api/early-userspace/buffer-format.rst.

/** A file, or a directory when it has no data. */
export interface Entry {
  name: string;
  data?: Buffer;
  executable?: boolean;
}

/** An archive of `entries`; a directory has to come before what lies in it. */
export function newc(entries: Entry[]): Buffer {
  const members = entries.map((entry, index) => member(entry.name, mode(entry), index + 1, entry.data));
  return Buffer.concat([...members, member('TRAILER!!!', 0, 0)]);
}

const mode = ({ data, executable }: Entry): number =>
  (data ? 0o100000 : 0o040000) | (data && !executable ? 0o644 : 0o755);

function member(name: string, mode: number, inode: number, data: Buffer = Buffer.alloc(0)): Buffer {
  // Inode, mode, user, group, links, time, size, device, device of a special file, length of the name, checksum.
  const fields = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length + 1, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}${name}\0`;
  return Buffer.concat([padded(Buffer.from(header, 'latin1')), padded(data)]);
}

const padded = (data: Buffer): Buffer => Buffer.concat([data, Buffer.alloc(-data.length & 3)]);
