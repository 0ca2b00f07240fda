/** Which device of a real server takes in what a director has encapsulated. */
import type { Family } from '../model/address.js';
import type { TunnelType } from '../model/destination.js';
import type { NewLink } from '../system/network.js';

/** What the kernel's own device, which comes with the module, can do; it takes packets for any local address. */
type OwnDevice = Pick<NewLink, 'name' | 'kind'>;

/** By the protocol around the packet, then by the packet's. GUE leaves one of the first three inside its UDP. */
const ipip: Readonly<Record<Family, Readonly<Record<Family, OwnDevice | undefined>>>> = {
  inet: { inet: { name: 'tunl0', kind: 'ipip' }, inet6: { name: 'sit0', kind: 'sit' } },
  // ip6tnl0 takes nothing but IPv6 in.
  inet6: { inet: undefined, inet6: { name: 'ip6tnl0', kind: 'ip6tnl' } },
};
const gre: Readonly<Record<Family, OwnDevice>> = {
  inet: { name: 'gre0', kind: 'gre' },
  inet6: { name: 'ip6gre0', kind: 'ip6gre' },
};

/** For what the kernel's own devices cannot do. */
const MADE = { ipip: { name: 'lvs-ip6tnl', kind: 'ip6tnl' }, inet: 'lvs-gre', inet6: 'lvs-ip6gre' } as const;

export interface Encapsulation {
  readonly type: TunnelType;
  /** GRE with checksums: a device takes packets either with them or without. */
  readonly checksum: boolean;
  /** Of the header around the packet. */
  readonly outer: Family;
  /** The real server's address, where the tunnel ends. */
  readonly local?: string | undefined;
  /** Name of the device, where it is not to be the usual one. */
  readonly device?: string | undefined;
}

/**
 * The device that takes in packets of the family `inner`. One that is made for the purpose needs to know the address
 * that it ends at: undefined where that is missing.
 */
export function tunnelDevice(inner: Family, tunnel: Encapsulation): NewLink | undefined {
  const { type, outer, local, checksum, device } = tunnel;
  const own = type === 'gre' ? gre[outer] : ipip[outer][inner];
  if (own !== undefined && !(type === 'gre' && checksum) && (device === undefined || device === own.name)) {
    return own;
  }
  if (local === undefined) return undefined;
  const made = type === 'gre' ? { name: MADE[outer], kind: gre[outer].kind } : (own ?? MADE.ipip);
  return {
    name: device ?? made.name,
    kind: made.kind,
    local,
    ...(type === 'gre' && checksum && { checksum }),
  };
}
