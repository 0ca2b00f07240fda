// The lab as the tests use it: a command on a kernel with IPVS, wherever that kernel is.
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { LabCommand } from './command.js';
import { runInGuest } from './guest.js';
import { hasIpvs, runNatively } from './native.js';
import type { Accel } from './qemu.js';
import { readSettings, type Settings } from './settings.js';

export interface LabOptions {
  /** Program and arguments; it starts in the checkout, as root. */
  command: string[];
  /** Variables in addition to the lab's own few (environment.ts): the caller's do not leak. */
  env?: Record<string, string>;
  /** What the command reads; nothing by default. */
  stdin?: Readable;
  /** Where its output goes while it runs. Left out: into the result. */
  stdout?: Writable;
  stderr?: Writable;
  /** Of a guest, where LAB_CPUS does not say; 1 by default. */
  cpus?: number;
  /** Of a guest without KVM, where LAB_ACCEL does not say; tcg by default. */
  emulation?: Accel;
  /** Of a guest, in MiB; what it writes to its file system counts. */
  memory?: number;
  /** Instead of what the environment's LAB_ variables say. */
  settings?: Partial<Settings>;
}

export interface LabResult {
  /** The exit status, 128 + N when signal N ended the command. */
  status: number;
  /** What it printed; empty when the caller gave a stream. */
  stdout: Buffer;
  stderr: Buffer;
}

/**
 * Runs a command in the lab. Rejects with LabUnavailable when there can be no lab here, and with LabFailure when the exit
 * status is unknown: a panic, a hang, a timeout.
 */
export async function runInLab(options: LabOptions): Promise<LabResult> {
  const settings = { ...readSettings(process.env), ...options.settings };
  const stdout = options.stdout ?? new PassThrough();
  const stderr = options.stderr ?? new PassThrough();
  const collected = [collect(options.stdout, stdout), collect(options.stderr, stderr)] as const;
  const status = await runWhereIpvsIs({ ...options, settings, stdout, stderr }).finally(() => {
    if (!options.stdout) stdout.end();
    if (!options.stderr) stderr.end();
  });
  return { status, stdout: await collected[0], stderr: await collected[1] };
}

/** In a guest or on this machine. A kernel that was asked for by name is always a guest's. */
export async function runWhereIpvsIs(command: LabCommand): Promise<number> {
  const { guest, kernel } = command.settings;
  const native = guest === 'auto' ? kernel === undefined && (await hasIpvs()) : guest === 'never';
  return native ? runNatively(command) : runInGuest(command);
}

const collect = (given: Writable | undefined, stream: Writable): Promise<Buffer> =>
  given ? Promise.resolve(Buffer.alloc(0)) : buffer(stream as PassThrough);
