/** The machine that measures, and the build that it measures. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { checkout } from '../lab/paths.js';
import type { Host } from './report.js';

/** Load average of the last minute. */
export const load = (): number => Math.round(10 * (loadavg()[0] ?? 0)) / 10;

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

/** The host, with the load before the benchmark and now. */
export const hostAfter = (before: number): Host => ({
  processor: cpus()[0]?.model ?? 'unknown',
  processors: cpus().length,
  bun: packageVersion('node_modules/bun'),
  lvsadm: `${packageVersion('.')} (${revision()})`,
  date: new Date().toISOString().slice(0, 10),
  load: [before, load()],
});

export const machineOf = ({
  lvsadm,
  date,
  bun,
  processors,
  processor,
  load: [before, after],
}: Host): string =>
  `lvsadm ${lvsadm}, ${date}; Node ${process.version}; Bun ${bun}; ${processors} processors ${processor}; load average ${before} before, ${after} after`;
