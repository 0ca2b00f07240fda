/**
 * npm run bench:methods [-- --json] [ROUNDS]: what NAT, IP tunneling and direct routing cost the director, side by side.
 * docs/lvs-methods.md says what is measured, how, and what it is good for.
 */
import { cpus } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runInLab } from '../lab/lab.js';
import { checkout } from '../lab/paths.js';
import type { Report, Sample } from './methods/measure.js';
import { type Spread, spreadOf } from './statistics.js';

const words = process.argv.slice(2);
const rounds = words.find((word) => /^\d+$/.test(word)) ?? '5';
const stdout = new PassThrough();
const written = text(stdout);
const command = [process.execPath, join(checkout, 'build/test/bench/methods/measure.js'), rounds];
// Packets and programs side by side.
const { status } = await runInLab({ command, stdout, stderr: process.stderr, cpus: 2 });
stdout.end();
if (status === 0) print(JSON.parse(await written));
process.exitCode = status;

function print(report: Report): void {
  const rows = summarise(report.samples);
  const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} processors`;
  if (words.includes('--json')) {
    const { kernel, requests } = report;
    const all = {
      kernel,
      machine,
      requestsPerSample: requests,
      rounds: Number(rounds),
      rows,
      samples: report.samples,
    };
    process.stdout.write(`${JSON.stringify(all, undefined, 2)}\n`);
    return;
  }
  process.stdout.write(
    `${machine}; kernel ${report.kernel}; ${rounds} rounds of ${report.requests} requests\n`,
  );
  process.stdout.write('median (least to most)\n');
  process.stdout.write('answer  servers  method  director, µs CPU/request   requests/s\n');
  for (const { kilobytes, servers, method, cpu, rate } of rows) {
    const cells = [`${kilobytes} KiB`.padEnd(6), String(servers).padEnd(7), method.padEnd(6)];
    process.stdout.write(`${cells.join('  ')}  ${told(cpu).padEnd(24)}  ${told(rate)}\n`);
  }
}

/** One row for what was measured in each round; the first round has one of each. */
function summarise(samples: readonly Sample[]) {
  const alike = (a: Sample, b: Sample) =>
    a.kilobytes === b.kilobytes && a.servers === b.servers && a.method === b.method;
  return samples
    .filter((sample, index) => samples.findIndex((each) => alike(each, sample)) === index)
    .map((sample) => {
      const { method, servers, kilobytes } = sample;
      const group = samples.filter((each) => alike(each, sample));
      const cpu = spreadOf(group.map(({ cpuPerRequest }) => cpuPerRequest));
      const rate = spreadOf(group.map(({ requestsPerSecond }) => requestsPerSecond));
      return { kilobytes, servers, method, cpu, rate };
    })
    .sort((a, b) => a.kilobytes - b.kilobytes || a.servers - b.servers);
}

function told({ median, least, most }: Spread): string {
  return `${median.toFixed(0)} (${least.toFixed(0)} to ${most.toFixed(0)})`;
}
