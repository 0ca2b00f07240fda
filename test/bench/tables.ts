/** A report as tables, whose cells are text for terminals and documents alike. */
import { sizes } from './guest/cases.js';
import { type Shape, shapeName } from './guest/rules.js';
import { type Program, programNames, programs } from './program.js';
import { measuredIn, peakOf, type Report, timeOf } from './report.js';
import type { Spread } from './statistics.js';
import { judge, perRule, type Verdict } from './targets.js';

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const milliseconds = (value: number): string =>
  value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 });

const spread = ({ median, least, most }: Spread): string =>
  `${milliseconds(median)} (${milliseconds(least)} to ${milliseconds(most)})`;

const missing = '';
const ours = ['standalone', 'node'] as const;

export function times(report: Report): Table {
  const row = (name: string): string[] => {
    const found = programs.map((program) => timeOf(report, name, program));
    const reference = timeOf(report, name, 'ipvsadm');
    const ratios = ours.map((program) => {
      const own = timeOf(report, name, program);
      return own && reference ? (reference.median / own.median).toFixed(2) : missing;
    });
    return [name, ...found.map((one) => (one ? spread(one) : missing)), ...ratios];
  };
  return {
    title: 'Wall time in milliseconds: median (least to most)',
    head: [
      'case',
      ...programs.map((program) => programNames[program]),
      ...ours.map((program) => `ipvsadm / ${programNames[program]}`),
    ],
    rows: measuredIn(report).map(row),
  };
}

export function memory(report: Report): Table {
  const mebibytes = (name: string, program: Program): string => {
    const peak = peakOf(report, name, program);
    return peak === undefined ? missing : (peak / 1024).toFixed(1);
  };
  return {
    title: 'Peak memory in MiB',
    head: ['case', ...programs.map((program) => programNames[program])],
    rows: [...new Set(report.peaks.map((peak) => peak.case))].map((name) => [
      name,
      ...programs.map((program) => mebibytes(name, program)),
    ]),
  };
}

export function targets(report: Report): Table {
  const row = ({ title, wanted, found, reached }: Verdict): string[] => [
    title,
    wanted,
    found,
    reached ? 'reached' : 'not reached',
  ];
  return {
    title: 'Targets',
    head: ['case', 'wanted', 'found', ''],
    rows: judge(report).map(row),
  };
}

const microseconds = (milliseconds: number | undefined): string =>
  milliseconds === undefined ? '' : (1000 * milliseconds).toFixed(1);

export function rules(report: Report): Table {
  const row = ({ shape }: { shape: Shape }): string[] => [
    shapeName(shape),
    ...programs.flatMap((program) =>
      (['wall', 'system'] as const).map((measure) => microseconds(perRule(report, shape, program, measure))),
    ),
  ];
  return {
    title: 'Microseconds per rule of -R, less those of -R of nothing: total, and of that in the kernel',
    head: [
      'table',
      ...programs.flatMap((program) => [programNames[program], `${programNames[program]}, kernel`]),
    ],
    rows: sizes.map(row).filter((cells) => cells.slice(1).some((cell) => cell !== '')),
  };
}

/** Columns beside each other; numbers are read from their left side, since each carries its spread. */
export function plain({ title, head, rows }: Table): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return `${[title, '', ...[head, ...rows].map(line)].join('\n')}\n`;
}

export function markdown({ head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [head, head.map(() => '---'), ...rows].map(line).join('\n');
}
