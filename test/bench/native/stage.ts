/** The directory that the programs run in: compiled C, recorded answers, and input files. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cached } from '../../lab/cache.js';
import { ensurePackages, suiteNeeds } from '../../lab/packages.js';
import { checkout } from '../../lab/paths.js';
import { indexOf } from './recordings.js';

/** Services in the recorded tables, ten servers each: 0, 110, 1,100 and 11,000 rules. */
export const tables = [0, 10, 100, 1000] as const;
export type Services = (typeof tables)[number];

export const connections = 100_000;

const sources = join(checkout, 'test/bench/native');
const inputs = ['recordings.tar.xz', 'replay.c', 'stopwatch.c'].map((name) => join(sources, name));

const needs = [
  ...suiteNeeds.filter(({ needs: program }) => program === 'ipvsadm'),
  { needs: 'gcc', package: 'gcc', why: 'compiles what plays recorded answers back' },
  { needs: '/usr/include/stdio.h', package: 'libc6-dev', why: 'the C library to compile with' },
  {
    needs: '/usr/include/linux/netlink.h',
    package: 'linux-libc-dev',
    why: "the kernel's interface to compile with",
  },
  { needs: 'tar', package: 'tar', why: 'unpacks recorded answers' },
  { needs: 'xz', package: 'xz-utils', why: 'unpacks recorded answers' },
];

/** The stage's directory. Made once, and again when one of its sources has changed. */
export async function stage(): Promise<string> {
  await ensurePackages(needs);
  const compiled = join(import.meta.dirname, 'recordings.js');
  const hash = createHash('sha256');
  for (const file of [...inputs, compiled, import.meta.filename]) hash.update(readFileSync(file));
  return cached(`native-${hash.digest('hex').slice(0, 16)}`, async (directory) => build(directory));
}

function build(directory: string): void {
  const at = (name: string) => join(directory, name);
  const [recordings = '', replay = '', stopwatch = ''] = inputs;
  mkdirSync(directory);
  execFileSync('tar', ['xf', recordings, '-C', directory]);
  execFileSync('gcc', ['-O2', '-shared', '-fPIC', '-o', at('replay.so'), replay, '-ldl']);
  execFileSync('gcc', ['-O2', '-o', at('stopwatch'), stopwatch]);
  for (const services of tables) {
    const logs = ['ipvsadm', 'node', 'standalone'].map((name) => at(`log.${name}.${services}`));
    const { index, data } = indexOf(logs.map((log) => readFileSync(log)));
    for (const log of logs) rmSync(log);
    mkdirSync(at(`table.${services}`));
    writeFileSync(at(`table.${services}/index`), index);
    writeFileSync(at(`table.${services}/data`), data);
    renameSync(at(`ip_vs.${services}`), at(`table.${services}/ip_vs`));
  }
  writeFileSync(at('table.1000/ip_vs_conn'), connectionTable());
}

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0');

/** As the kernel writes /proc/net/ip_vs_conn. */
function connectionTable(): string {
  const lines = Array.from({ length: connections }, (_, n) => {
    const client = `${hex(0xcb007100 + (n % 4096), 8)} ${hex(1024 + (n % 60_000), 4)}`;
    const server = `${hex(0xc6336400 + (n % 200), 8)} 1F90`;
    return `TCP ${client} C0000201 0050 ${server} ESTABLISHED ${String(n % 900).padStart(7)}\n`;
  });
  const head = 'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n';
  return head + lines.join('');
}
