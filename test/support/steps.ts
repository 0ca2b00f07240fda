/**
 * The effects of a process on its machine, counted: requests to the kernel that change something, and changes of files. A process is
 * interrupted at one of them, so that every moment of its work is tried, whatever the time that it takes.
 */
import type { NetlinkSocket, OpenSocket } from '../../src/netlink/transport/socket.js';
import { Protocol } from '../../src/netlink/transport/socket.js';
import type { Files } from '../../src/system/files/files.js';
import { changesIn, withSend } from './changes.js';
import { readMessages } from './wire.js';

/** What calls of a process end in that was killed. */
export class Killed extends Error {
  override name = 'Killed';
}

export class Steps {
  /** Effects so far. */
  count = 0;
  private killed = false;

  /** @param at effects that happen before `interrupt` is called; it may kill the process, or let others work for a while */
  constructor(
    private readonly at: number,
    private readonly interrupt: (steps: Steps) => Promise<void> | void,
  ) {}

  get isKilled(): boolean {
    return this.killed;
  }

  /** Called before each effect. @throws Killed */
  take(): Promise<void> | void {
    this.live();
    if (this.count++ !== this.at) return;
    const pause = this.interrupt(this);
    this.live();
    return pause;
  }

  /** No effect of the process happens from now on. */
  kill(): void {
    this.killed = true;
  }

  /** @throws Killed */
  live(): void {
    if (this.killed) throw new Killed(`at step ${this.at}`);
  }
}

const errnos = { ENOSPC: -28, EROFS: -30 } as const;

/** Changes of files that fail from a step on, each half done: the disk is full, or the directory became read-only. */
export function failingFrom(step: number, code: keyof typeof errnos): Steps {
  const steps = new Steps(step, () => {});
  steps.take = () => {
    if (steps.count++ >= step) throw Object.assign(new Error(code), { code, errno: errnos[code] });
  };
  return steps;
}

/** A process that nothing interrupts, for counting. */
export const uninterrupted = (): Steps => new Steps(-1, () => {});

/** Where each request of rtnetlink that changes something begins; the second bit of a type alone is a GET (linux/rtnetlink.h). */
function routeChangesIn(datagram: Uint8Array): number[] {
  const [message] = readMessages(datagram.slice());
  return message !== undefined && (message.type & 3) !== 2 ? [0] : [];
}

/** Of a datagram in which the process is killed, the kernel carries out the requests before. */
export const countedSockets =
  (open: OpenSocket, steps: Steps): OpenSocket =>
  async (protocol) => {
    const socket = await open(protocol);
    const starts = protocol === Protocol.route ? routeChangesIn : changesIn;
    return withSend(socket, (bytes) => sendCounted(socket, bytes, starts(bytes), steps));
  };

async function sendCounted(
  socket: NetlinkSocket,
  bytes: Uint8Array,
  starts: readonly number[],
  steps: Steps,
): Promise<void> {
  steps.live();
  for (const start of starts) {
    try {
      await steps.take();
    } catch (error) {
      if (start > 0) await socket.send(bytes.subarray(0, start));
      throw error;
    }
  }
  await socket.send(bytes);
}

/** The locks of files that are open. A process that would have to wait does not get its lock: its holder is stopped. */
export class FileLocks {
  private readonly paths = new Map<number, string>();
  private readonly holders = new Map<string, number>();

  opened(descriptor: number, path: string): void {
    this.paths.set(descriptor, path);
  }

  lock(descriptor: number): boolean {
    const path = this.paths.get(descriptor) ?? '';
    const holder = this.holders.get(path) ?? descriptor;
    if (holder === descriptor) this.holders.set(path, descriptor);
    return holder === descriptor;
  }

  closed(descriptor: number): void {
    const path = this.paths.get(descriptor) ?? '';
    if (this.holders.get(path) === descriptor) this.holders.delete(path);
  }
}

/**
 * In a write during which the process is killed, half of the bytes are written; a setting of the kernel is set or it is not.
 * @param locks in memory, in place of the kernel's
 * @param settings of changes below /proc/sys, which is never full
 */
export function countedFiles<F extends Files>(
  files: F,
  steps: Steps,
  locks?: FileLocks,
  settings: Steps = steps,
): F {
  const { O_CREAT } = files.constants;
  /** Descriptors of settings. */
  const ofSettings = new Set<number>();
  return {
    ...files,
    openSync(path, flags, mode) {
      if (flags & O_CREAT) steps.take();
      const descriptor = files.openSync(path, flags, mode);
      locks?.opened(descriptor, path);
      if (path.startsWith('/proc/sys/')) ofSettings.add(descriptor);
      return descriptor;
    },
    closeSync(descriptor) {
      locks?.closed(descriptor);
      ofSettings.delete(descriptor);
      files.closeSync(descriptor);
    },
    writeSync(descriptor, bytes) {
      if (ofSettings.has(descriptor)) {
        settings.take();
        return files.writeSync(descriptor, bytes);
      }
      try {
        steps.take();
      } catch (error) {
        files.writeSync(descriptor, bytes.subarray(0, bytes.length / 2));
        throw error;
      }
      return files.writeSync(descriptor, bytes);
    },
    // What a killed process has written is with the kernel.
    fsyncSync: () => {},
    ftruncateSync(descriptor, length) {
      steps.take();
      files.ftruncateSync(descriptor, length);
    },
    renameSync(from, to) {
      steps.take();
      files.renameSync(from, to);
    },
    unlinkSync(path) {
      steps.take();
      files.unlinkSync(path);
    },
    rmdirSync(path) {
      steps.take();
      files.rmdirSync(path);
    },
    symlinkSync(target, path) {
      steps.take();
      files.symlinkSync(target, path);
    },
    mkdirSync(path, how) {
      steps.take();
      return files.mkdirSync(path, how);
    },
    ...(locks && { flock: async (descriptor) => locks.lock(descriptor) }),
  };
}
