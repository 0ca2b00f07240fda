// The suites: test/lab/suites/NAME.suite.ts, plain node:test files that want a kernel with IPVS and root.
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { LabUnavailable } from '../errors.js';
import { checkout } from '../paths.js';
import type { Accel } from '../qemu.js';

const directory = join(checkout, 'build/test/lab/suites');
const suffix = '.suite.js';

/**
 * The guests by their suites, which run one after the other: a start takes as long as a small suite. Those that take longest come first:
 * what runs two at a time ends sooner when the short ones are left for the end. A suite that wants a kernel without modules comes first.
 */
const guests: readonly (readonly string[])[] = [
  ['methods-tun', 'methods-dr', 'methods-nat', 'methods-protocols', 'methods-scheduling'],
  ['agent'],
  ['netns', 'connections', 'surroundings', 'store'],
  ['state', 'state-scale', 'client'],
  ['differential-processes', 'differential-scripts'],
  ['differential-cases', 'differential-generated', 'differential-traffic'],
  ['metrics', 'health', 'path'],
  ['doctor', 'robust', 'rollback'],
  ['real-server', 'habits'],
  ['docs'],
  ['state-traffic'],
];

/** Suites that take minutes, and measure what documentation says: `npm run lab -- --suite NAME` runs them. */
const byHand: readonly string[] = ['agent-keepalived', 'fleet'];

/** The compiled suites' paths, in the order to run them in, by their guests: that of a suite which is not listed has no other. */
export function findGuests(): string[][] {
  const listed = guests.map((names) => names.map(findSuite));
  const known = [...listed.flat(), ...byHand.map(findSuite)];
  const others = findSuites().filter((path) => !known.includes(path));
  return [...listed, ...others.map((path) => [path])];
}

const findSuites = (): string[] =>
  readdirSync(directory)
    .filter((file) => file.endsWith(suffix))
    .map((file) => join(directory, file));

/**
 * Processors of a suite's guest. Two that want the same lock of the kernel, on a host that has no two to spare, spend half of
 * the time waiting for each other; what matters to traffic during changes only happens between two.
 */
export const cpusOf = (name: string): number => (name === 'state-traffic' ? 2 : 1);

/** What emulates a suite's guest: its times are those of an idle machine if instructions are counted, whatever else the host does. */
export const emulationOf = (name: string): Accel => (/^(agent|fleet)/.test(name) ? 'icount' : 'tcg');

export const suiteName = (path: string): string => basename(path, suffix);

export function findSuite(name: string): string {
  const path = join(directory, name + suffix);
  if (existsSync(path)) return path;
  throw new LabUnavailable(`no suite '${name}'; there are: ${findSuites().map(suiteName).join(', ')}`);
}
