// A network on paper: hosts on segments. Pure; network.ts builds it.
import { isIPv6 } from 'node:net';

/** Hosts by name. A segment exists by being named: it is a switch that all hosts on it hang on. */
export type NetworkPlan = Readonly<Record<string, HostPlan>>;

export interface HostPlan {
  /**
   * The host's interfaces by segment, each with its addresses (`192.0.2.1/24`). An interface is called as its segment:
   * at most 15 characters.
   */
  readonly on: Readonly<Record<string, readonly string[]>>;
  /** In the words of `ip route add`: `default via 10.0.0.1`. */
  readonly routes?: readonly string[];
  /** `net.ipv4.ip_forward: 1`; a dot inside a name is not foreseen. */
  readonly sysctls?: Sysctls;
}

export type Sysctls = Readonly<Record<string, string | number>>;

/** The host that holds the switches: each a bridge called as its segment, with a port called as the host on it. */
export const switches = 'switches';

/** The name of a host's namespace. */
export type NamespaceOf = (host: string) => string;

export const hostsOf = (plan: NetworkPlan): string[] => [...Object.keys(plan), switches];

const segmentsOf = (plan: NetworkPlan): string[] => [
  ...new Set(Object.values(plan).flatMap((host) => Object.keys(host.on))),
];

/** The MAC address of a host's interface: known without asking, readable in a capture. */
export function macOf(plan: NetworkPlan, host: string, segment: string): string {
  const numbers = [segmentsOf(plan).indexOf(segment), Object.keys(plan).indexOf(host)];
  return ['02:00:00:00', ...numbers.map((n) => (n + 1).toString(16).padStart(2, '0'))].join(':');
}

/** The lines for ip(8) that make namespaces and the cables between them. */
export function cableLines(plan: NetworkPlan, namespaceOf: NamespaceOf): string[] {
  return [
    ...hostsOf(plan).map((host) => `netns add ${namespaceOf(host)}`),
    ...Object.entries(plan).flatMap(([host, { on }]) =>
      Object.keys(on).map(
        (segment) =>
          `link add name ${segment} address ${macOf(plan, host, segment)} netns ${namespaceOf(host)} type veth ` +
          `peer name ${portOf(plan, host, segment)} netns ${namespaceOf(switches)}`,
      ),
    ),
  ];
}

/** The lines that turn the namespace of the switches into them. */
export function switchLines(plan: NetworkPlan): string[] {
  return [
    ...segmentsOf(plan).flatMap((segment) => [
      // Without multicast snooping, which would need a while to learn who wants to hear IPv6's neighbour discovery.
      `link add name ${segment} type bridge mcast_snooping 0`,
      `link set ${segment} addrgenmode none up`,
    ]),
    ...Object.entries(plan).flatMap(([host, { on }]) =>
      Object.keys(on).map(
        (segment) => `link set ${portOf(plan, host, segment)} master ${segment} addrgenmode none up`,
      ),
    ),
  ];
}

/** The lines that bring a host's interfaces up. */
export function hostLines(plan: NetworkPlan, host: string): string[] {
  const { on, routes = [] } = plan[host] as HostPlan;
  return [
    'link set lo up',
    ...Object.entries(on).flatMap(([segment, addresses]) => [
      `link set ${segment} addrgenmode none up`,
      ...[...linkLocal(plan, host, addresses), ...addresses].map((address) => addressLine(address, segment)),
    ]),
    ...routes.map((route) => `route add ${route}`),
  ];
}

/** A router solicits neighbours from its link-local address. The kernel's own would not be usable for a second or two. */
const linkLocal = (plan: NetworkPlan, host: string, addresses: readonly string[]): string[] =>
  addresses.some(isV6) ? [`fe80::${Object.keys(plan).indexOf(host) + 1}/64`] : [];

const isV6 = (address: string): boolean => isIPv6(address.split('/')[0] ?? '');

/** An IPv6 address is usable at once: nobody else can have it, so nobody is asked. */
export const addressLine = (address: string, device: string): string =>
  `address add ${address} dev ${device}${isV6(address) ? ' nodad' : ''}`;

/** Numbers, because names of hosts and segments together may not fit into an interface's name. */
export function portOf(plan: NetworkPlan, host: string, segment: string): string {
  return `p${segmentsOf(plan).indexOf(segment)}-${Object.keys(plan).indexOf(host)}`;
}
