/** Fuzzes every target in several processes, for a limited time. */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Report } from './fuzz.js';

/** Cases of a full run, and of one process. */
const counts = {
  argv: { cases: 1_000_000, part: 25_000 },
  restore: { cases: 100_000, part: 5000 },
  documents: { cases: 100_000, part: 5000 },
  replies: { cases: 20_000, part: 2500 },
} as const;

export type TargetName = keyof typeof counts;
export const targetNames = Object.keys(counts) as TargetName[];

/** Cases that one seed makes. */
export const BLOCK = 500;

/** Milliseconds without a report after which a process hangs. */
const SILENCE = 180_000;

/** Most memory of a process, in MiB. */
const MEMORY = 1024;

export interface Fuzzing {
  /** Part of a full run, 0 to 1; or the cases of one seed, to make them again. */
  readonly share: number | 'one seed';
  /** Milliseconds after which no process is started, and those that run are ended. */
  readonly limit: number;
  readonly seed: number;
  readonly only: readonly TargetName[];
}

export interface Result {
  /** Cases that ran, and those that the time was too short for. */
  readonly ran: Readonly<Record<string, number>>;
  readonly missed: number;
  /** Largest memory of a process, in MiB. */
  readonly memory: number;
  readonly failures: readonly Report[];
}

interface Part {
  readonly target: TargetName;
  readonly seed: number;
  readonly cases: number;
}

/** The first parts of all targets come first, so that a short time has something of each. */
function partsOf({ share, seed, only }: Fuzzing): Part[] {
  const parts = only.flatMap((target) => {
    const { cases, part } = counts[target];
    if (share === 'one seed') return [{ target, index: 0, seed, cases: BLOCK }];
    const wanted = Math.ceil(cases * share);
    const size = Math.min(part, Math.ceil(wanted / availableParallelism()));
    return Array.from({ length: Math.ceil(wanted / size) }, (_, index) => ({
      target,
      index,
      seed: seed + index * part,
      cases: Math.min(size, wanted - index * size),
    }));
  });
  return parts.sort((a, b) => a.index - b.index);
}

export async function fuzz(fuzzing: Fuzzing): Promise<Result> {
  const waiting = partsOf(fuzzing);
  const wanted = waiting.reduce((sum, { cases }) => sum + cases, 0);
  const end = performance.now() + fuzzing.limit;
  const reports: Report[] = [];
  const worker = async () => {
    for (let part = waiting.shift(); part !== undefined && performance.now() < end; part = waiting.shift()) {
      await runPart(part, end, (report) => reports.push(report));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  const ran: Record<string, number> = {};
  for (const { target, cases } of reports) ran[target] = (ran[target] ?? 0) + cases;
  const total = Object.values(ran).reduce((sum, cases) => sum + cases, 0);
  return {
    ran,
    missed: Math.max(wanted - total, 0),
    memory: Math.max(0, ...reports.map(({ memory }) => memory)),
    failures: reports.filter(({ failure, memory }) => failure !== undefined || memory > MEMORY),
  };
}

/** Own network and mounts: set-ups, links and state of random command lines reach nothing else. */
const isolated = 'mount -t tmpfs -o mode=755 tmpfs /run && mount -o remount,bind,ro / && exec "$@"';

async function runPart(
  { target, seed, cases }: Part,
  end: number,
  report: (one: Report) => void,
): Promise<void> {
  const user = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const script = join(import.meta.dirname, 'fuzz.js');
  const words = [process.execPath, script, target, String(seed), String(cases)];
  const child = spawn('unshare', [...user, '--net', '--mount', 'sh', '-c', isolated, 'sh', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let told = '';
  child.stderr.on('data', (text) => {
    told += text;
  });
  const atEnd = setTimeout(() => child.kill('SIGKILL'), end - performance.now());
  let next = seed;
  const fail = (failure: string) => report({ target, seed: next, cases: 0, memory: 0, failure });
  let silence: NodeJS.Timeout | undefined;
  const wait = () => {
    clearTimeout(silence);
    silence = setTimeout(() => {
      fail(`no end after ${SILENCE / 1000} s`);
      child.kill('SIGKILL');
    }, SILENCE);
  };
  wait();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const one: Report = JSON.parse(line);
    next = one.seed + 1;
    report(one);
    wait();
  });
  const status = await new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? signal)));
  clearTimeout(atEnd);
  clearTimeout(silence);
  if (status !== 0 && status !== 'SIGKILL') fail(`ended with ${status}: ${told.slice(0, 2000)}`);
}

export const describeFailure = ({ target, seed, memory, failure }: Report): string =>
  `${failure ?? `used ${memory} MiB`}\nagain: npm run -s test:robust -- --only ${target} --seed ${seed}\n`;
