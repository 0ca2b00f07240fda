/** The targets of the lab's benchmark, as a table. A missed target is reported, and is no failure. */
import { rulesIn, type Shape, shapeName } from './guest/rules.js';
import { type Program, programNames } from './program.js';
import { peakOf, type Report, timeOf } from './report.js';

export interface Target {
  readonly title: string;
  readonly program: Program;
  readonly limit: { readonly atLeast: number } | { readonly atMost: number };
  readonly unit: string;
  /** Undefined if one of its cases was not measured. */
  readonly value: (report: Report) => number | undefined;
  /** The cases that it takes. */
  readonly cases: readonly string[];
}

export interface Verdict {
  readonly title: string;
  readonly wanted: string;
  readonly found: string;
  readonly reached: boolean;
}

const median = (report: Report, name: string, program: Program): number | undefined =>
  timeOf(report, name, program)?.median;

const combined = (
  a: number | undefined,
  b: number | undefined,
  combine: (a: number, b: number) => number,
): number | undefined => (a === undefined || b === undefined ? undefined : combine(a, b));

const quotient = (a: number | undefined, b: number | undefined) => combined(a, b, (x, y) => x / y);

/** How many times faster than ipvsadm. */
const faster = (name: string, program: Program, atLeast: number): Target => ({
  title: `${name}: ipvsadm's time divided by ours`,
  program,
  limit: { atLeast },
  unit: '',
  cases: [name],
  value: (report) => quotient(median(report, name, 'ipvsadm'), median(report, name, program)),
});

/** How many times as long as another case of the same program. */
const asLong = (name: string, other: string, program: Program, atMost: number): Target => ({
  title: `${name}: time divided by that of ${other}`,
  program,
  limit: { atMost },
  unit: '',
  cases: [name, other],
  value: (report) => quotient(median(report, name, program), median(report, other, program)),
});

const memoryBeyond = (name: string, other: string, program: Program, atMost: number): Target => ({
  title: `${name}: memory beyond that of ${other}`,
  program,
  limit: { atMost },
  unit: ' MB',
  cases: [name, other],
  value: (report) =>
    combined(
      peakOf(report, name, program),
      peakOf(report, other, program),
      (most, least) => ((most - least) * 1024) / 1e6,
    ),
});

export const nothing = '-R of nothing';
export const small: Shape = { services: 100, servers: 10 };
export const large: Shape = { services: 10_000, servers: 10 };

/** Milliseconds per rule, without the start. */
export function perRule(
  report: Report,
  shape: Shape,
  program: Program,
  measure: 'wall' | 'system' = 'wall',
): number | undefined {
  const all = timeOf(report, `-R of ${shapeName(shape)}`, program, measure);
  const start = timeOf(report, nothing, program, measure);
  return combined(all?.median, start?.median, (a, b) => (a - b) / rulesIn(shape));
}

const growth = (program: Program, atMost: number): Target => ({
  title: `-R: time per rule of ${shapeName(large)} divided by that of ${shapeName(small)}`,
  program,
  limit: { atMost },
  unit: '',
  cases: [nothing, ...[small, large].map((shape) => `-R of ${shapeName(shape)}`)],
  value: (report) => quotient(perRule(report, large, program), perRule(report, small, program)),
});

const recorded = (lines: number): string => `-Lcn of ${lines.toLocaleString('en')} recorded lines`;
const both = (of: (program: 'standalone' | 'node') => Target): Target[] => [of('standalone'), of('node')];

/** Starts and listings are judged at native speed: native/cases.ts. */
export const targets: readonly Target[] = [
  faster('-R of 1,000x10', 'standalone', 6),
  faster('-R of 1,000x10', 'node', 3),
  ...['JSON', 'YAML'].flatMap((format) =>
    both((program) => asLong(`apply of 1,000x10, nothing to do, ${format}`, '-Sn of 1,000x10', program, 1.5)),
  ),
  ...both((program) => memoryBeyond(recorded(500_000), recorded(0), program, 40)),
  ...both((program) => growth(program, 1.3)),
];

/** Of those targets whose cases were measured. */
export const judge = (report: Report): Verdict[] =>
  targets.flatMap(({ title, program, limit, unit, value }) => {
    const found = value(report);
    if (found === undefined) return [];
    const [word, bound] = 'atLeast' in limit ? ['at least', limit.atLeast] : ['at most', limit.atMost];
    return {
      title: `${title}, ${programNames[program]}`,
      wanted: `${word} ${bound}${unit}`,
      found: `${found.toFixed(2)}${unit}`,
      reached: 'atLeast' in limit ? found >= bound : found <= bound,
    };
  });
