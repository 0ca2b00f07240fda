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

const isKnown = (name: string): name is DistributionName => Object.hasOwn(programs, name);

function chosen(): DistributionName {
  const name = process.env['LAB_DISTRIBUTION'] ?? 'node';
  if (isKnown(name)) return name;
  throw new LabUnavailable(`LAB_DISTRIBUTION is '${name}', not one of ${Object.keys(programs).join(', ')}`);
}

export const distribution = chosen();

/** The program, built beforehand; it starts by itself, Node's with the `node` in the search path. */
export const lvsadm = join(checkout, programs[distribution]);

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
