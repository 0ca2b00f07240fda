/** Listens to multicast groups, as a sync daemon in backup state does. Node's module is loaded at the first use. */
import { cannot } from '../../errors.js';

export interface MulticastGroup {
  readonly address: string;
  /** UDP port. */
  readonly port: number;
  /** The links to join on. */
  readonly links: readonly MulticastLink[];
}

export interface MulticastLink {
  readonly name: string;
  /** One of its addresses of the group's family, by which IPv4 names it. */
  readonly address?: string | undefined;
}

type Heard = (datagram: Uint8Array, sender: string) => void;

/**
 * Calls `heard` once for each datagram to the groups, until the returned function is called. Others that listen to the groups get the
 * datagrams as well.
 * @throws HostError
 */
export async function listenToGroups(groups: readonly MulticastGroup[], heard: Heard): Promise<() => void> {
  const stops: (() => void)[] = [];
  const stop = () => {
    for (const each of stops) each();
  };
  try {
    for (const shared of bySocket(groups)) stops.push(await listenOnSocket(shared, heard));
  } catch (error) {
    stop();
    throw error;
  }
  return stop;
}

const isIpv6 = ({ address }: MulticastGroup): boolean => address.includes(':');

/** A socket of IPv4 is bound to its group. One of IPv6 is bound to its port, and gets what is sent to any group there. */
function bySocket(groups: readonly MulticastGroup[]): MulticastGroup[][] {
  const sockets = new Map<string, MulticastGroup[]>();
  for (const group of groups) {
    const key = isIpv6(group) ? `${group.port}` : `${group.address} ${group.port}`;
    sockets.set(key, [...(sockets.get(key) ?? []), group]);
  }
  return [...sockets.values()];
}

/** One socket for all links: the kernel gives each socket what arrives on any link that somebody has joined on. */
async function listenOnSocket(groups: readonly MulticastGroup[], heard: Heard): Promise<() => void> {
  const { createSocket } = process.getBuiltinModule('node:dgram');
  const [first] = groups as [MulticastGroup];
  const ipv6 = isIpv6(first);
  const socket = createSocket({ type: ipv6 ? 'udp6' : 'udp4', reuseAddr: true, ipv6Only: ipv6 });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ port: first.port, address: ipv6 ? '::' : first.address }, resolve);
    });
    for (const { address, links } of groups)
      for (const link of links) socket.addMembership(address, ipv6 ? `::%${link.name}` : link.address);
  } catch (error) {
    socket.close();
    throw cannot(`listen to ${groups.map(groupText).join(' and ')}`, error);
  }
  socket.on('error', () => {});
  socket.on('message', (datagram, { address: sender }) => heard(datagram, sender));
  return () => socket.close();
}

/** `224.0.0.81 port 8848 on eth0, eth1` */
export const groupText = ({ address, port, links }: MulticastGroup): string =>
  `${address} port ${port} on ${links.map(({ name }) => name).join(', ')}`;
