// The suites: test/lab/suites/NAME.suite.ts, plain node:test files that want a kernel with IPVS and root.
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { LabUnavailable } from '../errors.js';
import { checkout } from '../paths.js';

const directory = join(checkout, 'build/test/lab/suites');
const suffix = '.suite.js';

/** The compiled suites' paths, in order. */
export const findSuites = (): string[] =>
  readdirSync(directory)
    .filter((file) => file.endsWith(suffix))
    .sort()
    .map((file) => join(directory, file));

export const suiteName = (path: string): string => basename(path, suffix);

export function findSuite(name: string): string {
  const path = join(directory, name + suffix);
  if (existsSync(path)) return path;
  throw new LabUnavailable(`no suite '${name}'; there are: ${findSuites().map(suiteName).join(', ')}`);
}
