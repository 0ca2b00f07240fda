/**
 * Keeps the virtual addresses that are wanted, and no others, on a device that a routing daemon announces. An address that is not
 * wanted any more leaves that device at once, and stays local on lo for a while: packets that are under way still reach IPVS.
 */
import { LvsadmError } from '../../errors.js';
import type { Clock } from '../../system/clock.js';
import { STEP } from '../changed-services.js';
import type { AgentEvent } from '../reports/event.js';
import type { AnnounceMemory, LocalAddress } from './announce-memory.js';
import type { Vip } from './announced-vips.js';
import { type AddressPorts, OwnAddresses } from './own-addresses.js';

const LOOPBACK = 'lo';

export interface AnnouncePorts {
  readonly clock: Clock;
  readonly addresses: AddressPorts;
  /** Writes down what a restart needs to know. It is called before an address is added, and after one is removed. @returns why it is not written within `patience` ms */
  remember(memory: AnnounceMemory, patience?: number): Promise<string | undefined>;
  tell(event: AgentEvent): void;
  /** Called with an error that is a bug. */
  fail(error: unknown): void;
}

export interface AnnounceSettings {
  /** Undefined if no device is to have addresses: those of an earlier run are withdrawn then. */
  readonly device: string | undefined;
  /** Milliseconds for which an address stays on lo. */
  readonly linger: number;
}

/** Milliseconds for which an operator waits for the disk. */
const PATIENCE = 5000;

const BY_OPERATOR = 'withdrawn by lvsadm announce';

/** Does work; a failure is told, and tried again later. */
type Attempt = (work: () => Promise<void>) => Promise<void>;

export class Announcer {
  private vips: readonly Vip[] = [];
  private readonly own: OwnAddresses;
  private isHeld: boolean;
  /** When addresses leave lo, on the clock. */
  private readonly ends = new Map<string, number>();
  /** Problems that were told, and still hold. */
  private problems: ReadonlySet<string> = new Set();
  private hasBeenComplete = false;
  /** Whether the documents have been taken: before, no address is known to be unwanted. */
  private isSettled = false;
  private isDue = false;
  private isWorking = false;
  private isOver = false;
  private work: Promise<void> = Promise.resolve();
  private cancelTimer = (): void => {};

  /** @param memory of an earlier run. What it left on lo lingers once more, for nobody knows since when it does. */
  constructor(
    private readonly ports: AnnouncePorts,
    private readonly settings: AnnounceSettings,
    memory: AnnounceMemory,
  ) {
    this.own = new OwnAddresses(ports.addresses, memory.own, () => this.remember());
    this.isHeld = memory.isWithdrawn;
  }

  get device(): string | undefined {
    return this.settings.device;
  }

  /** Whether an operator has withdrawn all addresses. */
  get isWithdrawn(): boolean {
    return this.isHeld;
  }

  /** Whether the services of all addresses have been in the table completely. */
  get isReady(): boolean {
    return this.hasBeenComplete;
  }

  /** Whether devices have yet to follow. */
  get isBusy(): boolean {
    return this.isDue || this.isWorking;
  }

  /** The virtual addresses, as they are to be announced now. */
  get addresses(): readonly Vip[] {
    return this.isHeld
      ? this.vips.map((vip) => ({ ...vip, isWanted: false, reason: BY_OPERATOR }))
      : this.vips;
  }

  /** Addresses that lvsadm has put on devices. */
  get ownAddresses(): readonly LocalAddress[] {
    return this.own.all;
  }

  /** Addresses to which clients may still be led: of devices, and those that were withdrawn less than the linger time ago. */
  get inUse(): ReadonlySet<string> {
    const now = this.ports.clock.now();
    const late = [...this.ends].flatMap(([address, end]) => (end > now ? [address] : []));
    return new Set([...this.ownAddresses.map(({ address }) => address), ...late]);
  }

  has(address: LocalAddress): boolean {
    return this.own.isPresent(address);
  }

  settle(vips: readonly Vip[]): void {
    const wanted = new Set(this.vips.filter(({ isWanted }) => isWanted).map(({ address }) => address));
    const isEarly = ({ address, isWanted, isComplete }: Vip): boolean =>
      isWanted === true && !isComplete && !wanted.has(address);
    this.vips = vips.map((vip) =>
      isEarly(vip)
        ? { ...vip, isWanted: undefined, reason: 'the kernel has not taken all of its services' }
        : vip,
    );
    this.hasBeenComplete ||= vips.every(({ isComplete }) => isComplete);
    this.isSettled = true;
    this.converge();
  }

  /** Withdraws all addresses, or ends that. It outlives the process. @returns why it will not; it is done all the same */
  hold(isWithdrawn: boolean): Promise<string | undefined> {
    this.isHeld = isWithdrawn;
    const remembered = this.remember(PATIENCE);
    this.converge();
    return remembered;
  }

