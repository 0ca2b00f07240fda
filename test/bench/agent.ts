/**
 * npm run bench:agent: how punctual the checks of `lvsadm run` are, and whether its memory grows. The agent is a process of its own on
 * one processor, over an IPVS in memory; its servers, half of HTTP and half of TCP, are in this process.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { HealthReport } from '../../src/agent/reports/health-report.js';
import { askLine } from '../../src/system/network/line-socket.js';
import { checkout } from '../lab/paths.js';
import type { Usage } from './agent/run.js';
import { addressOf, Servers } from './agent/servers.js';
import { load } from './host.js';

/** Times in seconds. */
interface Case {
  readonly name: string;
  readonly servers: number;
  readonly every: number;
  readonly time: number;
  /** Servers that go down and come up again. */
  readonly flapping: number;
  /** Time between two collections of garbage, each followed by a look at the memory; 0: none. */
  readonly collect: number;
}

const cases: readonly Case[] = [
  { name: 'punctuality', servers: 2000, every: 1, time: 60, flapping: 0, collect: 0 },
  { name: 'memory', servers: 280, every: 1, time: 3600, flapping: 4, collect: 10 },
];

const usage = `npm run bench:agent -- [OPTION...]

  --only NAME   only this case: ${cases.map(({ name }) => name).join(' or ')}
  --time N      seconds of each case (default: ${cases.map(({ name, time }) => `${name} ${time}`).join(', ')})
`;

/** Seconds in which the runtime compiles what runs often; they are not measured. */
const WARM_UP = 10;

/** Servers of one service. */
const SERVICE = 100;

function documentOf({ servers, every }: Case, ports: { http: number; tcp: number }): string {
  const indexes = Array.from({ length: servers }, (_, index) => index);
  const services = indexes
    .filter((index) => index % SERVICE === 0)
    .map((first, number) => ({
      service: `tcp://192.0.2.${number + 1}:80`,
      servers: indexes.slice(first, first + SERVICE).map((index) => ({
        server: `${addressOf(index)}:${index % 2 === 0 ? ports.http : ports.tcp}`,
        method: 'nat',
        check: index % 2 === 0 ? { kind: 'http' } : { kind: 'tcp' },
      })),
    }));
  return JSON.stringify({ defaults: { check: { every: `${every}s`, jitter: '0%' } }, services });
}

interface Measurement {
  readonly delays: Float64Array;
  readonly checks: number;
  readonly usages: readonly Usage[];
  readonly punctuality: HealthReport['punctuality'];
}

async function measure(one: Case): Promise<Measurement> {
  const directory = mkdtempSync(join(tmpdir(), 'lvsadm-bench-'));
  const flapping = Array.from({ length: one.flapping }, (_, index) => addressOf(2 * index));
  const servers = new Servers(one.every * 1000, new Set(flapping));
  const document = join(directory, 'farm.json');
  writeFileSync(document, documentOf(one, await servers.start()));
  const agent = startAgent(directory, document, one.collect);
  const usages: Usage[] = [];
  agent.on('message', (usage: Usage) => usages.push(usage));
  try {
    await Promise.race([ended(agent), sleep(WARM_UP * 1000)]);
    servers.isNoting = true;
    await Promise.race([ended(agent), sleep(one.time * 1000)]);
    servers.isNoting = false;
    const { punctuality } = await askHealth(directory);
    return { delays: Float64Array.from(servers.delays).sort(), checks: servers.checks, usages, punctuality };
  } finally {
    if (agent.kill('SIGTERM')) await once(agent, 'exit');
    servers.stop();
    rmSync(directory, { recursive: true });
  }
}

const startAgent = (directory: string, document: string, collect: number): ChildProcess =>
  spawn(
    'taskset',
    [
      ...['--cpu-list', '0', process.execPath, '--expose-gc'],
      ...[join(checkout, 'build/test/bench/agent/run.js'), String(collect)],
      ...['run', '-f', document, '--take-over', '--state-dir', join(directory, 'state')],
    ],
    {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LVSADM_RUN: directory },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  );

/** @throws Error */
const ended = (agent: ChildProcess): Promise<never> =>
  new Promise((_, reject) => {
    agent.once('exit', (status) => reject(new Error(`the agent ended with status ${status}`)));
  });

async function askHealth(directory: string): Promise<HealthReport> {
  const name = readdirSync(directory).find((each) => each.endsWith('.agent.sock')) ?? 'agent.sock';
  return JSON.parse(await askLine(join(directory, name), '{"version":1}', 'ask the agent', 'it has ended'));
}

const MIB = 1024 * 1024;

function describe({ name, servers, every }: Case, measurement: Measurement): string {
  const { delays, checks, usages, punctuality } = measurement;
  const at = (share: number): string => (delays[Math.floor((delays.length - 1) * share)] ?? 0).toFixed(1);
  const lines = [
    `${name}: ${servers} servers each ${every} s, ${checks} checks`,
    `  late by: ${at(0.5)} ms p50, ${at(0.99)} ms p99, ${at(1)} ms at most, as the servers see it`,
    `  the agent counts ${punctuality.late} of ${punctuality.started} late, by at most ${punctuality.longestDelay.toFixed(1)} ms since its start`,
  ];
  const quarter = Math.floor(usages.length / 4);
  if (quarter === 0) return lines.join('\n');
  const least = (of: readonly Usage[], key: 'rss' | 'heap'): string =>
    (Math.min(...of.map((usage) => usage[key])) / MIB).toFixed(1);
  const [first, last] = [usages.slice(0, quarter), usages.slice(-quarter)];
  for (const key of ['rss', 'heap'] as const)
    lines.push(
      `  ${key}: at least ${least(first, key)} MiB in the first quarter, ${least(last, key)} in the last`,
    );
  return lines.join('\n');
}

async function main(words: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...words],
    options: { only: { type: 'string' }, time: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  const { only, time, help } = values;
  const chosen = cases.filter(({ name }) => only === undefined || name === only);
  if (chosen.length === 0) throw new TypeError(`no case is called '${only}'`);
  if (time !== undefined && !/^[1-9]\d*$/.test(time))
    throw new TypeError(`--time is '${time}': expected seconds`);
  if (help) process.stdout.write(usage);
  else
    for (const one of chosen) {
      const before = load();
      const measurement = await measure({ ...one, ...(time !== undefined && { time: Number(time) }) });
      process.stdout.write(
        `${describe(one, measurement)}\n  load average ${before} before, ${load()} after\n`,
      );
    }
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`bench:agent: ${(error as Error).message}\n`);
  if (error instanceof TypeError) process.stderr.write(usage);
  process.exitCode = error instanceof TypeError ? 2 : 70;
}
