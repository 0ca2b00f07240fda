/** The part of the benchmark that runs on the host: it starts the lab, and gathers what the guest tells. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { isolated } from '../lab/isolation.js';
import { runInLab } from '../lab/lab.js';
import { checkout } from '../lab/paths.js';
import type { Line, Wish } from './program.js';
import { gather, type Report } from './report.js';

/** Seconds: a machine that is busy takes several times as long as one that is not. */
const timeout = 3 * 3600;

const load = (): number => Math.round(10 * (loadavg()[0] ?? 0)) / 10;

const packageVersion = (path: string): string =>
  JSON.parse(readFileSync(join(checkout, path, 'package.json'), 'utf8')).version;

const revision = (): string => {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      cwd: checkout,
      encoding: 'utf8',
    }).trim();
  } catch {
    return 'unknown';
  }
};

/** @throws Error where something does not do what it should: its times would be worth nothing */
export async function measureInLab(wish: Wish): Promise<Report> {
  const before = load();
  const stdout = new PassThrough();
  const told = text(stdout);
  const { status } = await runInLab({
    command: isolated([
      process.execPath,
      join(checkout, 'build/test/bench/guest/main.js'),
      JSON.stringify(wish),
    ]),
    stdout,
    stderr: process.stderr,
    // What a runtime does beside the program has a processor of its own, as it has on real machines.
    cpus: 2,
    settings: process.env['LAB_TIMEOUT'] ? {} : { timeout },
  });
  stdout.end();
  if (status !== 0) throw new Error(`the lab ended with status ${status}`);
  const lines = (await told)
    .trimEnd()
    .split('\n')
    .map((line): Line => JSON.parse(line));
  const host = {
    processor: cpus()[0]?.model ?? 'unknown',
    processors: cpus().length,
    bun: packageVersion('node_modules/bun'),
    lvsadm: `${packageVersion('.')} (${revision()})`,
    date: new Date().toISOString().slice(0, 10),
    load: [before, load()] as const,
  };
  return gather(host, lines);
}
