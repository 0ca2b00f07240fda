/**
 * The network that the methods are measured in. All servers take packets of all methods at once, so that nothing differs but
 * the method. Requests come to the director on one link, `front`, and go on and come back on another, `lan`.
 */
import type { Family } from '../../../src/model/address.js';
import type { Network } from '../../support/net/network.js';
import { guePort } from '../../support/net/packet.js';
import { addressLine, type HostPlan, type NetworkPlan } from '../../support/net/plan.js';
import { ip, run } from '../../support/net/run.js';
import { type Method, serverCounts } from './cases.js';

/** The director's links, by the way that their packets go. */
export const links = { requests: 'front', answers: 'lan' } as const;

export const serverNames = Array.from({ length: Math.max(...serverCounts) }, (_, index) => `rs${index + 1}`);

export const vips: Readonly<Record<Family, string>> = { inet: '192.0.2.10', inet6: '2001:db8:1::10' };

const prefixes = {
  outside: { inet: '198.51.100.', inet6: '2001:db8::' },
  front: { inet: '192.0.2.', inet6: '2001:db8:1::' },
  lan: { inet: '10.0.0.', inet6: '2001:db8:2::' },
} as const;
type Segment = keyof typeof prefixes;

const numbers = { router: 1, director: 2, client: 3 } as const;
const both = (segment: Segment, number: number): string[] => [
  `${prefixes[segment].inet}${number}/24`,
  `${prefixes[segment].inet6}${number}/64`,
];
const via = (to: string, segment: Segment, number: number, rest = ''): string[] =>
  (['inet', 'inet6'] as const).map((family) => `${to} via ${prefixes[segment][family]}${number}${rest}`);

/** A tunnel device takes either packets with GRE checksums or those without: each server has an address for either. */
const serverNumber = (name: string, method?: Method): number =>
  Number(name.slice(2)) + (method === 'gre, checksum' ? 30 : 10);

export const addressOf = (name: string, family: Family, method: Method): string =>
  `${prefixes.lan[family]}${serverNumber(name, method)}`;

const forwarding = { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 };

/** The address that held connections go to: all packets to it vanish in `sink`. */
export const sinkAddress = '203.0.113.1';

export const plan: NetworkPlan = {
  client: {
    on: { outside: both('outside', numbers.client) },
    routes: via('default', 'outside', numbers.router),
  },
  router: {
    on: {
      outside: both('outside', numbers.router),
      front: both('front', numbers.router),
      lan: both('lan', numbers.router),
    },
    sysctls: forwarding,
  },
  director: {
    on: {
      front: [...both('front', numbers.director), `${vips.inet}/24`, `${vips.inet6}/64`],
      lan: both('lan', numbers.director),
    },
    routes: via('default', 'front', numbers.router),
    sysctls: forwarding,
  },
  ...Object.fromEntries(
    serverNames.map((name): [string, HostPlan] => [
      name,
      {
        on: {
          lan: [...both('lan', serverNumber(name)), ...both('lan', serverNumber(name, 'gre, checksum'))],
        },
        // With NAT answers have the server's address and return through the director, the others have the VIP.
        routes: [
          ...via('default', 'lan', numbers.director),
          ...via('default', 'lan', numbers.router, ' table 100'),
        ],
        // A sender that waits for its packets to leave goes on in whatever thread drops the last of them.
        sysctls: { 'net.ipv4.tcp_limit_output_bytes': 1 << 30 },
      },
    ]),
  ),
};

const modules = ['ipip', 'sit', 'ip6_tunnel', 'ip_gre', 'ip6_gre', 'fou', 'fou6', 'dummy'];

/** What a plan of a network has no words for. */
export async function complete(network: Network): Promise<void> {
  await run('modprobe', ['-a', ...modules]);
  await network
    .host('director')
    .ip(['link add sink type dummy', 'link set sink up', `route add ${sinkAddress} dev sink`]);
  await Promise.all(
    serverNames.map(async (name) => {
      const host = network.host(name);
      await host.ip(serverLines(name));
      for (const family of ['inet', 'inet6'] as const)
        await ip(host.namespace, [`rule add from ${vips[family]} lookup 100`], family);
      await host.ip([`fou add port ${guePort} gue`, `fou add port ${guePort} gue -6`]);
    }),
  );
}

function serverLines(name: string): string[] {
  const local = (family: Family, method: Method) => `local ${addressOf(name, family, method)} remote any`;
  return [
    ...Object.values(vips).map((vip) => addressLine(vip, 'lo')),
    // The device of ip6_tunnel takes only IPv6 in IPv6.
    `link add ip4ip6 type ip6tnl mode any ${local('inet6', 'ipip')}`,
    `link add csum type gre ${local('inet', 'gre, checksum')} csum`,
    ...['tunl0', 'sit0', 'ip6tnl0', 'gre0', 'ip6gre0', 'ip4ip6', 'csum'].map(
      (device) => `link set ${device} up`,
    ),
  ];
}
