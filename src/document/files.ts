/** The texts that the user's file arguments stand for. */
import { isUtf8 } from 'node:buffer';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DocumentError, errnoText } from '../errors.js';
import type { NamedText } from './load.js';

/** What reading needs of the outside: files, and standard input, which is called `-`. */
export interface FileAccess {
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Chunks, each valid until the next is asked for; rejects as node:fs does. */
  readFile(path: string): AsyncIterable<Uint8Array>;
}

/** Larger than any table: a document of 10,000 services with 10 servers each has 8 MiB. */
const LARGEST = 64 * 1024 * 1024;

/** What counts as a document in a directory. */
const documentName = /^[^.].*\.(?:ya?ml|json|rules)$/;

/**
 * Reads files, the documents in directories (in the order of their names), and standard input.
 * @throws DocumentError
 */
export async function readTexts(paths: readonly string[], access: FileAccess): Promise<NamedText[]> {
  const texts: NamedText[] = [];
  for (const path of paths) {
    const files = path === '-' ? undefined : await filesIn(path);
    if (files?.length === 0)
      throw failure(path, 'a directory without documents (*.yaml, *.yml, *.json, *.rules)');
    for (const file of files ?? [path]) texts.push({ file, text: await readText(file, access) });
  }
  return texts;
}

/** The documents in a directory; undefined where it is no directory. */
export async function filesIn(path: string): Promise<string[] | undefined> {
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

async function readText(file: string, access: FileAccess): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of file === '-' ? access.stdin : access.readFile(file)) {
      // A chunk is ours only until the next one comes.
      chunks.push(new Uint8Array(chunk));
      size += chunk.length;
      if (size > LARGEST) throw failure(file, `larger than ${LARGEST / 1024 / 1024} MiB`);
    }
  } catch (error) {
    throw error instanceof DocumentError ? error : unreadable(file, error);
  }
  return textOf(file, Buffer.concat(chunks));
}

/** UTF-8 without control characters that no text holds. */
function textOf(file: string, bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) throw failure(file, 'UTF-16; save it as UTF-8');
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  const nul = text.indexOf('\0');
  if (nul >= 0) throw failure(file, 'a NUL byte; not a text', text, nul);
  if (!isUtf8(bytes)) throw failure(file, 'not UTF-8; not a text', text, text.indexOf('\ufffd'));
  return text;
}

function failure(file: string, text: string, whole = '', offset?: number): DocumentError {
  if (offset === undefined) return new DocumentError([{ file, text }]);
  const before = whole.slice(0, offset).split('\n');
  return new DocumentError([{ file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1, text }]);
}

function unreadable(file: string, error: unknown): DocumentError {
  const { errno } = error as NodeJS.ErrnoException;
  if (errno === undefined) throw error;
  return failure(file, errnoText(Math.abs(errno)));
}
