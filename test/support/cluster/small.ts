// A small cluster: a client, a director that translates addresses, three real servers behind it.
import type { NetworkPlan } from '../net/plan.js';

/** The virtual IP address and port: all that the client knows. */
export const vip = '192.0.2.1';
export const port = 80;
export const service = `${vip}:${port}`;

/** The real servers' addresses, by name. Their web servers listen on a port of their own choice. */
export const servers = { alpha: '10.0.0.11', beta: '10.0.0.12', gamma: '10.0.0.13' } as const;
export type Server = keyof typeof servers;
export const serverNames = Object.keys(servers) as Server[];
export const serverPort = 8080;
export const endpointOf = (server: Server, port = serverPort): string => `${servers[server]}:${port}`;

export const plan: NetworkPlan = {
  client: { on: { outside: ['198.51.100.2/24'] }, routes: [`${vip} via 198.51.100.1`] },
  director: {
    on: { outside: ['198.51.100.1/24', `${vip}/32`], inside: ['10.0.0.1/24'] },
    sysctls: { 'net.ipv4.ip_forward': 1 },
  },
  ...Object.fromEntries(
    // The answers have to come back through the director, which puts the VIP in as their sender.
    Object.entries(servers).map(([name, address]) => [
      name,
      { on: { inside: [`${address}/24`] }, routes: ['default via 10.0.0.1'] },
    ]),
  ),
};
