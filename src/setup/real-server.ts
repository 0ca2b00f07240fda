/** What a real server needs, as steps: pure, the machine is not looked at. */
import { UsageError } from '../errors.js';
import { addressLength, type Family, familyOf } from '../model/address.js';
import type { TunnelType } from '../model/destination.js';
import { interfaceSetting } from '../system/sysctl.js';
import type { Plan } from './plan.js';
import type { Step, SysctlStep } from './steps/step.js';
import { type Encapsulation, tunnelDevice } from './tunnels.js';

export interface RealServerWish {
  readonly method: 'dr' | 'tun' | 'nat';
  /** Canonical. */
  readonly vips: readonly string[];
  /** What carries the VIPs: lo for DR, the tunnel's own device for TUN; for NAT, what the gateway is on. */
  readonly device?: string | undefined;
  /** The director, for NAT. */
  readonly gateway?: string | undefined;
  readonly tunnel: {
    readonly type: TunnelType;
    readonly port?: number | undefined;
    readonly checksum: boolean;
  };
  /** The address at which the director reaches this server; it says what the tunnel's outer protocol is. */
  readonly local?: string | undefined;
}

/** @throws UsageError for wishes that do not go together */
export function planRealServer(wish: RealServerWish): Plan {
  return planners[wish.method](wish);
}

const planners: Readonly<Record<RealServerWish['method'], (wish: RealServerWish) => Plan>> = { dr, tun, nat };

/** The least number that wins: 0 with IPv4, while IPv6 takes 0 for "the usual one", 1024. */
const BEST_METRIC: Readonly<Record<Family, number>> = { inet: 0, inet6: 1 };

function dr({ vips, device = 'lo', gateway }: RealServerWish): Plan {
  needVips('dr', vips);
  if (gateway !== undefined) throw new UsageError('--gateway belongs to --method nat', '--gateway');
  // A device that is not there is made: a dummy, which is as silent as lo.
  const made: readonly Step[] = device === 'lo' ? [] : [{ do: 'link', name: device, kind: 'dummy' }];
  return {
    steps: [...silence(vips), ...made, { do: 'up', device }, ...vips.map((vip) => carry(vip, device))],
    notes: neighbourNotes(vips),
  };
}

function tun({ vips, device, gateway, tunnel, local }: RealServerWish): Plan {
  needVips('tun', vips);
  if (gateway !== undefined) throw new UsageError('--gateway belongs to --method nat', '--gateway');
  checkTunnel(tunnel);
  const steps: Step[] = silence(vips);
  for (const inner of familiesOf(vips)) {
    const outer = local === undefined ? inner : familyOf(local);
    steps.push(...tunnelSteps(inner, { type: tunnel.type, checksum: tunnel.checksum, outer, local, device }));
    if (tunnel.type === 'gue') steps.push({ do: 'guePort', port: tunnel.port as number, family: outer });
    const carrier = steps.findLast((step) => step.do === 'link')?.name as string;
    steps.push(...vips.filter((vip) => familyOf(vip) === inner).map((vip) => carry(vip, carrier)));
  }
  return { steps: unique(steps), notes: neighbourNotes(vips) };
}

function nat({ device, gateway, vips }: RealServerWish): Plan {
  if (gateway === undefined) {
    throw new UsageError("--method nat needs --gateway: the director's address on this server's network");
  }
  const step: Step = { do: 'defaultRoute', gateway, device, metric: BEST_METRIC[familyOf(gateway)] };
  const stay = 'with NAT the VIPs stay on the director: nothing is set up for them here';
  const near =
    'clients on the network of this server are answered directly, past the director: they have to be elsewhere';
  return { steps: [step], notes: vips.length > 0 ? [stay, near] : [near] };
}

function needVips(method: string, vips: readonly string[]): void {
  if (vips.length === 0) throw new UsageError(`--method ${method} needs --vip`);
}

function checkTunnel({ type, port }: RealServerWish['tunnel']): void {
  if (type === 'gue' && port === undefined) {
    throw new UsageError('--tun-type gue needs --tun-port, the UDP port that the director sends to');
  }
  if (type !== 'gue' && port !== undefined) {
    throw new UsageError('--tun-port belongs to --tun-type gue', '--tun-port');
  }
}

const familiesOf = (vips: readonly string[]): Family[] => [...new Set(vips.map(familyOf))];

const carry = (vip: string, device: string): Step => ({
  do: 'address',
  address: vip,
  prefix: addressLength[familyOf(vip)] * 8,
  device,
  scope: 'host',
});

/** Values of arp_ignore with which an address of another interface is not told; 3 goes by scope, 4 to 7 mean nothing. */
export const SILENT_ARP_IGNORE: readonly string[] = ['1', '2', '8'];

/**
 * Nobody but the director may tell the network that it has the VIP. IPv6 needs nothing: its neighbour discovery never
 * answers for an address of another interface.
 */
function silence(vips: readonly string[]): Step[] {
  if (!vips.some((vip) => familyOf(vip) === 'inet')) return [];
  const all = (name: string) => interfaceSetting('ipv4', 'all', name);
  return [
    { do: 'sysctl', path: all('arp_ignore'), value: '1', accepted: SILENT_ARP_IGNORE },
    { do: 'sysctl', path: all('arp_announce'), value: '2' },
  ];
}

function neighbourNotes(vips: readonly string[]): string[] {
  if (!vips.some((vip) => familyOf(vip) === 'inet6')) return [];
  return ['IPv6 needs no counterpart of arp_ignore: an address is only told on the link that it stands on'];
}

function tunnelSteps(inner: Family, tunnel: Encapsulation): Step[] {
  const device = tunnelDevice(inner, tunnel);
  if (device === undefined) {
    throw new UsageError(
      '--local is missing: a tunnel device has to be made here, and must know the address of this server that the ' +
        'director sends to',
    );
  }
  const { name } = device;
  const steps: Step[] = [{ do: 'link', ...device }];
  if (inner === 'inet') steps.push(looseReversePath(name));
  steps.push({ do: 'up', device: name });
  return steps;
}

/**
 * A packet out of the tunnel comes from a client whose way back leads elsewhere: strict reverse path filtering drops it.
 * The kernel takes the larger of this setting and all's, and 2, loose, is larger than 1, strict: `all` may stay.
 */
const looseReversePath = (device: string): SysctlStep => ({
  do: 'sysctl',
  path: interfaceSetting('ipv4', device, 'rp_filter'),
  value: '2',
  accepted: ['0', '2'],
  maximumWith: interfaceSetting('ipv4', 'all', 'rp_filter'),
});

/** Both families may end in the same device. */
function unique(steps: readonly Step[]): Step[] {
  const byText = new Map(steps.map((step) => [JSON.stringify(step), step]));
  return [...byText.values()];
}
