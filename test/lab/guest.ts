// A command in a guest with a kernel of its own.
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { chooseAccel } from './accel.js';
import { labEnvironment } from './environment.js';
import { GuestFailure, LabUnavailable } from './errors.js';
import { findInitramfs } from './initramfs.js';
import type { Job } from './job.js';
import { findKernel } from './kernel.js';
import { runMachine } from './machine.js';
import { ensurePackages, guestNeeds, suiteNeeds } from './packages.js';
import { cacheDirectory, checkout } from './paths.js';
import type { Accel } from './qemu.js';
import type { Settings } from './settings.js';

export interface GuestOptions {
  command: string[];
  settings: Settings;
  /** Variables in addition to the lab's own. */
  env?: Record<string, string> | undefined;
  stdin?: Readable | undefined;
  stdout: Writable;
  stderr: Writable;
  /** The size of the caller's terminal, which becomes the command's; the streams are not used then. */
  terminal?: { rows: number; columns: number } | undefined;
  cpus?: number | undefined;
  /** MiB. */
  memory?: number | undefined;
}

/** Seconds: generous, because the machine may be busy and the guest emulated. */
const bootTimeout = 120;

/**
 * Runs a command in a guest; its exit status, 128 + N when signal N ended it. Rejects with LabUnavailable where no
 * guest can be had, and with GuestFailure when the guest breaks down.
 */
export async function runInGuest(options: GuestOptions): Promise<number> {
  if (process.arch !== 'x64')
    throw new LabUnavailable(`the guest is an x86-64 machine, this one is ${process.arch}`);
  await ensurePackages([...guestNeeds, ...suiteNeeds]);
  const { settings, terminal } = options;
  const kernel = await findKernel(settings.kernel);
  const initramfs = await findInitramfs(kernel);
  const hardware = {
    image: kernel.image,
    initramfs,
    cpus: options.cpus ?? 2,
    memory: options.memory ?? 3072,
  };
  const job: Job = {
    command: options.command,
    env: { ...labEnvironment(process.env, kernel.release), ...options.env },
    directory: checkout,
    kernel,
    out: settings.out && realpathSync(resolve(settings.out)),
    stdin: options.stdin !== undefined,
    terminal,
    freshRun: ![checkout, cacheDirectory, tmpdir()].some((path) => realpathSync(path).startsWith('/run/')),
  };
  const probe = async (seconds: number): Promise<boolean> => {
    const nothing = new PassThrough().resume();
    const command = { ...job, command: ['true'], terminal: undefined, stdin: false };
    const run = {
      hardware: { ...hardware, accel: 'kvm' as const },
      job: command,
      stdout: nothing,
      stderr: nothing,
    };
    return runMachine({ ...run, bootTimeout: seconds, timeout: seconds }).then(
      (status) => status === 0,
      (error) => {
        if (error instanceof GuestFailure) return false;
        throw error;
      },
    );
  };
  const accel: Accel = settings.accel === 'auto' ? await chooseAccel(kernel.image, probe) : settings.accel;
  return runMachine({
    ...options,
    hardware: { ...hardware, accel },
    job,
    bootTimeout,
    timeout: terminal ? 0 : settings.timeout,
  });
}
