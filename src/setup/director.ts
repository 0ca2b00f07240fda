/** The steps that set up a director around IPVS. Pure: the machine is not read. */
import { UsageError } from '../errors.js';
import { familyOf } from '../model/address.js';
import { hostPrefix } from '../system/network/network.js';
import { interfaceSetting } from '../system/sysctl.js';
import type { SetupPlan, SetupStep } from './steps/step.js';

export interface DirectorOptions {
  /** Canonical. */
  readonly vips: readonly string[];
  /** The link on which clients reach the VIPs. */
  readonly device: string;
  /** How the director forwards. Only NAT needs IP forwarding. */
  readonly methods: readonly ('dr' | 'tun' | 'nat')[];
}

/** @throws UsageError */
export function planDirector({ vips, device, methods }: DirectorOptions): SetupPlan {
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
      ...vips.map((vip): SetupStep => addVip(vip, device)),
    ],
    notes: v6 && nat ? [ROUTER_ADVERTISEMENTS] : [],
  };
}

const ROUTER_ADVERTISEMENTS =
  'a machine that forwards IPv6 ignores router advertisements and drops the default routes they made, unless accept_ra is 2';

const setting = (family: 'ipv4' | 'ipv6', device: string, name: string, value: string): SetupStep => ({
  do: 'sysctl',
  path: interfaceSetting(family, device, name),
  value,
});

/**
 * The kernel sends redirects if either `all` or the interface allows it. With servers and clients on one link a redirect gives
 * the servers a direct route to the clients, which bypasses the director.
 */
const forwardV4 = (device: string): SetupStep[] => [
  {
    do: 'sysctl',
    path: 'net/ipv4/ip_forward',
    value: '1',
    usedFor: 'forward packets',
    disturbs: ['net/ipv4/conf/*/forwarding', 'net/ipv4/conf/all/accept_redirects'],
  },
  setting('ipv4', 'all', 'send_redirects', '0'),
  setting('ipv4', device, 'send_redirects', '0'),
];

const forwardV6 = (): SetupStep[] => [
  {
    do: 'sysctl',
    path: interfaceSetting('ipv6', 'all', 'forwarding'),
    value: '1',
    usedFor: 'forward packets',
    disturbs: ['net/ipv6/conf/*/forwarding'],
  },
];

const addVip = (vip: string, device: string): SetupStep => ({
  do: 'address',
  address: vip,
  prefix: hostPrefix(vip),
  device,
  scope: 'global',
  announce: true,
});
