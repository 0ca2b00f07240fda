/** The part of the benchmark that runs on the host: it starts the lab, and gathers its output. */
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { isolated } from '../lab/isolation.js';
import { runInLab } from '../lab/lab.js';
import { checkout } from '../lab/paths.js';
import { hostAfter, load } from './host.js';
import type { Line, Selection } from './program.js';
import { gather, type Report } from './report.js';

/** Seconds: a machine that is busy takes several times as long as one that is not. */
const timeout = 3 * 3600;

/** @throws Error if the lab fails */
export async function measureInLab(selection: Selection): Promise<Report> {
  const before = load();
  const stdout = new PassThrough();
  const told = text(stdout);
  const { status } = await runInLab({
    command: isolated([
      process.execPath,
      join(checkout, 'build/test/bench/guest/main.js'),
      JSON.stringify(selection),
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
  return gather(hostAfter(before), lines);
}
