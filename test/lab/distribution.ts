// lvsadm as users have it, and the runtime that it brings: what LAB_DISTRIBUTION names.
import { join } from 'node:path';
import { bun } from '../support/bun.js';
import { LabUnavailable } from './errors.js';
import { checkout } from './paths.js';

export type DistributionName = 'node' | 'standalone';

const programs: Readonly<Record<DistributionName, string>> = {
  node: 'dist/lvsadm.js',
  standalone: 'dist/standalone/lvsadm',
};

/** By the value of LAB_DISTRIBUTION: what runs the suites, and what is started by those that start lvsadm a hundred times. */
const choices: Readonly<Record<string, readonly [suites: DistributionName, manyStarts: DistributionName]>> = {
  node: ['node', 'node'],
  standalone: ['standalone', 'standalone'],
  both: ['node', 'standalone'],
};

function chosen(): readonly [DistributionName, DistributionName] {
  const name = process.env['LAB_DISTRIBUTION'] ?? 'node';
  const choice = Object.hasOwn(choices, name) ? choices[name] : undefined;
  if (choice) return choice;
  throw new LabUnavailable(`LAB_DISTRIBUTION is '${name}', not one of ${Object.keys(choices).join(', ')}`);
}

const [suites, manyStarts] = chosen();
export const distribution = suites;

/** The program, built beforehand; it starts by itself, Node's with the `node` in the search path. */
export const lvsadm = join(checkout, programs[distribution]);

/** The program of suites that are about what many processes do, not about Node: the executable starts in a third of its time. */
export const quickLvsadm = join(checkout, programs[manyStarts]);

/** Bun has a limit for each test, and none would be a long one here: the suite as a whole has one. */
const TEST_LIMIT = 1_200_000;

/**
 * The command that runs a suite on the distribution's runtime: there all of lvsadm that the suite calls by itself has the
 * same socket, the same interpreter and the same library as the distribution.
 * @param options of the runner's own
 */
export function runsSuite(suite: string, options: readonly string[], on = distribution): string[] {
  if (on === 'node') return [process.execPath, ...options, suite];
  if (bun === undefined) throw new LabUnavailable('the bun package brought no executable for this machine');
  return [bun, 'test', `--timeout=${TEST_LIMIT}`, ...options, suite];
}
