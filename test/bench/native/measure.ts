/** Runs the programs over recorded answers: measures each, and compares what they print. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../../lab/paths.js';
import { searchPath, which } from '../../lab/process.js';
import type { Case, Program } from './cases.js';

/** Milliseconds and MiB. */
export interface Sample {
  readonly wall: number;
  readonly cpu: number;
  readonly memory: number;
}

export type Samples = Map<Program, Sample[]>;

const commands: Readonly<Record<Program, readonly string[]>> = {
  ipvsadm: [which('ipvsadm') ?? 'ipvsadm'],
  empty: [join(checkout, 'build/bench/empty')],
  standalone: [join(checkout, 'dist/standalone/lvsadm')],
  node: [process.execPath, join(checkout, 'dist/lvsadm.js')],
};

interface Run {
  readonly sample: Sample;
  readonly status: number;
  readonly output: Buffer;
}

function run({ words, services, input }: Case, program: Program, stage: string): Run {
  const stdin = openSync(input === undefined ? '/dev/null' : join(stage, input), 'r');
  const found = spawnSync(
    join(stage, 'stopwatch'),
    [join(stage, 'replay.so'), ...commands[program], ...words],
    {
      cwd: stage,
      // Standard error is compared as well.
      stdio: [stdin, 'pipe', 'pipe', 'pipe'],
      env: {
        PATH: searchPath,
        HOME: '/root',
        LANG: 'C.UTF-8',
        REPLAY_FROM: join(stage, `table.${services}`),
      },
      maxBuffer: 2 ** 28,
    },
  );
  closeSync(stdin);
  const [status = 1, wall = 0, user = 0, system = 0, memory = 0] = String(found.output[3])
    .split(' ')
    .map(Number);
  return {
    sample: { wall: wall / 1000, cpu: (user + system) / 1000, memory: memory / 1024 },
    status,
    output: Buffer.concat([found.stdout, found.stderr]),
  };
}

/** In a new order each round: what the machine does besides meets all alike. */
const shuffled = <T>(items: readonly T[]): T[] =>
  items
    .map((item) => ({ item, turn: Math.random() }))
    .sort((a, b) => a.turn - b.turn)
    .map(({ item }) => item);

/**
 * Once to warm up and to compare what the programs print, and then each round.
 * @throws Error if a program fails, or prints other bytes than the first: its times would be worth nothing
 */
export function measure(one: Case, rounds: number, stage: string): Samples {
  const once = (program: Program): Run => {
    const found = run(one, program, stage);
    if (found.status === 0) return found;
    throw new Error(
      `${program} ended with wait status ${found.status}: ${found.output.toString().slice(-160)}`,
    );
  };
  const [reference, ...others] = one.programs.map((program) => ({ program, ...once(program) }));
  const different = others.find(({ output }) => one.same && !output.equals(reference?.output ?? output));
  if (different) throw new Error(`${different.program} prints other bytes than ${reference?.program}`);
  const samples: Samples = new Map(one.programs.map((program) => [program, []]));
  for (let round = 0; round < rounds; round++) {
    for (const program of shuffled(one.programs)) samples.get(program)?.push(once(program).sample);
  }
  return samples;
}
