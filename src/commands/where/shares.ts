/** How the clients of a network are spread over the servers. */
import { UsageError } from '../../errors.js';
import { addressLength, formatAddress } from '../../model/address.js';
import { destinationKey } from '../../model/destination.js';
import { formatNetwork, type Network } from '../../model/network.js';
import type { Placements } from '../../observe/placement/placements.js';

/** Clients that are computed one by one. */
const MOST = 65_536;

export interface Share {
  /** Undefined: refused. */
  readonly server: string | undefined;
  readonly clients: number;
}

/** Shares of all addresses in the network, the largest first. @throws UsageError if there are too many, or the service does not tell */
export function sharesOf(network: Network, placements: Placements, port: number): Share[] {
  const clients = new Map<string | undefined, number>();
  for (const address of addressesIn(network)) {
    const placement = placements.place(address, port);
    if (placement === undefined) {
      throw new UsageError('dh hashes the address that clients speak to, which a mark does not tell');
    }
    const server = placement.server && destinationKey(placement.server.id);
    clients.set(server, (clients.get(server) ?? 0) + 1);
  }
  return [...clients]
    .map(([server, count]) => ({ server, clients: count }))
    .sort((a, b) => b.clients - a.clients);
}

function* addressesIn(network: Network): Generator<string> {
  const { family, bytes, length } = network;
  const count = 2 ** (8 * addressLength[family] - length);
  if (count > MOST) {
    throw new UsageError(`has more than ${MOST} clients; take a longer prefix`, formatNetwork(network));
  }
  for (let number = 0; number < count; number++) {
    const address = bytes.slice();
    for (let rest = number, at = bytes.length - 1; rest > 0; rest >>>= 8, at--)
      address[at] = (address[at] as number) | (rest & 0xff);
    yield formatAddress(address, 0, family);
  }
}
