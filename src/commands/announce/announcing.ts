/** The announcer over this machine's devices, with its memory. */
import { type AnnounceMemory, announceKind } from '../../agent/announce/announce-memory.js';
import { type AnnouncePorts, Announcer } from '../../agent/announce/announcer.js';
import type { Context } from '../../context.js';
import { type Clock, systemClock } from '../../system/clock.js';
import { bootId } from '../../system/files/run-dir.js';
import type { Options } from '../command.js';
import { StateFile } from '../run/state-file.js';
import { KernelAddresses } from './kernel-addresses.js';

export const lingerOption = {
  linger: {
    type: 'seconds',
    default: 10,
    describe: 'time for which an address that is withdrawn stays local on lo',
  },
} as const satisfies Options;

export interface AnnouncingOptions {
  /** The device that gets the addresses; undefined if none does. */
  readonly device: string | undefined;
  /** Seconds. */
  readonly linger: number;
  readonly stateDir: string | undefined;
}

export class Announcing {
  readonly announcer: Announcer;
  private readonly addresses: KernelAddresses;
  private readonly memory: StateFile<AnnounceMemory>;

  constructor(
    context: Context,
    private readonly options: AnnouncingOptions,
    ports: Pick<AnnouncePorts, 'clock' | 'tell' | 'fail'>,
  ) {
    const { device, linger, stateDir } = options;
    this.addresses = new KernelAddresses(context);
    this.memory = new StateFile(context, stateDir, announceKind(bootId(context.files)));
    const { memory } = this;
    this.announcer = new Announcer(
      { ...ports, addresses: this.addresses, remember: memory.write },
      { device, linger: linger * 1000 },
      memory.read(),
    );
  }

  /** Why it is not remembered what devices have; undefined if it is. */
  get problem(): string | undefined {
    return this.memory.problem;
  }

  /** Makes the device. @throws HostError if there is one of another kind */
  async prepare(): Promise<void> {
    const { device } = this.options;
    if (device !== undefined) await this.addresses.prepare(device);
  }

  async close(): Promise<void> {
    await this.announcer.stop();
    await this.addresses.close();
    await this.memory.idle();
  }
}

/** The clock of a process, and its timers. */
export const clockOf = ({ now }: Pick<Context, 'now'>): Clock => ({ ...systemClock, now });
