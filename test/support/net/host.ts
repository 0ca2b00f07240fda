// A host: a network namespace, and the processes that were started in it.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from './agent.js';
import { Capture } from './capture.js';
import type { Sysctls } from './plan.js';
import { attempt, ip, type Result, type RunOptions, run } from './run.js';

/** A fixed script: reads "path value" lines. The shell's own words only, so that it costs one process. */
const writeSysctls = 'while read -r path value; do echo "$value" >"/proc/sys/$path" || exit 1; done';

export class Host {
  private readonly processes = new Set<ChildProcess>();
  private started: Promise<Agent> | undefined;

  constructor(
    readonly name: string,
    readonly namespace: string,
  ) {}

  /** What a program prints that runs on this host. Rejects when it fails. */
  run(file: string, args: string[], options?: RunOptions): Promise<string> {
    return run(...this.entering(file, args), options);
  }

  /** Like run, for programs that may fail. */
  attempt(file: string, args: string[], options?: RunOptions): Promise<Result> {
    return attempt(...this.entering(file, args), options);
  }

  /** Carries out lines in the words of ip(8). */
  ip(lines: readonly string[]): Promise<void> {
    return ip(this.namespace, lines);
  }

  async sysctl(values: Sysctls): Promise<void> {
    const lines = Object.entries(values).map(([name, value]) => `${name.replaceAll('.', '/')} ${value}\n`);
    if (lines.length > 0) await this.run('sh', ['-c', writeSysctls], { input: lines.join('') });
  }

  /** Starts a program that lives as long as the network, or until it is ended. */
  start(file: string, args: string[], options: SpawnOptions): ChildProcess {
    const child = spawn(...this.entering(file, args), options);
    this.processes.add(child);
    child.once('close', () => this.processes.delete(child));
    return child;
  }

  /** This host's agent: serves, asks, and administers IPVS here. Started when first asked for. */
  agent(): Promise<Agent> {
    this.started ??= Agent.start(this);
    return this.started;
  }

  /** Records the packets of an interface. */
  capture(device: string): Promise<Capture> {
    return Capture.start(this, device);
  }

  /** Ends what was started here. */
  async stop(): Promise<void> {
    const ends = [...this.processes].map(async (child) => {
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    });
    await Promise.all(ends);
  }

  /** nsenter becomes the program: the process id is the program's. */
  private entering(file: string, args: string[]): [string, string[]] {
    return ['nsenter', [`--net=/run/netns/${this.namespace}`, '--', file, ...args]];
  }
}
