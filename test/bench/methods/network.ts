// The network that the methods are measured in: one for all, so that nothing differs but the method.
import type { NetworkPlan } from '../../support/net/plan.js';

export const directorAddress = '10.0.0.2';
export const serverNames = ['rs1', 'rs2', 'rs3', 'rs4'] as const;
export type ServerName = (typeof serverNames)[number];
export const addressOf = (name: ServerName): string => `10.0.0.1${name.slice(2)}`;

/** Without and with something to carry back; the web servers have a port for each. */
export const answers = [
  { port: 80, kilobytes: 0 },
  { port: 81, kilobytes: 64 },
] as const;

const viaRouter = ['default via 10.0.0.1'];

export const plan: NetworkPlan = {
  client: { on: { outside: ['198.51.100.2/24'] }, routes: ['default via 198.51.100.1'] },
  router: {
    on: { outside: ['198.51.100.1/24'], lan: ['10.0.0.1/24'] },
    sysctls: { 'net.ipv4.ip_forward': 1 },
  },
  director: { on: { lan: [`${directorAddress}/24`] }, routes: viaRouter },
  ...Object.fromEntries(
    serverNames.map((name) => [name, { on: { lan: [`${addressOf(name)}/24`] }, routes: viaRouter }]),
  ),
};
