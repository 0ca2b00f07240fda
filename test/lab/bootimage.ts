// The header of an x86 boot image (the kernel's Documentation/arch/x86/boot.rst).
import { LabUnavailable } from './errors.js';

const sector = 512;

/** The kernel's release and its compressed ELF file. */
export function readBootImage(image: Buffer): { release: string; payload: Buffer } {
  if (image.toString('latin1', 0x202, 0x206) !== 'HdrS')
    throw new LabUnavailable('the kernel is not an x86 boot image');
  const version = image.readUInt16LE(0x20e) + sector;
  const protectedMode = ((image[0x1f1] ?? 0) + 1) * sector;
  const start = protectedMode + image.readUInt32LE(0x248);
  const size = image.readUInt32LE(0x24c);
  return {
    // "6.1.0-1-amd64 (builder@host) #1 SMP ..."
    release: image.toString('latin1', version, image.indexOf(' ', version)),
    // Its last four bytes are not of the compressed stream: they tell how long the decompressed one is.
    payload: image.subarray(start, start + size - 4),
  };
}
