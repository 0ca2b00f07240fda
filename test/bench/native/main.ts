/**
 * npm run bench:native: ipvsadm and both distributions on this machine, over what a real kernel answered once. IPVS's own work is
 * not in it: docs/performance.md says what that adds.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { spreadOf } from '../statistics.js';
import { plain, type Table } from '../tables.js';
import { type Case, cases, judge, type Program, programs, titles } from './cases.js';
import { measure, type Sample, type Samples } from './measure.js';
import { stage } from './stage.js';

const usage = `npm run bench:native -- [OPTION...]

  --rounds N      rounds of each case (default: 9)
  --only PATTERN  only cases whose name contains it; may be repeated
  --cpu           compare processor time instead of wall time, for a machine that does other work
  --check         compare with what must hold as well, and end with status 1 if something does not
  --json FILE     write every measurement to a file as well
`;

interface Options {
  readonly rounds: number;
  readonly only: readonly string[];
  readonly time: 'wall' | 'cpu';
  readonly check: boolean;
  readonly json: string | undefined;
  readonly help: boolean;
}

/** A pattern may begin with a dash, as most names do. @throws TypeError */
function read(words: readonly string[]): Options {
  const args = words.flatMap((word, at) =>
    words[at - 1] === '--only' ? [] : word === '--only' ? [`--only=${words[at + 1] ?? ''}`] : [word],
  );
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '9' },
      only: { type: 'string', multiple: true, default: [''] },
      cpu: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (!/^[1-9]\d*$/.test(values.rounds)) {
    throw new TypeError(`--rounds is '${values.rounds}': expected a number from 1 on`);
  }
  const { only, check, json, help } = values;
  return { rounds: Number(values.rounds), only, time: values.cpu ? 'cpu' : 'wall', check, json, help };
}

/** Least and median in milliseconds, and ipvsadm's least divided by ours. */
function times(measured: ReadonlyMap<Case, Samples>, time: keyof Sample): Table {
  const cell = (samples: Samples, program: Program): string => {
    const spread = (one: Program) => {
      const own = samples.get(one)?.map((sample) => sample[time]);
      return own && spreadOf(own);
    };
    const [own, reference] = [spread(program), spread('ipvsadm')];
    if (own === undefined) return '';
    const ratio = reference && program !== 'ipvsadm' ? `  ${(reference.least / own.least).toFixed(2)}x` : '';
    return `${own.least.toFixed(1)} (${own.median.toFixed(1)})${ratio}`;
  };
  return {
    title: `${time === 'wall' ? 'Wall' : 'Processor'} time in milliseconds: least (median), and ipvsadm's least divided by ours`,
    head: ['case', ...programs.map((program) => titles[program])],
    rows: [...measured].map(([{ name }, samples]) => [
      name,
      ...programs.map((program) => cell(samples, program)),
    ]),
  };
}

function verdicts(measured: ReadonlyMap<Case, Samples>, time: keyof Sample): { table: Table; hold: boolean } {
  const byName = new Map([...measured].map(([{ name }, samples]) => [name, samples]));
  const judged = judge((name, program) => {
    const samples = byName.get(name)?.get(program);
    return samples && spreadOf(samples.map((sample) => sample[time])).least;
  });
  return {
    table: {
      title: 'What must hold',
      head: ['case', 'wanted', 'found', ''],
      rows: judged.map(({ title, wanted, found, holds }) => [
        title,
        wanted,
        found.toFixed(2),
        holds ? 'holds' : 'does not hold',
      ]),
    },
    hold: judged.every(({ holds }) => holds),
  };
}

async function main(words: readonly string[]): Promise<number> {
  const { rounds, only, time, check, json, help } = read(words);
  if (help) {
    process.stdout.write(usage);
    return 0;
  }
  const directory = await stage();
  const measured = new Map<Case, Samples>();
  let failed = false;
  for (const one of cases.filter(({ name }) => only.some((pattern) => name.includes(pattern)))) {
    try {
      measured.set(one, measure(one, rounds, directory));
    } catch (error) {
      failed = true;
      process.stderr.write(`bench:native: ${one.name}: ${(error as Error).message}\n`);
    }
  }
  process.stdout.write(plain(times(measured, time)));
  const { table, hold } = verdicts(measured, time);
  if (check) process.stdout.write(`\n${plain(table)}`);
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
