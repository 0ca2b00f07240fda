// Decompression, by the first bytes of a file: what Debian's and others' kernels and modules come in.
import { readFile } from 'node:fs/promises';
import { LabUnavailable } from './errors.js';
import { bytes } from './process.js';

const formats: { magic: Buffer; read: (path: string) => Promise<Buffer> }[] = [
  { magic: Buffer.from('7f454c46', 'hex'), read: (path) => readFile(path) }, // ELF: not compressed
  { magic: Buffer.from('fd377a585a00', 'hex'), read: (path) => bytes('xz', ['-dc', path]) },
  { magic: Buffer.from('28b52ffd', 'hex'), read: (path) => bytes('zstd', ['-dcq', path]) },
  { magic: Buffer.from('1f8b', 'hex'), read: (path) => bytes('gzip', ['-dc', path]) },
];

/** The ELF file that a file holds, compressed or not. */
export async function decompressed(path: string): Promise<Buffer> {
  const start = (await readFile(path)).subarray(0, 8);
  const format = formats.find(({ magic }) => start.subarray(0, magic.length).equals(magic));
  if (!format) throw new LabUnavailable(`${path} is compressed in an unknown format`);
  return format.read(path);
}
