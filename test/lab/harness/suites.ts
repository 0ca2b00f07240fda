// The suites: test/lab/suites/NAME.suite.ts, plain node:test files that want a kernel with IPVS and root.
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { LabUnavailable } from '../errors.js';
import { checkout } from '../paths.js';

const directory = join(checkout, 'build/test/lab/suites');
const suffix = '.suite.js';

/** Suites that `npm test` leaves out, and why. */
const byHand: Readonly<Record<string, string>> = {
  'state-traffic':
    'not yet settled: while a scheduler is changed, a connection may wait for an answer for a minute',
};

/** The compiled suites' paths, in order; those that run by hand only are found by name. */
export const findSuites = (): string[] =>
  readdirSync(directory)
    .filter((file) => file.endsWith(suffix) && !(suiteName(file) in byHand))
    .sort()
    .map((file) => join(directory, file));

export const suiteName = (path: string): string => basename(path, suffix);

export function findSuite(name: string): string {
  const path = join(directory, name + suffix);
  if (existsSync(path)) return path;
  throw new LabUnavailable(`no suite '${name}'; there are: ${findSuites().map(suiteName).join(', ')}`);
}
