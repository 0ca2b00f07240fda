/** All measurements of one run of the benchmark, and queries on them. */
import type { Environment, Line, Peak, Problem, Profile, Program, Sample } from './program.js';
import { type Spread, spreadOf } from './statistics.js';

/** A host of the lab, and what was built on it. */
export interface Host {
  readonly processor: string;
  readonly processors: number;
  readonly bun: string;
  readonly lvsadm: string;
  readonly date: string;
  /** Load average, before and after. */
  readonly load: readonly [number, number];
}

export interface Report {
  readonly host: Host;
  readonly guest: Environment;
  readonly samples: readonly Sample[];
  readonly peaks: readonly Peak[];
  readonly profiles: readonly Profile[];
  /** Cases that failed; they have no samples. */
  readonly problems: readonly Problem[];
}

/** Sorts the lines of the guest, and leaves out failed cases. */
export function gather(host: Host, lines: readonly Line[]): Report {
  const guest = lines.find((line): line is Environment => 'kernel' in line);
  if (guest === undefined) throw new Error('the lab has told nothing');
  const problems = lines.filter((line): line is Problem => 'problem' in line);
  const wrong = new Set(problems.map((problem) => problem.case));
  const right = lines.filter((line) => !('case' in line && wrong.has(line.case)));
  return {
    host,
    guest,
    samples: right.filter((line): line is Sample => 'wall' in line),
    peaks: right.filter((line): line is Peak => 'peak' in line),
    profiles: right.filter((line): line is Profile => 'frames' in line),
    problems,
  };
}

export type Measure = 'wall' | 'user' | 'system';

/** Undefined where the case was not measured. */
export function timeOf(
  { samples }: Report,
  name: string,
  program: Program,
  measure: Measure = 'wall',
): Spread | undefined {
  const own = samples.filter((sample) => sample.case === name && sample.program === program);
  return own.length === 0 ? undefined : spreadOf(own.map((sample) => sample[measure]));
}

export const peakOf = ({ peaks }: Report, name: string, program: Program): number | undefined =>
  peaks.find((each) => each.case === name && each.program === program)?.peak;

/** The names of the cases that were measured, in order. */
export const measuredIn = ({ samples }: Report): string[] => [
  ...new Set(samples.map((sample) => sample.case)),
];
