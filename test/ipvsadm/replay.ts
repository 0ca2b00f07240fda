/** Runs again what the real ipvsadm was recorded with, and says what came out otherwise than expected. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { World } from '../support/run.js';
import { splitLine } from './cases.js';
import { type Difference, differences } from './differences.js';
import type { Observation } from './record.js';

export const projectRoot = join(import.meta.dirname, '../../..');

export const recorded = (group: string): Observation[] =>
  JSON.parse(readFileSync(join(projectRoot, `test/vectors/ipvsadm/${group}.json`), 'utf8'));

const commandLine = ({ run }: Observation): string => run.map((word) => word || "''").join(' ');

/** What ipvsadm says when the kernel refuses; what it says of usage is not ours to repeat. */
const phrases = ({ status, stderr }: Observation): string[] =>
  status === 2 ? [] : stderr.split('\n').filter((text) => /^[A-Z]/.test(text) && !text.startsWith('Try `'));

/** Both begin their version so, and the rest is each one's own; the size of the table is the kernel's. */
const comparable = (text: string): string =>
  text.startsWith('ipvsadm v1.31') ? 'ipvsadm v1.31' : text.replace(/\(size=\d+\)/, '(size=N)');

export interface Outcome {
  /** What is not as expected, one to a line; empty where all is well. */
  readonly problem: string;
  /** The difference that was expected, if any. */
  readonly difference: Difference | undefined;
}

/** Which documented difference an observation shows, if any. */
export const differenceOf = (seen: Observation): Difference | undefined =>
  differences.find(({ concerns }) => concerns(seen, commandLine(seen)));

/** Runs an observation's command line in a world with an empty table. */
export async function replay(seen: Observation, world: World): Promise<Outcome> {
  const difference = differenceOf(seen);
  const expected = { ...seen, ...difference?.instead(seen) };
  const found = await deviations(seen, expected, world);
  if (difference && !difference.onlyInKernel && isDeepStrictEqual(expected, seen)) {
    found.push(`is no case of '${difference.reason}'`);
  }
  const text = [...(seen.given ?? []), commandLine(seen)].join('; ');
  return { difference, problem: found.length === 0 ? '' : [text, ...found].join('\n    ') };
}

async function deviations(
  seen: Observation,
  expected: Observation,
  { run, files }: World,
): Promise<string[]> {
  const found: string[] = [];
  const compare = (what: string, actual: unknown, wanted: unknown) => {
    if (actual !== wanted) found.push(`${what}: ${JSON.stringify(actual)}, not ${JSON.stringify(wanted)}`);
  };
  if (seen.connections !== undefined) files['/proc/net/ip_vs_conn'] = seen.connections;
  for (const text of seen.given ?? []) {
    const { status, stderr } = await run(splitLine(text));
    if (status !== 0) return [`cannot prepare: ${text}: ${stderr}`];
  }
  const got = await run(seen.run, seen.stdin);
  compare('status', got.status, expected.status);
  if (found.length > 0) return [...found, got.stderr];
  compare('stdout', comparable(got.stdout), comparable(expected.stdout));
  for (const phrase of phrases(expected))
    if (!got.stderr.includes(phrase)) compare('stderr', got.stderr, phrase);
  if (got.status !== 0) return found;
  for (const [text, state] of Object.entries(expected.after ?? {})) {
    compare(text, comparable((await run(splitLine(text))).stdout), comparable(state));
  }
  return found;
}
