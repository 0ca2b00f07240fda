/** The tunnel of a path, as a link of the prober's namespace. */
import { familyOf } from '../../model/address.js';
import { plainTunnel } from '../../model/destination.js';
import type { ServerPath } from '../../model/server-path.js';
import type { NewLink } from '../../system/network/network.js';

/**
 * As IPVS encapsulates: GUE carries the packets of an ipip, sit or ip6tnl link.
 * @param path with a tunnel
 */
export function tunnelLink(name: string, local: string, { vip, server, tunnel }: ServerPath): NewLink {
  const { type, port, checksum } = tunnel ?? plainTunnel;
  const outer = familyOf(server);
  const ends = { name, local, remote: server };
  if (type === 'gre') {
    return { ...ends, kind: outer === 'inet' ? 'gre' : 'ip6gre', checksum: checksum === 'csum' };
  }
  const kind = outer === 'inet6' ? 'ip6tnl' : familyOf(vip) === 'inet' ? 'ipip' : 'sit';
  return { ...ends, kind, gue: type === 'gue' ? { port, checksum } : undefined };
}
