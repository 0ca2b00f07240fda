/**
 * npm run bench: ipvsadm and both distributions of lvsadm side by side, in one run of the lab. docs/performance.md tells
 * what is measured, and how.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { writeDocuments } from './docs.js';
import { type Case, cases } from './guest/cases.js';
import { measureInLab } from './lab.js';
import { type Options, readOptions, usage } from './options.js';
import { functions, profiles } from './profile.js';
import type { Report } from './report.js';
import { memory, plain, rules, type Table, targets, times } from './tables.js';

async function main(words: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = readOptions(words);
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n${usage}`);
    return 2;
  }
  if (options.help) return print(usage);
  const chosen = cases.filter((one) => wants(options, one));
  const wanted = chosen.map(({ name }) => name);
  if (options.list) return print(wanted.map((name) => `${name}\n`).join(''));
  if (wanted.length === 0) {
    process.stderr.write(
      `bench: no case has '${options.only.join("' or '")}' in its name; --list names them\n`,
    );
    return 2;
  }
  const report: Report =
    options.from === undefined
      ? await measureInLab({ cases: wanted, profiles: profiled(options, chosen), rounds: options.rounds })
      : JSON.parse(readFileSync(options.from, 'utf8'));
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report)}\n`);
  print(shown(report));
  // A target that is missed is a finding; a wrong result is a failure.
  for (const problem of report.problems) process.stderr.write(`bench: ${problem.case}: ${problem.problem}\n`);
  if (options.writeDocs) writeDocuments(report);
  return report.problems.length === 0 ? 0 : 1;
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

const wants = ({ only, quick }: Options, { name, long = false }: Case): boolean =>
  (only.length === 0 || only.some((part) => name.includes(part))) && !(quick && long);

/** The largest cases. */
const profiled = ({ profile, quick }: Options, chosen: readonly Case[]): string[] =>
  chosen.filter((one) => profile && one.profile && (one.long ?? false) === !quick).map(({ name }) => name);

const shown = (report: Report): string =>
  [times(report), memory(report), rules(report), profiles(report), functions(report), targets(report)]
    .filter(({ rows }: Table) => rows.length > 0)
    .map(plain)
    .join('\n');

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`bench: ${(error as Error).message}\n`);
  process.exitCode = 70;
}
