/** The texts of files, of documents in directories, and of standard input. */
import { isUtf8 } from 'node:buffer';
import { DocumentError, Errno, errnoText } from '../errors.js';
import type { NamedText } from './load.js';

/** Access to files, and to standard input, whose name is `-`. */
export interface FileAccess {
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Chunks, each valid until the next is asked for; rejects as node:fs does. */
  readFile(path: string): AsyncIterable<Uint8Array>;
  /** Tells pipes, devices and sockets from files, which otherwise are read whatever they are. */
  readonly files?: { statSync(path: string): { readonly mode: number } };
}

/** Larger than any table: a document of 10,000 services with 10 servers each has 8 MiB. */
const LARGEST = 64 * 1024 * 1024;

/** Names of documents in a directory. */
const documentName = /^[^.].*\.(?:ya?ml|json|rules)$/;

/**
 * Reads files, the documents in directories (in the order of their names), and standard input.
 * @throws DocumentError
 */
export async function readTexts(paths: readonly string[], access: FileAccess): Promise<NamedText[]> {
  const texts: NamedText[] = [];
  for (const path of paths) {
    const bytes = await readBytes(path, access);
    if (bytes !== undefined) texts.push(textOf(path, bytes));
    else for (const file of documentsIn(path)) texts.push(await readText(file, access));
  }
  return texts;
}

/**
 * The same texts as they are now. Standard input and pipes can be read only once: their texts stay, and come first.
 * @throws DocumentError
 */
export async function readTextsAgain(
  paths: readonly string[],
  before: readonly NamedText[],
  access: FileAccess,
): Promise<NamedText[]> {
  const isReadOnce = (file: string): boolean => file === '-' || isDescriptor(file);
  const others = paths.filter((path) => !isReadOnce(path));
  return [...before.filter(({ file }) => isReadOnce(file)), ...(await readTexts(others, access))];
}

/** The documents in a directory; undefined if it is none. */
export function filesIn(path: string): string[] | undefined {
  // Nearly all documents are named themselves, and are read before their runtime has loaded this.
  const { readdirSync } = process.getBuiltinModule('node:fs');
  const { join } = process.getBuiltinModule('node:path');
  try {
    return readdirSync(path)
      .filter((name) => documentName.test(name))
      .sort()
      .map((name) => join(path, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw unreadable(path, error);
  }
}

function documentsIn(directory: string): string[] {
  const files = filesIn(directory) ?? [];
  if (files.length > 0) return files;
  throw failure(directory, 'a directory without documents (*.yaml, *.yml, *.json, *.rules)');
}

/** One file, or standard input. @throws DocumentError */
export async function readText(file: string, access: FileAccess): Promise<NamedText> {
  const bytes = await readBytes(file, access);
  if (bytes === undefined) throw failure(file, errnoText(Errno.EISDIR));
  return textOf(file, bytes);
}

/** Undefined for a directory. */
async function readBytes(file: string, access: FileAccess): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    refuseSpecial(file, access);
    for await (const chunk of file === '-' ? access.stdin : access.readFile(file)) {
      // A chunk is valid only until the next one comes.
      chunks.push(new Uint8Array(chunk));
      size += chunk.length;
      if (size > LARGEST) throw failure(file, `larger than ${LARGEST / 1024 / 1024} MiB`);
    }
  } catch (error) {
    if (error instanceof DocumentError) throw error;
    if (file !== '-' && (error as NodeJS.ErrnoException).code === 'EISDIR') return undefined;
    throw unreadable(file, error);
  }
  return Buffer.concat(chunks);
}

const S_IFMT = 0o170000;
/** Types of files whose reading may never end (inode(7)). */
const special: ReadonlyMap<number, string> = new Map([
  [0o010000, 'a pipe'],
  [0o020000, 'a device'],
  [0o060000, 'a device'],
  [0o140000, 'a socket'],
]);

/** Below /dev and /proc are the names of standard input, and of the pipes of a shell's `<(command)`. */
export const isDescriptor = (file: string): boolean => /^\/(?:dev\/(?:stdin$|fd\/)|proc\/)/.test(file);

function refuseSpecial(file: string, { files }: FileAccess): void {
  if (file === '-' || files === undefined || isDescriptor(file)) return;
  const type = special.get(files.statSync(file).mode & S_IFMT);
  if (type !== undefined) throw failure(file, `${type}, not a file; - reads standard input`);
}

/** UTF-8 without NUL. */
function textOf(file: string, bytes: Buffer): NamedText {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) throw failure(file, 'UTF-16; save it as UTF-8');
  const nul = bytes.indexOf(0);
  if (nul >= 0) throw failure(file, 'a NUL byte; not a text', decoded(bytes.subarray(0, nul)));
  if (!isUtf8(bytes)) {
    const [before = ''] = decoded(bytes).split('\ufffd');
    throw failure(file, 'not UTF-8; not a text', before);
  }
  return { file, text: decoded(bytes) };
}

/** Without a byte order mark, and with U+FFFD for bytes that are not UTF-8. */
const decoded = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** @param before the part of the file before the position */
function failure(file: string, text: string, before?: string): DocumentError {
  if (before === undefined) return new DocumentError([{ file, text }]);
  const lines = before.split('\n');
  return new DocumentError([{ file, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1, text }]);
}

function unreadable(file: string, error: unknown): DocumentError {
  const { errno } = error as NodeJS.ErrnoException;
  if (errno === undefined) throw error;
  return failure(file, errnoText(Math.abs(errno)));
}
