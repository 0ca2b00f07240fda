/** The tunnel device on which a real server receives the packets that a director encapsulates. */
import type { Family } from '../model/address.js';
import type { TunnelType } from '../model/destination.js';
import type { NewLink } from '../system/network/network.js';

/** The device that comes with a tunnel's module; it takes packets for any local address. */
type OwnDevice = Pick<NewLink, 'name' | 'kind'>;

/** By the family of the outer header, then of the packet inside. GUE puts one of these inside UDP. */
const ipip: Readonly<Record<Family, Readonly<Record<Family, OwnDevice | undefined>>>> = {
  inet: { inet: { name: 'tunl0', kind: 'ipip' }, inet6: { name: 'sit0', kind: 'sit' } },
  // ip6tnl0 takes IPv6 packets only.
  inet6: { inet: undefined, inet6: { name: 'ip6tnl0', kind: 'ip6tnl' } },
};
const gre: Readonly<Record<Family, OwnDevice>> = {
  inet: { name: 'gre0', kind: 'gre' },
  inet6: { name: 'ip6gre0', kind: 'ip6gre' },
};

/** Names of the devices that lvsadm creates if the module's device does not fit. */
const MADE = { ipip: { name: 'lvs-ip6tnl', kind: 'ip6tnl' }, inet: 'lvs-gre', inet6: 'lvs-ip6gre' } as const;

export interface Encapsulation {
  readonly type: TunnelType;
  /** GRE with checksums: a device takes only packets with them, or only packets without. */
  readonly checksum: boolean;
  /** Family of the outer header. */
  readonly outer: Family;
  /** The real server's address, at which the tunnel ends. */
  readonly local?: string | undefined;
  /** Name of the device (default: that of the module's device, or `lvs-KIND`). */
  readonly device?: string | undefined;
}

/**
 * The device that receives packets of the family `inner`. A device that has to be created needs a local address: undefined if
 * it is missing.
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
