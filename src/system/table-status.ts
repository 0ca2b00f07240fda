/** The kernel's own figures of the connection table, in /proc/net/ip_vs_status: since Linux 7.1, and for root alone. */
import { errnoText } from '../errors.js';
import { codeOf, wholeText } from './files/files.js';

const PATH = '/proc/net/ip_vs_status';

/** By the kernel's own names: `Conns`, the number of connections and templates; `Conn buckets`. */
export type TableStatus = Readonly<Record<string, string>>;

/**
 * @param unknown gets a line if the kernel has the file, and it cannot be read
 * @returns undefined if it cannot be read
 */
export async function readTableStatus(
  readFile: (path: string) => AsyncIterable<Uint8Array>,
  unknown: string[] = [],
): Promise<TableStatus | undefined> {
  try {
    return parseTableStatus(await wholeText(readFile(PATH)));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    const { errno, message } = error as NodeJS.ErrnoException;
    unknown.push(`${PATH}: ${errno === undefined ? message : errnoText(-errno)}`);
    return undefined;
  }
}

/** `Conn buckets:\t524288 (19 bits, lfactor -5)` */
const parseTableStatus = (text: string): TableStatus =>
  Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const [, name, value] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value.trim()]];
    }),
  );
