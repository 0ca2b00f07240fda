/** Reports of the benchmark that say what a test wants. */
import type { Environment, Program, Sample } from '../bench/program.js';
import type { Report } from '../bench/report.js';

export const host: Report['host'] = {
  processor: 'some processor',
  processors: 2,
  bun: '1.0.0',
  lvsadm: '0.1.0',
  date: '2030-01-01',
  load: [0, 1],
};
export const guest: Environment = {
  kernel: '6.1',
  processor: 'emulated',
  processors: 2,
  ipvsadm: 'v1.31',
  node: 'v20',
};

export type Times = readonly [name: string, program: Program, ...wall: number[]];
export const reportOf = (...rows: readonly Times[]): Report => ({
  host,
  guest,
  peaks: [],
  profiles: [],
  problems: [],
  samples: rows.flatMap(([name, program, ...walls]) =>
    walls.map((wall): Sample => ({ case: name, program, wall, user: wall / 2, system: wall / 4 })),
  ),
});
