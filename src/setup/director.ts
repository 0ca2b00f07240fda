/** What a director needs around IPVS, as steps: pure, the machine is not looked at. */
import { UsageError } from '../errors.js';
import { addressLength, familyOf } from '../model/address.js';
import { interfaceSetting } from '../system/sysctl.js';
import type { Plan } from './plan.js';
import type { Step } from './steps/step.js';

export interface DirectorWish {
  /** Canonical. */
  readonly vips: readonly string[];
  /** The link that clients reach the VIPs on. */
  readonly device: string;
  /** How it will forward: only NAT needs the machine to be a router. */
  readonly methods: readonly ('dr' | 'tun' | 'nat')[];
}

/** @throws UsageError */
export function planDirector({ vips, device, methods }: DirectorWish): Plan {
  if (vips.length === 0) throw new UsageError('--vip is missing: the address of the virtual service');
  const v4 = vips.some((vip) => familyOf(vip) === 'inet');
  const v6 = vips.some((vip) => familyOf(vip) === 'inet6');
  const nat = methods.includes('nat');
  return {
    steps: [
      { do: 'module', name: 'ip_vs' },
      ...(v4 && nat ? forwardV4(device) : []),
      ...(v6 && nat ? forwardV6() : []),
      ...(v4 ? [setting('ipv4', device, 'arp_notify', '1')] : []),
      ...(v6 ? [setting('ipv6', device, 'ndisc_notify', '1')] : []),
      { do: 'up', device },
      ...vips.map((vip): Step => carry(vip, device)),
    ],
    notes: v6 && nat ? [ROUTER_ADVERTISEMENTS] : [],
  };
}

const ROUTER_ADVERTISEMENTS =
  'a machine that forwards IPv6 ignores router advertisements and drops the default routes they made, unless accept_ra is 2';

const setting = (family: 'ipv4' | 'ipv6', device: string, name: string, value: string): Step => ({
  do: 'sysctl',
  path: interfaceSetting(family, device, name),
  value,
});

/**
 * The kernel takes redirects for on if `all` or the interface says so. With servers and clients on one link they would
 * tell the servers of a shorter way to the clients: past the director.
 */
const forwardV4 = (device: string): Step[] => [
  {
    do: 'sysctl',
    path: 'net/ipv4/ip_forward',
    value: '1',
    disturbs: ['net/ipv4/conf/*/forwarding', 'net/ipv4/conf/all/accept_redirects'],
  },
  setting('ipv4', 'all', 'send_redirects', '0'),
  setting('ipv4', device, 'send_redirects', '0'),
];

const forwardV6 = (): Step[] => [
  {
    do: 'sysctl',
    path: interfaceSetting('ipv6', 'all', 'forwarding'),
    value: '1',
    disturbs: ['net/ipv6/conf/*/forwarding'],
  },
];

const carry = (vip: string, device: string): Step => ({
  do: 'address',
  address: vip,
  prefix: addressLength[familyOf(vip)] * 8,
  device,
  scope: 'global',
  announce: true,
});
