/**
 * A part of the fuzzing, in a process and namespaces of its own: `node fuzz.js TARGET SEED CASES`. Writes a line of JSON for each
 * block of cases. A failure is shrunk, and has the seed that makes its block again.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { ipvsadmPrograms } from '../../src/context.js';
import { BLOCK } from './fuzzing.js';
import { DIRECTORY } from './machine.js';
import { argv } from './targets/argv.js';
import { documents } from './targets/documents.js';
import { replies } from './targets/replies.js';
import { restore } from './targets/restore.js';
import type { Target } from './targets/target.js';

const targets: readonly Target[] = [argv, restore, documents, replies];

/** A line of output. */
export interface Report {
  readonly target: string;
  readonly seed: number;
  readonly cases: number;
  /** Largest memory of the process so far, in MiB. */
  readonly memory: number;
  /** The shrunk case, and the promise that it breaks. */
  readonly failure?: string;
}

async function check({ name, property }: Target, seed: number, cases: number): Promise<Report> {
  const details = await fc.check(property, { seed, numRuns: cases });
  return {
    target: name,
    seed,
    cases: details.numRuns,
    memory: Math.round(process.resourceUsage().maxRSS / 1024),
    ...(details.failed && { failure: `${fc.stringify(details.counterexample)}\n${details.errorInstance}` }),
  };
}

const [name, seed = '1', cases = String(BLOCK)] = process.argv.slice(2);
const target = targets.find((each) => each.name === name);
if (target === undefined) throw new Error(`no target '${name}'`);
mkdirSync(DIRECTORY);
process.chdir(DIRECTORY);
for (const program of ['lvsadm', ...ipvsadmPrograms]) writeFileSync(join(DIRECTORY, program), '');
for (let at = 0; at < Number(cases); at += BLOCK) {
  const report = await check(target, Number(seed) + at / BLOCK, Math.min(BLOCK, Number(cases) - at));
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
process.exit(0);
