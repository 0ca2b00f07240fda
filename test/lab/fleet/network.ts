/** The network of a fleet: a client, a router that spreads it over four directors, three servers behind them, and a network to the store. */
import type { Host } from '../../support/net/host.js';
import { Network } from '../../support/net/network.js';
import { type NetworkPlan, switches } from '../../support/net/plan.js';
import { ip } from '../../support/net/run.js';

export const vip = '192.0.2.1';

export const directorNames = ['lb1', 'lb2', 'lb3', 'lb4'] as const;
export type DirectorName = (typeof directorNames)[number];

export const serverAddresses = { s1: '10.0.0.11', s2: '10.0.0.12', s3: '10.0.0.13' } as const;
export const serverNames = Object.keys(serverAddresses) as (keyof typeof serverAddresses)[];

/** The members of the store, which run in the namespace of the suite. */
export const memberAddresses = ['10.1.0.1', '10.1.0.2', '10.1.0.3'] as const;

const insideOf = (name: DirectorName): string => `10.0.0.2${directorNames.indexOf(name) + 1}`;

/** Directors and servers have the virtual address, and do not answer ARP for it. */
const withVip = { 'net.ipv4.conf.all.arp_ignore': 1, 'net.ipv4.conf.all.arp_announce': 2 };

/** The route of the router to the virtual address over directors. */
export const spreadOver = (names: readonly DirectorName[]): string =>
  `${vip} ${names.map((name) => `nexthop via ${insideOf(name)}`).join(' ')}`;

const plan: NetworkPlan = {
  client: { on: { outside: ['198.51.100.2/24'] }, routes: ['default via 198.51.100.1'] },
  router: {
    on: { outside: ['198.51.100.1/24'], inside: ['10.0.0.1/24'] },
    routes: [spreadOver(directorNames)],
    // Addresses and ports choose the director: each connection by itself.
    sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv4.fib_multipath_hash_policy': 1 },
  },
  ...Object.fromEntries(
    directorNames.map((name, index) => [
      name,
      {
        on: { inside: [`${insideOf(name)}/24`], store: [`10.1.0.2${index + 1}/24`] },
        routes: ['default via 10.0.0.1'],
        sysctls: withVip,
      },
    ]),
  ),
  ...Object.fromEntries(
    serverNames.map((name) => [
      name,
      {
        on: { inside: [`${serverAddresses[name]}/24`] },
        routes: ['default via 10.0.0.1'],
        sysctls: withVip,
      },
    ]),
  ),
};

export async function buildNetwork(): Promise<Network> {
  const network = await Network.build(plan);
  try {
    const { namespace } = network.host(switches);
    await ip(undefined, [
      `link add name store type veth peer name suite netns ${namespace}`,
      ...memberAddresses.map((address) => `address add ${address}/24 dev store`),
      'link set store up',
    ]);
    await network.host(switches).ip(['link set suite master store up']);
    const hosts = [...directorNames, ...serverNames].map((name) => network.host(name));
    await Promise.all(hosts.map((host) => host.ip([`address add ${vip}/32 dev lo`])));
    return network;
  } catch (error) {
    await network[Symbol.asyncDispose]();
    throw error;
  }
}

/** Cuts a director off from the store: nothing answers it. */
export const cutOff = (director: Host): Promise<string> =>
  director.run('nft', [
    'add table inet cut; add chain inet cut in { type filter hook input priority 0; };' +
      'add chain inet cut out { type filter hook output priority 0; };' +
      'add rule inet cut in iifname store drop; add rule inet cut out oifname store drop',
  ]);

export const reconnect = (director: Host): Promise<string> => director.run('nft', ['delete table inet cut']);

/** Delays what a director sends to the store. */
export const delay = (director: Host, ...words: string[]): Promise<string> =>
  director.run('tc', ['qdisc', 'add', 'dev', 'store', 'root', 'netem', 'delay', ...words]);

export const endDelay = (director: Host): Promise<string> =>
  director.run('tc', ['qdisc', 'del', 'dev', 'store', 'root']);
