/** Listens to multicast groups, as a sync daemon in backup state does. Node's module is loaded at the first use. */
import { cannot } from '../errors.js';

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

/**
 * Calls `heard` for each datagram to the group, until the returned function is called. Others that listen to the group get the
 * datagrams as well. One socket for all links: the kernel gives each socket what arrives on any link that somebody has joined on.
 * @throws HostError
 */
export async function listenToGroup(
  { address, port, links }: MulticastGroup,
  heard: (datagram: Uint8Array, sender: string) => void,
): Promise<() => void> {
  const { createSocket } = process.getBuiltinModule('node:dgram');
  const ipv6 = address.includes(':');
  const socket = createSocket({ type: ipv6 ? 'udp6' : 'udp4', reuseAddr: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ port, address: ipv6 ? '::' : address }, resolve);
    });
    for (const link of links) socket.addMembership(address, ipv6 ? `::%${link.name}` : link.address);
  } catch (error) {
    socket.close();
    throw cannot(`listen to ${address} port ${port} on ${links.map(({ name }) => name).join(', ')}`, error);
  }
  socket.on('error', () => {});
  socket.on('message', (datagram, { address: sender }) => heard(datagram, sender));
  return () => socket.close();
}
