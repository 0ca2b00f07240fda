/** `lvsadm status --probe`: the masters whose sync messages this machine hears. */
import type { MachineFacts } from '../../doctor/facts/facts.js';
import { HostError } from '../../errors.js';
import { readSyncMessage } from '../../ipvs/sync-message.js';
import { familyOf } from '../../model/address.js';
import { type Daemon, multicastOf } from '../../model/daemon.js';
import { listenToGroups, type MulticastGroup } from '../../system/network/multicast.js';

export interface Heard {
  readonly groups: readonly MulticastGroup[];
  /** Interfaces of daemons that have no address to join a group by. */
  readonly unjoined: readonly string[];
  /** Seconds. */
  readonly time: number;
  readonly masters: readonly HeardMaster[];
  /** Messages of further masters, of which there is no row. */
  readonly further: number;
  /** Datagrams that are no sync messages. */
  readonly others: number;
}

/** A sender and a syncid. */
export interface HeardMaster {
  readonly address: string;
  readonly syncId: number;
  readonly version: 0 | 1;
  readonly messages: number;
  /** Sum over the messages: a connection is in many of them. */
  readonly connections: number;
}

type Link = Pick<Daemon, 'interface' | 'group' | 'port'>;
type Addresses = Pick<MachineFacts, 'ipvs' | 'addresses'>;

/**
 * The groups to listen to: those of the daemons, or the kernel's default one on each of these interfaces.
 * @throws HostError for one of these interfaces without an address to join by
 */
export function groupsOf(machine: Addresses, interfaces: readonly string[]): MulticastGroup[] {
  const daemons: readonly Link[] =
    interfaces.length > 0 ? interfaces.map((name) => ({ interface: name })) : (machine.ipvs?.daemons ?? []);
  const groups = new Map<string, MulticastGroup>();
  for (const daemon of daemons) {
    const { group, port } = multicastOf(daemon);
    const { interface: name } = daemon;
    const address = joinAddress(daemon, machine);
    if (address === undefined && familyOf(group) === 'inet') {
      // The daemons run all the same; status tells.
      if (interfaces.length === 0) continue;
      throw new HostError(
        `listen to ${group} on ${name}`,
        'the interface does not exist or has no IPv4 address',
      );
    }
    const key = `${group} ${port}`;
    const links = (groups.get(key)?.links ?? []).filter((link) => link.name !== name);
    groups.set(key, { address: group, port, links: [...links, { name, address }] });
  }
  return [...groups.values()];
}

/** The interface's address of the group's family. */
const joinAddress = (daemon: Link, { addresses }: Addresses): string | undefined =>
  addresses.find(
    ({ device, address }) =>
      device === daemon.interface && familyOf(address) === familyOf(multicastOf(daemon).group),
  )?.address;

/** The interfaces of daemons that {@link groupsOf} leaves out: IPv4 joins a group by an address. */
export const unjoinedOf = (machine: Addresses): string[] =>
  (machine.ipvs?.daemons ?? [])
    .filter((daemon) => familyOf(multicastOf(daemon).group) === 'inet')
    .filter((daemon) => joinAddress(daemon, machine) === undefined)
    .map((daemon) => daemon.interface);

/** Listens until `wait` resolves. @param now milliseconds. @throws HostError */
export async function listen(
  groups: readonly MulticastGroup[],
  now: () => number,
  wait: () => Promise<void>,
): Promise<Omit<Heard, 'unjoined'>> {
  const tally = new Tally();
  const stop = await listenToGroups(groups, (bytes, sender) => tally.count(bytes, sender));
  const start = now();
  try {
    if (groups.length > 0) await wait();
  } finally {
    stop();
  }
  const time = Math.round((now() - start) / 100) / 10;
  const { masters, further, others } = tally;
  return { groups, time, masters, further, others };
}

/** Masters that are counted each: addresses of senders can be forged. */
const MASTERS = 100;

/** Counts messages by their sender and syncid. */
export class Tally {
  private readonly counts = new Map<string, HeardMaster>();
  further = 0;
  others = 0;

  count(bytes: Uint8Array, address: string): void {
    const message = readSyncMessage(bytes);
    if (message === undefined) {
      this.others++;
      return;
    }
    const { syncId, version } = message;
    const key = `${address} ${syncId} ${version}`;
    const before = this.counts.get(key);
    if (before === undefined && this.counts.size >= MASTERS) {
      this.further++;
      return;
    }
    const { messages, connections } = before ?? { messages: 0, connections: 0 };
    this.counts.set(key, {
      ...{ address, syncId, version },
      messages: messages + 1,
      connections: connections + message.connections,
    });
  }

  get masters(): HeardMaster[] {
    return [...this.counts.values()];
  }
}
