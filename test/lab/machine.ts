// One run of one guest: starts QEMU, carries the command's output, and ends it, whatever happens.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { lastLines } from './console.js';
import { LabFailure } from './errors.js';
import { type Job, jobScript } from './job.js';
import { consoleLog, type Hardware, type ports, qemuArguments } from './qemu.js';
import { StatusReader } from './status.js';

export interface Run {
  hardware: Omit<Hardware, 'directory' | 'interactive' | 'out'>;
  job: Job;
  stdin?: Readable | undefined;
  stdout: Writable;
  stderr: Writable;
  /** Seconds until the guest has to be up. */
  bootTimeout: number;
  /** Seconds until the command has to be over, counted from the start of the guest; 0: no limit. */
  timeout: number;
}

/** Runs the job in a guest; the command's exit status. Rejects with a LabFailure when the guest breaks down. */
export async function runMachine(run: Run): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'lvsadm-lab-'));
  const machine = new Machine(run, directory);
  const stopWatching = onInterrupt(() => machine.remove());
  try {
    return await machine.run();
  } finally {
    stopWatching();
    machine.remove();
  }
}

class Machine {
  private readonly status = new StatusReader();
  private readonly servers: Server[] = [];
  private qemu: ChildProcess | undefined;
  private failure: string | undefined;

  constructor(
    private readonly options: Run,
    private readonly directory: string,
  ) {}

  async run(): Promise<number> {
    const { job, hardware, bootTimeout, timeout } = this.options;
    writeFileSync(join(this.directory, 'job'), jobScript(job));
    const streams = this.connectPorts();
    const interactive = job.terminal !== undefined;
    const args = qemuArguments({ ...hardware, directory: this.directory, out: job.out, interactive });
    const terminal = interactive ? 'inherit' : 'ignore';
    // SIGKILL of this process, which nothing here could handle, ends the guest as well.
    this.qemu = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...args], {
      stdio: [terminal, terminal, 'pipe'],
    });
    const messages: Buffer[] = [];
    this.qemu.stderr?.on('data', (data) => messages.push(data));
    const timers = [
      this.deadline(bootTimeout, `the guest was not up within ${bootTimeout} s`, () => !this.status.booted),
      ...(timeout ? [this.deadline(timeout, `the command was not over within ${timeout} s`)] : []),
    ];
    try {
      const ended = once(this.qemu, 'close');
      streams.catch((error: Error) => this.fail(`lost the guest's output: ${error.message}`));
      await ended;
      for (const server of this.servers) server.close();
      if (this.status.exit !== undefined) await streams;
    } finally {
      for (const timer of timers) clearTimeout(timer);
    }
    if (this.failure === undefined && this.status.exit !== undefined) return this.status.exit;
    const reason = this.failure ?? 'the guest ended before its command';
    throw new LabFailure(reason, lastLines([this.console(), Buffer.concat(messages).toString()].join('\n')));
  }

  /** Listens where QEMU will connect; resolves when the guest has closed its output. */
  private async connectPorts(): Promise<void> {
    const { stdin, stdout, stderr } = this.options;
    const carry: Record<keyof typeof ports, (socket: Socket) => Promise<unknown>> = {
      status: (socket) => this.watchStatus(socket),
      stdout: (socket) => pipeline(socket, stdout, { end: false }),
      stderr: (socket) => pipeline(socket, stderr, { end: false }),
      // The end of the input has to reach the guest, a broken pipe of a command that does not read it is no error.
      stdin: async (socket) => stdin && pipeline(stdin, socket).catch(() => {}),
    };
    const carried = Object.entries(carry).map(async ([name, use]) => {
      const server = createServer();
      this.servers.push(server);
      server.listen(join(this.directory, name));
      const [socket] = (await once(server, 'connection')) as [Socket];
      const done = use(socket);
      if (name !== 'stdin') await done;
    });
    await Promise.all(carried);
  }

  private async watchStatus(socket: Socket): Promise<void> {
    for await (const data of socket) {
      this.status.read(String(data));
      // By now everything that the command printed is in the sockets. SIGTERM, so that QEMU restores the terminal.
      if (this.status.exit !== undefined) this.stop('SIGTERM');
    }
  }

  private deadline(seconds: number, reason: string, applies = () => true): NodeJS.Timeout {
    return setTimeout(() => applies() && this.fail(reason), seconds * 1000);
  }

  private fail(reason: string): void {
    this.failure ??= reason;
    this.stop('SIGKILL');
  }

  private stop(signal: NodeJS.Signals): void {
    this.qemu?.kill(signal);
  }

  private console(): string {
    try {
      return readFileSync(join(this.directory, consoleLog), 'utf8');
    } catch {
      return '';
    }
  }

  remove(): void {
    this.stop('SIGKILL');
    for (const server of this.servers) server.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Cleans up when this process is told to end, then lets the signal have its way. */
function onInterrupt(cleanUp: () => void): () => void {
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const handle = (signal: NodeJS.Signals) => {
    cleanUp();
    stop();
    process.kill(process.pid, signal);
  };
  const stop = () => {
    for (const signal of signals) process.off(signal, handle);
    process.off('exit', cleanUp);
  };
  for (const signal of signals) process.on(signal, handle);
  process.on('exit', cleanUp);
  return stop;
}
