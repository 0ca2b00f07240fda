/**
 * Code that runs in the executable before Bun's runtime does, because afterwards it is too late: start-x64.s says what it does. It
 * gets a segment of its own at the end of the file, and the file's entry point.
 */

/** The machine code that start-x64.s assembles to; a test compares them. Other processors have none. */
const codes: Readonly<Partial<Record<NodeJS.Architecture, string>>> = {
  x64: `
    4889e34889d54881ec00100000b84f0000004889e7be001000000f054885c07806803c242f740eb850000000488d3d7c0000
    000f05b815000000488d3d80000000be040000000f054885c07924b801000000bf02000000488d3573000000ba600000000f
    05b8e7000000bf020000000f05488b03488d74c3104889f7488b064883c6084885c07419813842554e5f74ec81384a53435f
    74e44889074883c708ebdb4889074889dc4889eae9820000002f70726f632f73656c662f6664696e666f002f70726f632f73
    656c662f6d617073006c767361646d3a207468652065786563757461626c65206e65656473202f70726f633a206d6f756e74
    20697420286d6f756e74202d742070726f632070726f63202f70726f63292c206f722075736520746865206e706d20706163
    6b6167650a`,
};

/** The code for a processor; undefined if there is none. */
export const startCode = (arch: NodeJS.Architecture): Buffer | undefined => {
  const digits = codes[arch];
  return digits === undefined ? undefined : Buffer.from(digits.replaceAll(/\s/g, ''), 'hex');
};

/** Where fields lie in the headers of a file for 64 bits (Elf64_Ehdr and Elf64_Phdr in elf.h). */
const file = { entry: 24, segments: 32, segmentSize: 54, segmentCount: 56 };
const segment = {
  type: 0,
  flags: 4,
  offset: 8,
  address: 16,
  physicalAddress: 24,
  fileSize: 32,
  memorySize: 40,
  alignment: 48,
};

const PT_LOAD = 1;
const PT_NOTE = 4;
const READ_EXECUTE = 5;

/** The largest page that a kernel has, in bytes. */
const PAGE = 0x10000;

/** A jump to a relative address: its operation, and its length in bytes. */
const JUMP = 0xe9;
const JUMP_LENGTH = 5;

/**
 * The executable with this code at its beginning. The code's segment takes the place of a note, which nothing reads at run time.
 * @throws Error if the file has no note
 */
export function withStart(executable: Uint8Array, code: Uint8Array): Buffer {
  const offset = nextPage(executable.length);
  const size = code.length + JUMP_LENGTH;
  const made = Buffer.alloc(offset + size);
  made.set(executable);
  const segments = segmentsOf(made);
  const isOf = (type: number) => (at: number) => made.readUInt32LE(at + segment.type) === type;
  const note = segments.findLast(isOf(PT_NOTE));
  if (note === undefined) throw new Error('the executable has no note whose place a segment could take');
  const ends = segments
    .filter(isOf(PT_LOAD))
    .map((at) => read64(made, at + segment.address) + read64(made, at + segment.memorySize));
  const address = nextPage(Math.max(...ends));

  made.set(code, offset);
  made[offset + code.length] = JUMP;
  made.writeInt32LE(read64(made, file.entry) - (address + size), offset + code.length + 1);
  made.writeUInt32LE(PT_LOAD, note + segment.type);
  made.writeUInt32LE(READ_EXECUTE, note + segment.flags);
  write64(made, note + segment.offset, offset);
  for (const field of [segment.address, segment.physicalAddress]) write64(made, note + field, address);
  for (const field of [segment.fileSize, segment.memorySize]) write64(made, note + field, size);
  write64(made, note + segment.alignment, PAGE);
  write64(made, file.entry, address);
  return made;
}

/** Where the headers of the segments begin. */
function segmentsOf(elf: Buffer): number[] {
  const first = read64(elf, file.segments);
  const size = elf.readUInt16LE(file.segmentSize);
  return Array.from({ length: elf.readUInt16LE(file.segmentCount) }, (_, index) => first + index * size);
}

const nextPage = (bytes: number): number => Math.ceil(bytes / PAGE) * PAGE;
const read64 = (from: Buffer, at: number): number => Number(from.readBigUInt64LE(at));
const write64 = (to: Buffer, at: number, value: number): number => to.writeBigUInt64LE(BigInt(value), at);
