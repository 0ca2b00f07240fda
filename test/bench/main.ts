/**
 * npm run bench: ipvsadm and both distributions of lvsadm side by side, in one run of the lab. docs/performance.md tells
 * what is measured, and how.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { rules } from './growth.js';
import { type Case, cases } from './guest/cases.js';
import { measureInLab } from './lab.js';
import { type Options, readOptions, usage } from './options.js';
import type { Report } from './report.js';
import { memory, plain, type Table, targets, times } from './tables.js';

async function main(words: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = readOptions(words);
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n${usage}`);
    return 2;
  }
  if (options.help) return print(usage);
  const wanted = cases.filter((one) => wants(options, one)).map(({ name }) => name);
  if (options.list) return print(wanted.map((name) => `${name}\n`).join(''));
  if (wanted.length === 0) {
    process.stderr.write(
      `bench: no case has '${options.only.join("' or '")}' in its name; --list names them\n`,
    );
    return 2;
  }
  const report: Report =
    options.from === undefined
      ? await measureInLab(wanted, options.rounds)
      : JSON.parse(readFileSync(options.from, 'utf8'));
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report)}\n`);
  return print(shown(report));
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

const wants = ({ only, quick }: Options, { name, long = false }: Case): boolean =>
  (only.length === 0 || only.some((part) => name.includes(part))) && !(quick && long);

const shown = (report: Report): string =>
  [times(report), memory(report), rules(report), targets(report)]
    .filter(({ rows }: Table) => rows.length > 0)
    .map(plain)
    .join('\n');

process.exitCode = await main(process.argv.slice(2));
