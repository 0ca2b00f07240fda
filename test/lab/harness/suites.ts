// The suites: test/lab/suites/NAME.suite.ts, plain node:test files that want a kernel with IPVS and root.
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { LabUnavailable } from '../errors.js';
import { checkout } from '../paths.js';

const directory = join(checkout, 'build/test/lab/suites');
const suffix = '.suite.js';

/** Those that take longest, first: what runs two at a time ends sooner when the short ones are left for the end. */
const longest = [
  ...[
    'differential-scripts',
    'differential-processes',
    'differential-cases',
    'store',
    'docs',
    'real-server',
    'state',
  ],
  ...['habits', 'state-traffic', 'doctor', 'methods-tun', 'methods-protocols', 'state-scale'],
];
const place = (name: string): number => (longest.includes(name) ? longest.indexOf(name) : longest.length);

/** The compiled suites' paths, in the order to run them in. */
export const findSuites = (): string[] =>
  readdirSync(directory)
    .filter((file) => file.endsWith(suffix))
    .sort((a, b) => place(suiteName(a)) - place(suiteName(b)) || (a < b ? -1 : 1))
    .map((file) => join(directory, file));

/**
 * Processors of a suite's guest. Two that want the same lock of the kernel, on a host that has no two to spare, spend half of
 * the time waiting for each other; what matters to traffic during changes only happens between two.
 */
export const cpusOf = (name: string): number => (name === 'state-traffic' ? 2 : 1);

export const suiteName = (path: string): string => basename(path, suffix);

export function findSuite(name: string): string {
  const path = join(directory, name + suffix);
  if (existsSync(path)) return path;
  throw new LabUnavailable(`no suite '${name}'; there are: ${findSuites().map(suiteName).join(', ')}`);
}
