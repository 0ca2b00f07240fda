/** Where the time of a command goes: from what was measured, and from samples of the functions that ran meanwhile. */
import { type Frame, type Profile, programNames } from './program.js';
import { type Measure, type Report, timeOf } from './report.js';
import type { Table } from './tables.js';

/** In the order of the table. */
export const stages = ['parse', 'encode', 'decode', 'format', 'read and write', 'collect, compile'] as const;
export type Stage = (typeof stages)[number];

/** Rooms whose work depends on the way that data goes through them: into the kernel, or out of it. */
const ways = {
  restoring: { rules: 'parse', wire: 'encode' },
  listing: { rules: 'format', wire: 'decode' },
} as const;

type Place = Stage | keyof (typeof ways)['listing'] | undefined;

/**
 * The stage of a function, by a part of its file's path; the first that fits counts. Undefined is what is measured in another way:
 * the kernel, which sockets wait for, and the start.
 */
export const places: readonly (readonly [Place, readonly string[]])[] = [
  [undefined, ['src/netlink/transport/', 'src/libc/libc.', 'src/libc/option-socket.', 'bun:ffi']],
  [undefined, ['node_modules/netlink/', 'prebuilds/']],
  ['read and write', ['src/cli/process/', 'src/libc/files.', 'src/ipvsadm/restore/line-chunks.']],
  ['read and write', ['node:', 'internal:', 'bun:']],
  [undefined, ['bin/lvsadm', 'src/cli/']],
  // -R makes messages of most lines without parsing them.
  [
    'encode',
    ['line-template.', 'compile-template.', 'template-cache.', 'slot.'].map(
      (name) => `src/ipvsadm/restore/${name}`,
    ),
  ],
  ['rules', ['src/ipvsadm/', 'src/model/']],
  ['wire', ['src/netlink/', 'src/ipvs/']],
];

/** Runtimes' names for what is no function. */
const collecting = /^\((program|garbage collector)\)$/;

export const wayOf = (name: string): keyof typeof ways => (name.startsWith('-R') ? 'restoring' : 'listing');

/** Undefined for what is no part of a stage. */
export function stageOf({ file, name, loading }: Frame, way: keyof typeof ways): Stage | undefined {
  if (collecting.test(name)) return 'collect, compile';
  if (loading) return undefined;
  const place = places.find(([, parts]) => parts.some((part) => file.includes(part)))?.[0];
  return place === 'rules' || place === 'wire' ? ways[way][place] : place;
}

/** How much of what is no start and no kernel each stage has. */
export function sharesOf({ case: name, frames }: Profile): Record<Stage, number> {
  const sums = Object.fromEntries(stages.map((stage) => [stage, 0])) as Record<Stage, number>;
  for (const frame of frames) {
    const stage = stageOf(frame, wayOf(name));
    if (stage !== undefined) sums[stage] += frame.time;
  }
  const all = Object.values(sums).reduce((sum, time) => sum + time, 0);
  for (const stage of stages) sums[stage] /= all || 1;
  return sums;
}

const empty = 'an empty program of the runtime';
const version = '--version';

/** Milliseconds of a command's median; undefined where the cases that it is compared with were not measured. */
function partsOf(report: Report, profile: Profile): number[] | undefined {
  const { program } = profile;
  const spent = (name: string, measure: Measure) =>
    timeOf(report, name, program, measure)?.median ?? Number.NaN;
  const beyondStart = (measure: Measure) =>
    Math.max(spent(profile.case, measure) - spent(version, measure), 0);
  const runtime = spent(empty, 'wall');
  const work = beyondStart('wall');
  // Processor time of all threads, which may be more than passes on the clock: only its shares are of use.
  const kernel = (work * beyondStart('system')) / (beyondStart('system') + beyondStart('user') || 1);
  const shares = sharesOf(profile);
  const parts = [
    spent(profile.case, 'wall'),
    runtime,
    Math.max(spent(version, 'wall') - runtime, 0),
    kernel,
    ...stages.map((stage) => (work - kernel) * shares[stage]),
  ];
  return parts.some(Number.isNaN) ? undefined : parts;
}

export function profiles(report: Report): Table {
  const row = (profile: Profile): string[][] => {
    const parts = partsOf(report, profile);
    if (parts === undefined) return [];
    const cells = parts.map((part) => part.toLocaleString('en', { maximumFractionDigits: 0 }));
    return [[profile.case, programNames[profile.program], ...cells]];
  };
  return {
    title: 'Where the time goes, in milliseconds',
    head: ['case', '', 'all', 'runtime', 'own start', 'kernel', ...stages],
    rows: report.profiles.flatMap(row),
  };
}

/** The functions that most of the samples were taken in. */
export function functions({ profiles: all }: Report): Table {
  const row = ({ case: name, program, frames }: Profile): string[][] => {
    const working = frames.filter(({ loading }) => !loading);
    const sum = working.reduce((time, frame) => time + frame.time, 0);
    return working
      .toSorted((a, b) => b.time - a.time)
      .slice(0, 12)
      .map((frame) => [
        name,
        programNames[program],
        `${((100 * frame.time) / sum).toFixed(1)}%`,
        `${frame.name || '(anonymous)'} ${frame.file.split('/').slice(-2).join('/')}`,
        stageOf(frame, wayOf(name)) ?? '',
      ]);
  };
  return {
    title: 'Functions by their own time',
    head: ['case', '', '', 'function', 'stage'],
    rows: all.flatMap(row),
  };
}