  /** Ends timers. Addresses stay where they are. */
  async stop(): Promise<void> {
    this.isOver = true;
    this.cancelTimer();
    await this.work;
  }

  /** Makes the devices follow, when the work that goes on is done. */
  private converge(): void {
    if (this.isDue) return;
    this.isDue = true;
    this.work = this.work.then(async () => {
      this.isDue = false;
      if (this.isOver || !(this.isSettled || this.isHeld)) return;
      this.isWorking = true;
      await this.pass();
      this.isWorking = false;
    });
    this.work.catch(this.ports.fail);
  }

  private async pass(): Promise<void> {
    this.cancelTimer();
    const failures = new Set<string>();
    const attempt: Attempt = async (work) => {
      try {
        await work();
      } catch (error) {
        if (!(error instanceof LvsadmError)) throw error;
        failures.add(error.message);
      }
    };
    await attempt(() => this.follow(attempt));
    const problems = new Set([...failures, ...this.strangers()]);
    for (const reason of problems)
      if (!this.problems.has(reason)) this.ports.tell({ event: 'problem', reason });
    this.problems = problems;
    this.wake(failures.size > 0);
  }

  private async follow(attempt: Attempt): Promise<void> {
    const { device } = this.settings;
    if (device === undefined && this.ownAddresses.length === 0) return;
    await this.own.look(new Set(this.vips.map(({ address }) => address)));
    const vips = new Map(this.addresses.map((vip) => [vip.address, vip]));
    const stays = (each: LocalAddress): boolean =>
      each.device === device && (vips.get(each.address) ?? { isWanted: false }).isWanted !== false;
    for (const each of this.ownAddresses)
      if (each.device !== LOOPBACK && !stays(each))
        await attempt(() => this.withdraw(each, vips.get(each.address)));
    const wanted = this.addresses.filter(({ isWanted }) => isWanted);
    if (device !== undefined && wanted.length > 0)
      await attempt(async () => {
        await this.ports.addresses.prepare(device);
        for (const vip of wanted) await attempt(() => this.announce({ address: vip.address, device }, vip));
      });
    await this.endLingering(attempt);
  }

  private async announce(added: LocalAddress, { reason }: Vip): Promise<void> {
    if (!this.has(added) && (await this.own.add(added)))
      this.ports.tell({ event: 'vip', vip: added.address, to: 'announced', reason });
  }

  private async withdraw(gone: LocalAddress, vip: Vip | undefined): Promise<void> {
    const { address } = gone;
    const { linger } = this.settings;
    if (linger > 0 && !this.own.isElsewhere(gone)) await this.own.add({ address, device: LOOPBACK });
    // Before: a removal that fails may have been one all the same.
    this.ends.set(address, this.ports.clock.now() + linger);
    await this.own.remove(gone);
    const reason = vip?.reason ?? (this.isHeld ? BY_OPERATOR : 'the documents do not have it');
    this.ports.tell({ event: 'vip', vip: address, to: 'withdrawn', reason });
  }

  private async endLingering(attempt: Attempt): Promise<void> {
    const now = this.ports.clock.now();
    for (const each of this.lingering) {
      const end = this.ends.get(each.address) ?? now + this.settings.linger;
      this.ends.set(each.address, end);
      if (end <= now) await attempt(() => this.own.remove(each));
    }
  }

  private get lingering(): readonly LocalAddress[] {
    return this.ownAddresses.filter(({ device }) => device === LOOPBACK);
  }

  /** Addresses on the device that are not wanted, and not ours to remove. */
  private strangers(): string[] {
    const { device } = this.settings;
    if (device === undefined) return [];
    return this.addresses
      .filter(({ address, isWanted }) => isWanted === false && this.has({ address, device }))
      .filter(({ address }) => !this.own.has({ address, device }))
      .map(({ address }) => `${address} stays on ${device}: lvsadm has not put it there`);
  }

  /** Converges again when an address is to leave lo; after a failure a moment later, as it may be about an address that is late. */
  private wake(hasFailed: boolean): void {
    const { clock } = this.ports;
    const now = clock.now();
    const pauses = this.lingering.map(({ address }) => (this.ends.get(address) ?? now) - now);
    const pause = hasFailed ? STEP : Math.min(...pauses);
    if (pause < Number.POSITIVE_INFINITY && !this.isOver)
      this.cancelTimer = clock.after(Math.max(0, pause), () => this.converge());
  }

  private remember(patience?: number): Promise<string | undefined> {
    return this.ports.remember({ own: this.ownAddresses, isWithdrawn: this.isHeld }, patience);
  }
}
