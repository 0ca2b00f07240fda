// The cluster of the demo: a client far away, a director and two real servers on one link, a third in another network.
import type { NetworkPlan } from '../support/net/plan.js';

export const client = '198.51.100.9';
export const director = '192.0.2.2';

/** The real servers' own addresses, by name. */
export const servers = { alpha: '192.0.2.11', beta: '192.0.2.12', gamma: '203.0.113.13' } as const;
export type Server = keyof typeof servers;
export const serverNames = Object.keys(servers) as Server[];

/** The segment that a server is on. */
export const segmentOf = { alpha: 'lan', beta: 'lan', gamma: 'far' } as const satisfies Record<
  Server,
  string
>;

/** Where the web servers listen: NAT may use a port of its own. */
export const webPorts = [80, 8080] as const;

/** Reverse path filtering is strict, as distributions have it. */
const server = (name: Server, gateway: string) => ({
  on: { [segmentOf[name]]: [`${servers[name]}/24`] },
  routes: [`default via ${gateway}`],
  sysctls: { 'net.ipv4.conf.all.rp_filter': 1 },
});

export const plan: NetworkPlan = {
  client: { on: { outside: [`${client}/24`] }, routes: ['default via 198.51.100.1'] },
  router: {
    on: { outside: ['198.51.100.1/24'], lan: ['192.0.2.1/24'], far: ['203.0.113.1/24'] },
    sysctls: { 'net.ipv4.ip_forward': 1 },
  },
  director: { on: { lan: [`${director}/24`] }, routes: ['default via 192.0.2.1'] },
  alpha: server('alpha', '192.0.2.1'),
  beta: server('beta', '192.0.2.1'),
  gamma: server('gamma', '203.0.113.1'),
};

export const picture = `
 client               router
 198.51.100.9  ─────────┬──── one link ────┬── director  192.0.2.2
                        │                  ├── alpha     192.0.2.11
                        │                  └── beta      192.0.2.12
                        └─ another network ─── gamma     203.0.113.13
`;
