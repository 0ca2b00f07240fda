/**
 * npm run bench:native: ipvsadm and both distributions on this machine, over what a real kernel answered once. IPVS's own work is
 * not in it: docs/performance.md says what that adds.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { hostAfter, load } from '../host.js';
import { attached } from '../options.js';
import { plain } from '../tables.js';
import { type Case, cases } from './cases.js';
import { measure, type Samples } from './measure.js';
import { Measurements } from './report.js';
import { stage } from './stage.js';

const usage = `npm run bench:native -- [OPTION...]

  --rounds N      rounds of each case (default: 9)
  --only PATTERN  only cases whose name contains it; may be repeated
  --cpu           compare processor time instead of wall time, for a machine that does other work
  --check         also compare with the targets, and end with status 1 if one is missed
  --json FILE     write every measurement to a file as well
  --write-docs    put the tables and the plot into docs/performance.md; takes all cases, on an idle machine
`;

interface Options {
  readonly rounds: number;
  readonly only: readonly string[];
  readonly time: 'wall' | 'cpu';
  readonly check: boolean;
  readonly json: string | undefined;
  readonly writeDocs: boolean;
  readonly help: boolean;
}

/** @throws TypeError */
function read(words: readonly string[]): Options {
  const { values } = parseArgs({
    args: attached(words),
    options: {
      rounds: { type: 'string', default: '9' },
      only: { type: 'string', multiple: true, default: [''] },
      cpu: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      json: { type: 'string' },
      'write-docs': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (!/^[1-9]\d*$/.test(values.rounds)) {
    throw new TypeError(`--rounds is '${values.rounds}': expected a number from 1 on`);
  }
  const { only, check, json, help, cpu, 'write-docs': writeDocs } = values;
  if (writeDocs && (cpu || only.some((pattern) => pattern !== ''))) {
    throw new TypeError('--write-docs takes a whole run: neither --only nor --cpu go with it');
  }
  return { rounds: Number(values.rounds), only, time: cpu ? 'cpu' : 'wall', check, json, writeDocs, help };
}

async function main(words: readonly string[]): Promise<number> {
  const { rounds, only, time, check, json, writeDocs, help } = read(words);
  if (help) {
    process.stdout.write(usage);
    return 0;
  }
  const chosen = cases.filter(({ name }) => only.some((pattern) => name.includes(pattern)));
  if (chosen.length === 0) throw new TypeError(`no case has '${only.join("' or '")}' in its name`);
  const directory = await stage();
  const before = load();
  const measured = new Map<Case, Samples>();
  let failed = false;
  for (const one of chosen) {
    try {
      measured.set(one, measure(one, rounds, directory));
    } catch (error) {
      failed = true;
      process.stderr.write(`bench:native: ${one.name}: ${(error as Error).message}\n`);
    }
  }
  const found = new Measurements(measured, time);
  process.stdout.write(plain(found.times()));
  const { table, hold } = found.verdicts();
  if (check) process.stdout.write(`\n${plain(table)}`);
  if (writeDocs && !failed) found.writeDocuments(hostAfter(before));
  if (json !== undefined) {
    const all = [...measured].map(([{ name }, samples]) => [name, Object.fromEntries(samples)]);
    writeFileSync(json, `${JSON.stringify(Object.fromEntries(all))}\n`);
  }
  return failed || (check && !hold) ? 1 : 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(
    `bench:native: ${(error as Error).message}\n${error instanceof TypeError ? `\n${usage}` : ''}`,
  );
  process.exitCode = error instanceof TypeError ? 2 : 70;
}
