/** The addresses that lvsadm has put on devices. Those of others are never removed. */
import type { LocalAddress } from './announce-memory.js';

export interface PresentAddress extends LocalAddress {
  /** Whether it stands alone, as /32 or /128, on a device that the agent has made (default: no). */
  readonly isMarked?: boolean;
}

/** Addresses of this machine's devices. Errors are LvsadmErrors. */
export interface AddressPorts {
  /** Those of all devices. */
  read(): Promise<readonly PresentAddress[]>;
  /** Makes the device if it is not there, which marks it, and switches it on. */
  prepare(device: string): Promise<void>;
  /** @returns false if the device has the address already */
  add(added: LocalAddress): Promise<boolean>;
  /** Does nothing if the device does not have the address. */
  remove(gone: LocalAddress): Promise<void>;
}

const keyOf = ({ address, device }: LocalAddress): string => `${address} ${device}`;

export class OwnAddresses {
  private readonly own: Map<string, LocalAddress>;
  /** What devices have, as far as is known. */
  private present = new Set<string>();

  /**
   * @param own of an earlier run
   * @param remember is called before an address is added, and after one is removed
   */
  constructor(
    private readonly ports: AddressPorts,
    own: readonly LocalAddress[],
    private readonly remember: () => Promise<unknown>,
  ) {
    this.own = new Map(own.map((each) => [keyOf(each), each]));
  }

  get all(): readonly LocalAddress[] {
    return [...this.own.values()];
  }

  has(address: LocalAddress): boolean {
    return this.own.has(keyOf(address));
  }

  /** Whether the device has it, whoever put it there. */
  isPresent(address: LocalAddress): boolean {
    return this.present.has(keyOf(address));
  }

  /** Whether another device has the address, too. */
  isElsewhere(gone: LocalAddress): boolean {
    return [...this.present].some((key) => key.startsWith(`${gone.address} `) && key !== keyOf(gone));
  }

  /**
   * Finds what is there. What somebody else has removed is not ours any more. What the documents have on a device that the agent has made
   * is, also if the memory of it was lost.
   * @param documented the virtual addresses of the documents
   */
  async look(documented: ReadonlySet<string>): Promise<void> {
    const found = await this.ports.read();
    this.present = new Set(found.map(keyOf));
    const lost = [...this.own.keys()].filter((key) => !this.present.has(key));
    for (const key of lost) this.own.delete(key);
    const forgotten = found.filter(
      (each) => each.isMarked && documented.has(each.address) && !this.own.has(keyOf(each)),
    );
    for (const { address, device } of forgotten)
      this.own.set(keyOf({ address, device }), { address, device });
    if (lost.length + forgotten.length > 0) await this.remember();
  }

  /** Remembered first: an address that nobody remembers would stay. @returns false if it is somebody else's */
  async add(added: LocalAddress): Promise<boolean> {
    const key = keyOf(added);
    this.own.set(key, added);
    await this.remember();
    const isNew = await this.ports.add(added);
    this.present.add(key);
    if (!isNew) {
      this.own.delete(key);
      await this.remember();
    }
    return isNew;
  }

  async remove(gone: LocalAddress): Promise<void> {
    const key = keyOf(gone);
    await this.ports.remove(gone);
    this.present.delete(key);
    this.own.delete(key);
    await this.remember();
  }
}
