/** What announcing has to know after a restart: the addresses that it put on devices, and whether an operator has withdrawn all. */
import type { StateKind } from '../../system/files/state-kind.js';

/** An address on a device, alone: its prefix is /32 or /128. */
export interface LocalAddress {
  readonly address: string;
  readonly device: string;
}

export interface AnnounceMemory {
  /** Those that lvsadm added. All others belong to somebody else. */
  readonly own: readonly LocalAddress[];
  /** Nothing is announced until the operator says so, whatever the quorums are. */
  readonly isWithdrawn: boolean;
}

/** What stands in the file: a reboot takes the addresses from the devices. */
interface StoredMemory extends AnnounceMemory {
  readonly boot: string | undefined;
}

/** @param boot that the machine is in */
export const announceKind = (boot: string | undefined): StateKind<AnnounceMemory> => ({
  name: 'announce',
  empty: { own: [], isWithdrawn: false },
  parse(value) {
    const { own, isWithdrawn, boot: before } = value as StoredMemory;
    const isValid = own.every(({ address, device }) =>
      [address, device].every((each) => typeof each === 'string'),
    );
    if (!isValid) throw new Error('it holds no addresses');
    return { own: before === boot ? own : [], isWithdrawn: isWithdrawn === true };
  },
  format: ({ own, isWithdrawn }): StoredMemory => ({ boot, own, isWithdrawn }),
  loss: 'addresses that an earlier run announced stay on their device',
  expendable: true,
  outlivesBoot: true,
});
