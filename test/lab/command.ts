import type { Readable, Writable } from 'node:stream';
import type { Accel } from './qemu.js';
import type { Settings } from './settings.js';

/** A command for the lab, whether a guest runs it or the machine itself. */
export interface LabCommand {
  command: string[];
  settings: Settings;
  /** Variables in addition to the lab's own. */
  env?: Record<string, string> | undefined;
  /** Left out: an empty input. */
  stdin?: Readable | undefined;
  stdout: Writable;
  stderr: Writable;
  /** The size of the caller's terminal, which becomes the command's; the streams are not used then. */
  terminal?: { rows: number; columns: number } | undefined;
  /** Of a guest, where the settings do not say; 2 by default. */
  cpus?: number | undefined;
  /** Of a guest without KVM, where LAB_ACCEL does not say; tcg by default. */
  emulation?: Accel | undefined;
  /** Of a guest, in MiB. */
  memory?: number | undefined;
}
