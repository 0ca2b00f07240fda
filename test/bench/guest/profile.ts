/** Runs a program under its runtime's profiler, from modules that have kept their names. */
import { chmodSync, copyFileSync, cpSync, existsSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findBun } from '../../../scripts/build/bun.js';
import { checkout } from '../../lab/paths.js';
import type { Frame } from '../program.js';
import type { World } from './world.js';

export type Profiled = 'node' | 'standalone';

/** Microseconds. */
const interval = 1000;

const entries = { node: 'bin/lvsadm.js', standalone: 'bin/lvsadm-standalone.js' };

/** How to start the program so that it writes what it did to a file. */
export function underProfiler(world: World, program: Profiled, file: string): string[] {
  const runtime = program === 'node' ? world.path('node') : bun(world);
  const modules = world.path('build');
  if (!existsSync(modules)) {
    for (const part of ['bin', 'src'])
      cpSync(join(checkout, 'build', part), join(modules, part), { recursive: true });
    writeFileSync(join(modules, 'package.json'), '{ "type": "module" }\n');
  }
  return [
    runtime,
    '--cpu-prof',
    `--cpu-prof-interval=${interval}`,
    `--cpu-prof-dir=${world.directory}`,
    `--cpu-prof-name=${file}`,
    join(modules, entries[program]),
  ];
}

function bun(world: World): string {
  const path = world.path('bun');
  if (existsSync(path)) return path;
  copyFileSync(findBun() ?? '', path);
  chmodSync(path, 0o755);
  return path;
}

/** What Node and Bun write, as far as it matters here. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly children?: readonly number[];
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
      readonly columnNumber: number;
    };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

type Call = CpuProfile['nodes'][number]['callFrame'];

/** Runs while a module is loaded: what it does then, or the runtime's loader. */
const loads = ({ url, functionName, lineNumber, columnNumber }: Call): boolean =>
  /^node:internal\/(modules|bootstrap|main|process)/.test(url) ||
  (url !== '' && (functionName === url || (lineNumber === 0 && columnNumber === 0)));

/** The time that was spent in each function itself. What belongs to no file, such as `map`, is its caller's. */
export async function framesOf(path: string): Promise<Frame[]> {
  const { nodes, samples, timeDeltas }: CpuProfile = JSON.parse(await readFile(path, 'utf8'));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  /** Of a function and those that called it, the first of which this is so. */
  const first = (id: number | undefined, so: (call: Call) => boolean): Call | undefined => {
    const call = id === undefined ? undefined : byId.get(id)?.callFrame;
    return call === undefined || so(call) ? call : first(parents.get(id as number), so);
  };
  const frameOf = (id: number, call: Call): Omit<Frame, 'time'> => {
    const { url: file, functionName: name } = first(id, ({ url }) => url !== '') ?? call;
    const reason = first(id, (each) => loads(each) || each.url.startsWith('file:'));
    return { file, name, loading: reason !== undefined && loads(reason) };
  };
  const known = new Map(nodes.map(({ id, callFrame }) => [id, frameOf(id, callFrame)]));
  const frames = new Map<string, Frame>();
  samples.forEach((id, index) => {
    const frame = known.get(id);
    if (frame === undefined || frame.name === '(idle)') return;
    const key = Object.values(frame).join(' ');
    const time = (frames.get(key)?.time ?? 0) + (timeDeltas[index] ?? 0);
    frames.set(key, { ...frame, time });
  });
  return [...frames.values()];
}
