/** What is measured, as a table in the order in which it is done. */
import { type Program, programs } from '../program.js';
import {
  desired,
  documentChanges,
  documentFormats,
  documentPath,
  rulesFor,
  writeDocuments,
} from './documents.js';
import type { Run } from './driver.js';
import { type Shape, shapeName } from './rules.js';
import type { World } from './world.js';

export interface Case {
  readonly name: string;
  readonly rounds: number;
  /** Takes long: left out where the time is short. */
  readonly long?: boolean;
  /** Whether the most memory is of interest as well. */
  readonly memory?: boolean;
  /** Whether it is worth looking into. */
  readonly profile?: boolean;
  /** Those that can do it; all by default. */
  readonly programs?: readonly Program[];
  /** Before each run: makes things so that there is something to do. */
  prepare?(world: World): Promise<unknown>;
  command(world: World, program: Program): readonly string[];
  /** A file to read. */
  input?(world: World): Promise<string>;
  /** Where the programs run, if not in the world's own place. */
  place?(world: World): Promise<Place>;
  /** @throws Error where a run has not done what it should have */
  check?(world: World, run: Run): unknown;
  /** What must be the same in the outputs of all programs; all of it by default. */
  same?(output: string): string;
}

export interface Place {
  run(command: readonly string[], input?: string): Promise<Run>;
  peak(command: readonly string[]): Promise<number>;
}

const ours: readonly Program[] = ['standalone', 'node'];
const words =
  (...given: string[]): Case['command'] =>
  (world, program) => [...world.programs.commands[program], ...given];
const nothing: Case['same'] = () => '';

const starts: Case[] = [
  {
    name: 'an empty program of the runtime',
    rounds: 7,
    command: ({ programs: { empty } }, program) => empty[program],
  },
  { name: '--version', rounds: 7, command: words('--version'), same: nothing },
  {
    name: '-Ln of an empty table',
    rounds: 7,
    prepare: (world) => world.flush(),
    command: words('-Ln'),
  },
  {
    name: '-A',
    rounds: 7,
    prepare: (world) => world.flush(),
    command: words('-A', '-t', '10.1.0.1:80', '-s', 'wlc'),
    check: async (world) => {
      world.changed();
      await world.holds({ services: 1, servers: 0 });
    },
  },
  {
    name: '-R of nothing',
    rounds: 7,
    prepare: (world) => world.flush(),
    command: words('-R'),
  },
];

interface Size extends Pick<Case, 'rounds' | 'long' | 'profile'> {
  readonly shape: Shape;
}

export const sizes: readonly Size[] = [
  { shape: { services: 10, servers: 10 }, rounds: 5 },
  { shape: { services: 100, servers: 10 }, rounds: 5 },
  { shape: { services: 1000, servers: 10 }, rounds: 5, profile: true },
  { shape: { services: 1, servers: 10_000 }, rounds: 2, long: true },
  { shape: { services: 10_000, servers: 10 }, rounds: 2, long: true, profile: true },
];

export const listings = { '-Ln': ['-Ln'], '-Sn': ['-Sn'], '--stats': ['-Ln', '--stats'] } as const;

const ofSize = ({ shape, profile = false, ...how }: Size): Case[] => [
  {
    ...how,
    name: `-R of ${shapeName(shape)}`,
    profile,
    prepare: (world) => world.flush(),
    command: words('-R'),
    input: (world) => world.rulesFile(shape),
    check: async (world) => {
      world.changed();
      await world.holds(shape);
    },
  },
  ...Object.entries(listings).map(
    ([name, given]): Case => ({
      ...how,
      name: `${name} of ${shapeName(shape)}`,
      profile: profile && name === '-Ln',
      prepare: (world) => world.hold(shape),
      command: words(...given),
    }),
  ),
];

const applies: Case[] = documentChanges.flatMap((what) =>
  documentFormats.map((format): Case => {
    // The two documents take turns, so that there is the same to do each time.
    let turn = 0;
    const side = () => (turn % 2 === 0 ? 'nothing to do' : what);
    return {
      name: `apply of ${shapeName(desired)}, ${what}, ${format}`,
      rounds: 3,
      programs: ours,
      async prepare(world) {
        await writeDocuments(world);
        if (turn === 0) await world.hold(desired);
      },
      command(world, program) {
        turn += 1;
        return [...world.programs.commands[program], 'apply', '-f', documentPath(world, side(), format)];
      },
      async check(world) {
        world.changed();
        if ((await world.lvsadm('ipvsadm', '-Sn')).toString() !== rulesFor(side()))
          throw new Error('the table is not what the document says');
      },
      same: nothing,
    };
  }),
);

/** How long a connection still has to live is no property of who tells it. */
const withoutExpiry = (output: string): string => output.replace(/^(\S+ +)\d+:\d\d/gm, '$1');

const recorded: Case[] = [
  { lines: 0, rounds: 5 },
  { lines: 100_000, rounds: 5, profile: true },
  { lines: 500_000, rounds: 2, long: true, profile: true },
].map(({ lines, ...how }) => ({
  ...how,
  name: `-Lcn of ${lines.toLocaleString('en')} recorded lines`,
  memory: true,
  place: (world) => world.recorded(lines),
  command: words('-Lcn'),
}));

const real: Case[] = [
  { count: 1000, rounds: 5 },
  { count: 5000, rounds: 5 },
  { count: 20_000, rounds: 2, long: true },
].map(({ count, ...how }) => ({
  ...how,
  name: `-Lcn of ${count.toLocaleString('en')} connections`,
  memory: true,
  prepare: (world) => world.connect(count),
  command: words('-Lcn'),
  same: withoutExpiry,
  check(_, { output }) {
    const lines = output.toString().trimEnd().split('\n').length - 2;
    if (lines !== count) throw new Error(`${lines} connections are listed, there should be ${count}`);
  },
}));

/** Real connections come last: they stay. */
export const cases: readonly Case[] = [...starts, ...sizes.flatMap(ofSize), ...applies, ...recorded, ...real];

export const programsOf = ({ programs: own = programs }: Case): readonly Program[] => own;
