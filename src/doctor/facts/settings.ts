/** Settings under /proc/sys: the ones that the checks need, and the value that the kernel makes of two of them. */
import { HostError } from '../../errors.js';
import type { Link } from '../../system/network/network.js';
import { interfaceSetting, type Sysctls } from '../../system/sysctl.js';
import { VS_DIRECTORY, vsSetting } from '../../system/vs-settings.js';
import type { MachineFacts } from './facts.js';

const ofInterface = {
  ipv4: ['arp_ignore', 'arp_announce', 'rp_filter', 'forwarding', 'send_redirects'],
  ipv6: ['forwarding'],
} as const;

const ofMachine = [
  'net/ipv4/ip_forward',
  'net/netfilter/nf_conntrack_count',
  'net/netfilter/nf_conntrack_max',
];

/** Values by path. */
export async function readSettings(
  sysctls: Sysctls,
  links: readonly Link[],
): Promise<Record<string, string>> {
  const devices = ['all', ...links.map(({ name }) => name)];
  const paths = [
    ...ofMachine,
    ...devices.flatMap((device) => [
      ...ofInterface.ipv4.map((name) => interfaceSetting('ipv4', device, name)),
      ...ofInterface.ipv6.map((name) => interfaceSetting('ipv6', device, name)),
    ]),
    ...(await sysctls.list(VS_DIRECTORY)).map(vsSetting),
  ];
  const values: Record<string, string> = {};
  for (const path of paths) {
    // Some of IPVS's settings cannot be read in other namespaces than the first: they count as missing.
    const value = await sysctls.read(path).catch((error) => {
      if (error instanceof HostError) return undefined;
      throw error;
    });
    if (value !== undefined) values[path] = value;
  }
  return values;
}

type Settings = Pick<MachineFacts, 'settings'>;

/** Undefined if the kernel has no such setting. */
export function numberOf({ settings }: Settings, path: string): number | undefined {
  const value = settings[path];
  return value === undefined ? undefined : Number(value);
}

/** The larger value of `all` and the interface, which is the one that counts for most IPv4 settings. */
export function largerOf(facts: Settings, device: string, name: string): number | undefined {
  const values = ['all', device].map((of) => numberOf(facts, interfaceSetting('ipv4', of, name)));
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
