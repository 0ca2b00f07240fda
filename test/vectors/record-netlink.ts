/**
 * Records what the real ipvsadm sends to the kernel, byte for byte, for each of netlink-cases.ts: runs it under strace.
 * Needs IPVS in the kernel, root, ipvsadm and strace:
 *
 *     LAB_OUT=$PWD/test/vectors npm run lab -- sh -c 'node build/test/vectors/record-netlink.js "$LAB_OUT"'
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cases, type VectorCase } from './netlink-cases.js';

export interface Vector {
  readonly given?: readonly string[];
  readonly run: string;
  /** Every datagram, in hexadecimal; the byte order is little-endian. */
  readonly sent: readonly string[];
}

/** What undoes whatever a case can have done; each is a process, and in the lab those are slow. */
const reset = (last: string | undefined): string[] =>
  last?.includes('-daemon ') ? ['-C', '--stop-daemon master', '--stop-daemon backup'] : ['-C'];

/** No case has blanks within a word. */
const words = (line: string): string[] => line.split(' ');

function run(file: string, args: readonly string[], what: string): void {
  const { status, stderr, error } = spawnSync(file, args, { encoding: 'utf8' });
  if (error || status !== 0) throw new Error(`${what}: status ${status} ${error?.message ?? stderr}`);
}

/** The datagrams in what `strace -e write=all` wrote: each line of a dump has up to 16 bytes. */
function datagrams(trace: string): string[] {
  return trace
    .split(/^ \* \d+ bytes in buffer \d+$/m)
    .slice(1)
    .map((dump) =>
      [...dump.matchAll(/^ \| [0-9a-f]{5} {2}(.{50})/gm)]
        .map(([, bytes = '']) => bytes.replaceAll(' ', ''))
        .join(''),
    );
}

function record({ given = [], run: line }: VectorCase, last: string | undefined, scratch: string): Vector {
  // A daemon that does not run cannot be stopped: what a reset says does not matter.
  for (const one of reset(last)) spawnSync('ipvsadm', words(one));
  for (const one of given) run('ipvsadm', words(one), one);
  const file = join(scratch, 'trace');
  const options = ['-o', file, '-e', 'trace=sendmsg,sendto', '-e', 'write=all', '-e', 'signal=none'];
  run('strace', [...options, 'ipvsadm', ...words(line)], line);
  const sent = datagrams(readFileSync(file, 'utf8'));
  if (sent.length === 0) throw new Error(`${line}: nothing was sent`);
  return { ...(given.length > 0 && { given }), run: line, sent };
}

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error('usage: record-netlink DIRECTORY');
const scratch = mkdtempSync(join(tmpdir(), 'lvsadm-vectors-'));
try {
  const vectors = cases.map((one, at) => record(one, cases[at - 1]?.run, scratch));
  const lines = vectors.map((vector) => JSON.stringify(vector, undefined, 1).replace(/\n */g, ' '));
  writeFileSync(join(directory, 'netlink.json'), `[\n${lines.join(',\n')}\n]\n`);
  process.stderr.write(`netlink: ${vectors.length} command lines\n`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
