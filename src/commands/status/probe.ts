/** `lvsadm status --probe`: the masters whose sync messages this machine hears. */
import type { MachineFacts } from '../../doctor/facts/facts.js';
import { HostError } from '../../errors.js';
import { readSyncMessage } from '../../ipvs/sync-message.js';
import { familyOf } from '../../model/address.js';
import { type Daemon, multicastOf } from '../../model/daemon.js';
import { listenToGroup, type MulticastGroup } from '../../system/multicast.js';

export interface Heard {
  readonly groups: readonly MulticastGroup[];
  /** Seconds. */
  readonly time: number;
  readonly masters: readonly HeardMaster[];
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

/**
 * The groups to listen to: those of the daemons, or the kernel's default one on each of these interfaces.
 * @throws HostError for a link without an address to join by
 */
export function groupsOf(
  { ipvs, addresses }: Pick<MachineFacts, 'ipvs' | 'addresses'>,
  interfaces: readonly string[],
): MulticastGroup[] {
  const daemons: readonly Pick<Daemon, 'interface' | 'group' | 'port'>[] =
    interfaces.length > 0 ? interfaces.map((name) => ({ interface: name })) : (ipvs?.daemons ?? []);
  const groups = new Map<string, MulticastGroup>();
  for (const daemon of daemons) {
    const { group, port } = multicastOf(daemon);
    const { interface: name } = daemon;
    const family = familyOf(group);
    const address = addresses.find((own) => own.device === name && familyOf(own.address) === family)?.address;
    if (address === undefined && family === 'inet') {
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

/** Listens until `wait` resolves. @throws HostError */
export async function listen(
  groups: readonly MulticastGroup[],
  time: number,
  wait: () => Promise<void>,
): Promise<Heard> {
  const tally = new Tally();
  const stops: (() => void)[] = [];
  try {
    for (const group of groups) {
      stops.push(await listenToGroup(group, (bytes, sender) => tally.count(bytes, sender)));
    }
    await wait();
  } finally {
    for (const stop of stops) stop();
  }
  return { groups, time, masters: tally.masters, others: tally.others };
}

/** Counts messages by their sender and syncid. */
export class Tally {
  private readonly counts = new Map<string, HeardMaster>();
  others = 0;

  count(bytes: Uint8Array, address: string): void {
    const message = readSyncMessage(bytes);
    if (message === undefined) {
      this.others++;
      return;
    }
    const { syncId, version } = message;
    const key = `${address} ${syncId} ${version}`;
    const { messages, connections } = this.counts.get(key) ?? { messages: 0, connections: 0 };
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
