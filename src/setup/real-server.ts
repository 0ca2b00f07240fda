/** The steps that set up a real server. Pure: the machine is not read. */
import { UsageError } from '../errors.js';
import { type Family, familyOf } from '../model/address.js';
import type { TunnelType } from '../model/destination.js';
import { hostPrefix } from '../system/network/network.js';
import { interfaceSetting } from '../system/sysctl.js';
import type { SetupPlan, SetupStep, SysctlStep } from './steps/step.js';
import { type Encapsulation, tunnelDevice } from './tunnels.js';

export interface RealServerOptions {
  readonly method: 'dr' | 'tun' | 'nat';
  /** Canonical. */
  readonly vips: readonly string[];
  /** The link that gets the VIPs (default: lo for DR, the tunnel for TUN); for NAT, the link of the gateway. */
  readonly device?: string | undefined;
  /** The director, for NAT. */
  readonly gateway?: string | undefined;
  readonly tunnel: {
    readonly type: TunnelType;
    readonly port?: number | undefined;
    readonly checksum: boolean;
  };
  /** Address of this server in the director's table; its family is that of the tunnel's outer header. */
  readonly local?: string | undefined;
}

/** @throws UsageError for options that contradict each other */
export function planRealServer(options: RealServerOptions): SetupPlan {
  return planners[options.method](options);
}

const planners: Readonly<Record<RealServerOptions['method'], (options: RealServerOptions) => SetupPlan>> = {
  dr,
  tun,
  nat,
};

/** The metric that wins: 0 for IPv4; 1 for IPv6, where 0 stands for the default of 1024. */
const BEST_METRIC: Readonly<Record<Family, number>> = { inet: 0, inet6: 1 };

function dr({ vips, device = 'lo', gateway }: RealServerOptions): SetupPlan {
  needVips('dr', vips);
  if (gateway !== undefined) throw new UsageError('--gateway belongs to --method nat', '--gateway');
  // A device of another name is created if it does not exist: a dummy, which answers no ARP either.
  const made: readonly SetupStep[] = device === 'lo' ? [] : [{ do: 'link', name: device, kind: 'dummy' }];
  return {
    steps: [...hideFromArp(vips), ...made, { do: 'up', device }, ...vips.map((vip) => addVip(vip, device))],
    notes: neighbourNotes(vips),
  };
}

function tun({ vips, device, gateway, tunnel, local }: RealServerOptions): SetupPlan {
  needVips('tun', vips);
  if (gateway !== undefined) throw new UsageError('--gateway belongs to --method nat', '--gateway');
  checkTunnel(tunnel);
  const steps: SetupStep[] = hideFromArp(vips);
  for (const inner of familiesOf(vips)) {
    const outer = local === undefined ? inner : familyOf(local);
    steps.push(...tunnelSteps(inner, { type: tunnel.type, checksum: tunnel.checksum, outer, local, device }));
    if (tunnel.type === 'gue') steps.push({ do: 'guePort', port: tunnel.port as number, family: outer });
    const tunnelName = steps.findLast((step) => step.do === 'link')?.name as string;
    steps.push(...vips.filter((vip) => familyOf(vip) === inner).map((vip) => addVip(vip, tunnelName)));
  }
  return { steps: unique(steps), notes: neighbourNotes(vips) };
}

function nat({ device, gateway, vips }: RealServerOptions): SetupPlan {
  if (gateway === undefined) {
    throw new UsageError("--method nat needs --gateway: the director's address on this server's network");
  }
  const step: SetupStep = { do: 'defaultRoute', gateway, device, metric: BEST_METRIC[familyOf(gateway)] };
  const stay = 'with NAT the VIPs stay on the director: nothing is set up for them here';
  const near =
    'clients on the network of this server are answered directly, past the director: they have to be elsewhere';
  return { steps: [step], notes: vips.length > 0 ? [stay, near] : [near] };
}

function needVips(method: string, vips: readonly string[]): void {
  if (vips.length === 0) throw new UsageError(`--method ${method} needs --vip`);
}

function checkTunnel({ type, port }: RealServerOptions['tunnel']): void {
  if (type === 'gue' && port === undefined) {
    throw new UsageError('--tun-type gue needs --tun-port, the UDP port that the director sends to');
  }
  if (type !== 'gue' && port !== undefined) {
    throw new UsageError('--tun-port belongs to --tun-type gue', '--tun-port');
  }
}

const familiesOf = (vips: readonly string[]): Family[] => [...new Set(vips.map(familyOf))];

const addVip = (vip: string, device: string): SetupStep => ({
  do: 'address',
  address: vip,
  prefix: hostPrefix(vip),
  device,
  scope: 'host',
});

/** Values of arp_ignore that hide an address of another interface; 3 decides by scope, 4 to 7 are reserved. */
export const HIDING_ARP_IGNORE: readonly string[] = ['1', '2', '8'];

/**
 * Only the director may answer ARP requests for the VIP. IPv6 needs no setting: neighbour discovery never answers for an
 * address of another interface.
 */
function hideFromArp(vips: readonly string[]): SetupStep[] {
  if (!vips.some((vip) => familyOf(vip) === 'inet')) return [];
  const all = (name: string) => interfaceSetting('ipv4', 'all', name);
  return [
    { do: 'sysctl', path: all('arp_ignore'), value: '1', accepted: HIDING_ARP_IGNORE, hidesVips: true },
    { do: 'sysctl', path: all('arp_announce'), value: '2', hidesVips: true },
  ];
}

function neighbourNotes(vips: readonly string[]): string[] {
  if (!vips.some((vip) => familyOf(vip) === 'inet6')) return [];
  return [
    'IPv6 needs no counterpart of arp_ignore: neighbour discovery answers for an address on its own link only',
  ];
}

function tunnelSteps(inner: Family, tunnel: Encapsulation): SetupStep[] {
  const device = tunnelDevice(inner, tunnel);
  if (device === undefined) {
    throw new UsageError(
      '--local is missing: a tunnel device has to be made here, and must know the address of this server that the ' +
        'director sends to',
    );
  }
  const { name } = device;
  const steps: SetupStep[] = [{ do: 'link', ...device }];
  if (inner === 'inet') steps.push(looseReversePath(name));
  steps.push({ do: 'up', device: name });
  return steps;
}

/**
 * The route back to the client of a tunnelled packet does not use the tunnel: strict reverse path filtering drops the packet.
 * The kernel takes the larger of this setting and that of `all`, and 2 (loose) is larger than 1 (strict): `all` may stay.
 */
const looseReversePath = (device: string): SysctlStep => ({
  do: 'sysctl',
  path: interfaceSetting('ipv4', device, 'rp_filter'),
  value: '2',
  accepted: ['0', '2'],
  maximumWith: interfaceSetting('ipv4', 'all', 'rp_filter'),
});

/** Tunnels of both families may share a device. */
function unique(steps: readonly SetupStep[]): SetupStep[] {
  const byText = new Map(steps.map((step) => [JSON.stringify(step), step]));
  return [...byText.values()];
}
