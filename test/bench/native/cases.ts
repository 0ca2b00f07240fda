/** The cases and targets of the benchmark at native speed, as tables. */
import { connections, type Services, tables } from './stage.js';

/** In the order of the columns. `empty` is an executable of Bun's that does nothing. */
export const programs = ['ipvsadm', 'empty', 'standalone', 'node'] as const;
export type Program = (typeof programs)[number];

export const titles: Readonly<Record<Program, string>> = {
  ipvsadm: 'ipvsadm',
  empty: 'empty executable',
  standalone: 'standalone',
  node: 'Node',
};

export interface Case {
  readonly name: string;
  readonly words: readonly string[];
  /** The recorded table that the program finds. */
  readonly services: Services;
  /** File of the stage that is standard input; nothing by default. */
  readonly input?: string;
  readonly programs: readonly Program[];
  /** Whether the programs must print the same bytes. */
  readonly same: boolean;
}

const all: readonly Program[] = ['ipvsadm', 'standalone', 'node'];
const ours: readonly Program[] = ['standalone', 'node'];
const count = (value: number): string => value.toLocaleString('en');
const rules = (services: number): string => `${count(11 * services)} rules`;

export const START = 'start';
export const LCN = `-Lcn of ${count(connections)} connections`;

export const TOP_CLIENTS = `connections --by client --top 10 of ${count(connections)}`;
const METRICS = 'metrics of 11,000 rules';
/** Two readings 100 ms apart, which are in its wall time. */
const TOP_ONCE = 'top --once of 11,000 rules';

const ofTable = (services: Services): Case[] => [
  ...[['-Ln'], ['-Sn'], ['-Ln', '--stats']].map((words) => ({
    name: `${words.join(' ')} of ${rules(services)}`,
    words,
    services,
    programs: all,
    same: true,
  })),
  {
    name: `-R of ${rules(services)}`,
    words: ['-R'],
    services,
    input: `rules.${services}`,
    programs: all,
    same: true,
  },
  ...(['json', 'yaml'] as const).map((format) => ({
    name: `diff of ${rules(services)}, ${format.toUpperCase()}`,
    // The stage's directory is where the programs run.
    words: ['diff', '-f', `doc.${services}.${format}`],
    services,
    programs: ours,
    same: true,
  })),
];

export const cases: readonly Case[] = [
  { name: START, words: [], services: 0, programs: ['empty'], same: true },
  { name: '--version', words: ['--version'], services: 0, programs: all, same: false },
  { name: '-A', words: ['-A', '-t', '9.9.9.9:9', '-s', 'wlc'], services: 0, programs: all, same: true },
  { name: '-Ln of nothing', words: ['-Ln'], services: 0, programs: all, same: true },
  ...tables.filter((services) => services > 0).flatMap(ofTable),
  { name: LCN, words: ['-Lcn'], services: 1000, programs: all, same: true },
  {
    name: TOP_CLIENTS,
    words: ['connections', '--by', 'client', '--top', '10'],
    services: 1000,
    programs: ours,
    same: true,
  },
  // Both print times.
  { name: METRICS, words: ['metrics'], services: 1000, programs: ours, same: false },
  {
    name: TOP_ONCE,
    words: ['top', '--once', '--interval', '0.1'],
    services: 1000,
    programs: ours,
    same: false,
  },
];

/** The least time of a program in a case, in milliseconds; undefined if that was not measured. */
export type Least = (name: string, program: Program) => number | undefined;

type Measured = readonly [name: string, program: Program];

export interface Target {
  /** The least time of the first divided by that of the second. */
  readonly ratio: readonly [Measured, Measured];
  readonly limit: { readonly atLeast: number } | { readonly atMost: number };
}

const faster = (name: string, atLeast: number): Target => ({
  ratio: [
    [name, 'ipvsadm'],
    [name, 'standalone'],
  ],
  limit: { atLeast },
});

const asLong = (one: Measured, other: Measured, atMost: number): Target => ({
  ratio: [one, other],
  limit: { atMost },
});

const LN = '-Ln of 11,000 rules';
const SN = '-Sn of 11,000 rules';
const STATS = '-Ln --stats of 11,000 rules';

const JSON_DIFF = 'diff of 11,000 rules, JSON';
const YAML_DIFF = 'diff of 11,000 rules, YAML';

export const targets: readonly Target[] = [
  asLong(['-A', 'standalone'], [START, 'empty'], 2.3),
  asLong(['-Ln of nothing', 'standalone'], [START, 'empty'], 2.3),
  faster(LN, 0.7),
  faster(SN, 0.6),
  faster(STATS, 0.5),
  faster('-R of 11,000 rules', 5),
  faster(LCN, 3),
  asLong([TOP_CLIENTS, 'standalone'], [LCN, 'ipvsadm'], 1),
  asLong([JSON_DIFF, 'standalone'], [SN, 'ipvsadm'], 5),
  asLong([YAML_DIFF, 'standalone'], [SN, 'ipvsadm'], 12),
  asLong([METRICS, 'standalone'], [STATS, 'ipvsadm'], 3),
  asLong([TOP_ONCE, 'standalone'], [STATS, 'standalone'], 3),
  // At most 2.5 times 116, 148 and 213 ms, where ipvsadm's -Ln took 26.
  asLong([LN, 'node'], [LN, 'ipvsadm'], 11.2),
  asLong([SN, 'node'], [LN, 'ipvsadm'], 14.2),
  asLong([YAML_DIFF, 'node'], [LN, 'ipvsadm'], 20.5),
];

export interface Verdict {
  readonly title: string;
  readonly wanted: string;
  readonly found: number;
  readonly holds: boolean;
}

/** Of those targets whose cases were measured. */
export const judge = (least: Least): Verdict[] =>
  targets.flatMap(({ ratio: [one, other], limit }) => {
    const [a, b] = [least(...one), least(...other)];
    if (a === undefined || b === undefined) return [];
    const found = a / b;
    const title = [one, other].map(([name, program]) => `${name}, ${titles[program]}`).join(' / ');
    return 'atLeast' in limit
      ? { title, wanted: `at least ${limit.atLeast}`, found, holds: found >= limit.atLeast }
      : { title, wanted: `at most ${limit.atMost}`, found, holds: found <= limit.atMost };
  });
