// A command in a guest with a kernel of its own.
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { PassThrough } from 'node:stream';
import { chooseAccel } from './accel.js';
import type { LabCommand } from './command.js';
import { labEnvironment } from './environment.js';
import { LabFailure, LabUnavailable } from './errors.js';
import { findInitramfs } from './initramfs.js';
import type { Job } from './job.js';
import { findKernel } from './kernel.js';
import { runMachine } from './machine.js';
import { ensurePackages, guestNeeds, suiteNeeds } from './packages.js';
import { cacheDirectory, checkout } from './paths.js';
import type { Accel } from './qemu.js';

/** Seconds: generous, because the machine may be busy and the guest emulated. */
const bootTimeout = 120;

/**
 * Runs a command in a guest; its exit status, 128 + N when signal N ended it. Rejects with LabUnavailable where no
 * guest can be had, and with LabFailure when the guest breaks down.
 */
export async function runInGuest(options: LabCommand): Promise<number> {
  if (process.arch !== 'x64')
    throw new LabUnavailable(`the guest is an x86-64 machine, this one is ${process.arch}`);
  await ensurePackages([...guestNeeds, ...suiteNeeds]);
  const { settings, terminal } = options;
  const kernel = await findKernel(settings.kernel ?? 'stable');
  const initramfs = await findInitramfs(kernel);
  const hardware = {
    image: kernel.image,
    initramfs,
    cpus: options.settings.cpus ?? options.cpus ?? 1,
    memory: options.memory ?? 3072,
  };
  const job: Job = {
    command: options.command,
    env: {
      ...labEnvironment(process.env, { release: kernel.release, out: settings.out }),
      // So that a suite can tell: a guest's clock may be set.
      LAB_GUEST: 'always',
      ...options.env,
    },
    directory: checkout,
    kernel,
    out: settings.out,
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
        if (error instanceof LabFailure) return false;
        throw error;
      },
    );
  };
  const chosen: Accel = settings.accel === 'auto' ? await chooseAccel(kernel.image, probe) : settings.accel;
  const accel = settings.accel === 'auto' && chosen === 'tcg' ? (options.emulation ?? chosen) : chosen;
  return runMachine({
    ...options,
    hardware: { ...hardware, accel },
    job,
    bootTimeout,
    timeout: terminal ? 0 : settings.timeout,
  });
}
