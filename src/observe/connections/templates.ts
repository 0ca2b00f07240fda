/** Entries of the connection table that decide where a client goes before any scheduler is asked. */
import type { ConnectionLine } from '../../ipvs/connections/proc.js';
import { addressBytes, familyOf } from '../../model/address.js';
import { isInNetwork, maskByte, type Network } from '../../model/network.js';
import { isFwmark, type Service } from '../../model/service.js';
import { isOfMark, markOf } from './text.js';

/** The control connection of FTP: its data connections go to any port, and have no service of their own. */
export const FTP = 21;

/** The virtual port of a service's templates. That of FTP is 0, for its data connections (ip_vs_sched_persist). */
export const templatePort = (port: number): number => (port === FTP ? 0 : port);

/** The clients that persistence takes for one: the network of this client by the service's netmask. */
export function persistentNetwork(client: string, netmask: string): Network {
  const family = familyOf(client);
  const bytes = addressBytes(client);
  const length = family === 'inet6' ? Number(netmask) : bitsOf(addressBytes(netmask));
  return { family, bytes: bytes.map((byte, at) => byte & maskByte(at, length)), length };
}

/** Bits of a netmask that are set. */
function bitsOf(mask: Uint8Array): number {
  let bits = 0;
  for (const byte of mask) for (let rest = byte; rest > 0; rest &= rest - 1) bits++;
  return bits;
}

/**
 * Whether a template of this service is the client's. One of a persistence engine is not: the engine recognises the client by what its
 * packets contain.
 */
export function isTemplateOf(
  { id, persistence }: Service,
  client: string,
): (line: ConnectionLine) => boolean {
  if (persistence === undefined || persistence.engine !== undefined) return () => false;
  const network = persistentNetwork(client, persistence.netmask);
  return (line) => {
    if (!line.isTemplate || line.engineName !== undefined) return false;
    if (!isInNetwork(network, line.client.family, line.client.bytes)) return false;
    if (isFwmark(id)) return isOfMark(line) && markOf(line.virtual) === id.fwmark;
    const { virtual } = line;
    if (line.protocol !== id.protocol.toUpperCase() || virtual.address !== id.address) return false;
    return virtual.port === templatePort(id.port);
  };
}
