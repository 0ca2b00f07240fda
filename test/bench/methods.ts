/**
 * npm run bench:methods: what each forwarding method costs the director, in instructions. docs/lvs-methods.md says what is
 * measured, and how.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { runInLab } from '../lab/lab.js';
import { checkout } from '../lab/paths.js';
import { base, cases, nameOf } from './methods/cases.js';
import { gather, type Line, Measurements, type Report } from './methods/report.js';
import { plain } from './tables.js';

const usage = `npm run bench:methods -- [OPTION...]

  --runs N        runs, each in a guest of its own (default: 1)
  --only PATTERN  only cases whose name contains it, such as 'DR, IPv4'
  --json FILE     also write every measurement to a file
  --from FILE     measure nothing, show a file that --json wrote; may be repeated
  --write-docs    put tables and plot into docs/lvs-methods.md; takes all cases
`;

/** @throws TypeError */
function read(words: readonly string[]) {
  const { values } = parseArgs({
    args: [...words],
    options: {
      runs: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
      json: { type: 'string' },
      from: { type: 'string', multiple: true, default: [] },
      'write-docs': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (!/^[1-9]\d*$/.test(values.runs))
    throw new TypeError(`--runs is '${values.runs}': expected a number from 1 on`);
  if (!cases.some((one) => nameOf(one).includes(values.only)))
    throw new TypeError(
      `no case has '${values.only}' in its name, such as '${nameOf({ ...base, method: 'DR' })}'`,
    );
  return values;
}

async function main(words: readonly string[]): Promise<number> {
  const { runs, only, json, from, 'write-docs': writeDocs, help } = read(words);
  if (help) {
    process.stdout.write(usage);
    return 0;
  }
  const reports: Report[] = from.flatMap((file) => JSON.parse(readFileSync(file, 'utf8')));
  if (from.length === 0)
    for (let run = 1; run <= Number(runs); run += 1) reports.push(await measureInLab(only));
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(reports)}\n`);
  const measurements = new Measurements(reports);
  process.stdout.write([`${measurements.summary()}\n`, ...measurements.tables().map(plain)].join('\n'));
  const problems = reports.flatMap((report) => report.problems);
  for (const { case: one, problem } of problems)
    process.stderr.write(`bench:methods: ${nameOf(one)}: ${problem}\n`);
  if (writeDocs) measurements.writeDocuments();
  return problems.length === 0 ? 0 : 1;
}

async function measureInLab(only: string): Promise<Report> {
  const stdout = new PassThrough();
  const written = text(stdout);
  const program = join(checkout, 'build/test/bench/methods/measure.js');
  const { status } = await runInLab({
    command: [process.execPath, program, only],
    stdout,
    stderr: process.stderr,
    // Generous: on a busy machine a run may take ten times as long.
    settings: { guest: 'always', accel: 'icount', timeout: 3 * 3600 },
  });
  stdout.end();
  if (status !== 0) throw new Error(`the measuring program ended with status ${status}`);
  return gather(
    (await written)
      .split('\n')
      .filter(Boolean)
      .map((line): Line => JSON.parse(line)),
  );
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`bench:methods: ${(error as Error).message}\n`);
  if (error instanceof TypeError) process.stderr.write(usage);
  process.exitCode = error instanceof TypeError ? 2 : 70;
}
