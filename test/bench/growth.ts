/** How time grows with the table: as a plot, and per rule. */
import { listings, sizes } from './guest/cases.js';
import { rulesIn, type Shape, shapeName } from './guest/rules.js';
import type { Plot, Series } from './plot.js';
import { type Program, programNames, programs } from './program.js';
import { type Report, timeOf } from './report.js';
import type { Table } from './tables.js';
import { perRule } from './targets.js';

const colours: Readonly<Record<Program, string>> = {
  ipvsadm: '#666666',
  standalone: '#0072b2',
  node: '#d55e00',
};

/** Those that differ in nothing but how many services there are. */
const growing: readonly Shape[] = sizes.map(({ shape }) => shape).filter(({ servers }) => servers === 10);

/** Panels of commands that were measured with two sizes at least. */
export function growth(report: Report): Plot {
  const series = (command: string, program: Program): Series => ({
    name: programNames[program],
    colour: colours[program],
    points: growing.flatMap((shape) => {
      const y = timeOf(report, `${command} of ${shapeName(shape)}`, program);
      return y ? [{ x: rulesIn(shape), y }] : [];
    }),
  });
  const panels = ['-R', ...Object.keys(listings)].map((command) => ({
    title: command,
    series: programs.map((program) => series(command, program)),
  }));
  return {
    x: 'rules in the table',
    y: 'milliseconds',
    panels: panels.filter((panel) => panel.series.every(({ points }) => points.length > 1)),
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
    title: 'Microseconds per rule of -R, without what -R of nothing takes: all, and of that the kernel',
    head: [
      'table',
      ...programs.flatMap((program) => [programNames[program], `${programNames[program]}, kernel`]),
    ],
    rows: sizes.map(row).filter((cells) => cells.slice(1).some((cell) => cell !== '')),
  };
}
