/** The default route, by which answers get back to the clients. */
import { Errno } from '../../errors.js';
import { type Family, familyOf } from '../../model/address.js';
import type { Machine } from '../../system/machine.js';
import { type Route, routingTables } from '../../system/network/network.js';
import { ALREADY_SET, type DefaultRouteStep, removeUnlessGone, type StepKind } from './step.js';

export const defaultRoute: StepKind<DefaultRouteStep> = {
  key: ({ gateway, metric }) => `${familyOf(gateway)} metric ${metric}`,
  describe: ({ gateway }) => `send everything without a route of its own to ${gateway}`,
  command: ({ gateway, device, metric }) => {
    const family = familyOf(gateway) === 'inet6' ? '-6 ' : '';
    return `ip ${family}route replace default via ${gateway}${device ? ` dev ${device}` : ''} metric ${metric}`;
  },

  async check(step, machine) {
    const current = await currentDefault(machine, familyOf(step.gateway), step.metric);
    if (current === undefined) return null;
    if (isWanted(current, step)) return ALREADY_SET;
    return { via: viaOf(current), route: Buffer.from(current.raw).toString('base64') };
  },

  async apply(step, machine) {
    await (await machine.route()).replaceDefaultRoute(step);
    return undefined;
  },

  async undo(step, machine, previous) {
    const route = await machine.route();
    const current = await currentDefault(machine, familyOf(step.gateway), step.metric);
    const before = previous as { via: string; route: string } | null;
    if (current !== undefined && !isWanted(current, step)) {
      const via = viaOf(current);
      return via === before?.via ? undefined : `the default route leads to ${via} by now, and stays so`;
    }
    if (before !== null) {
      await route.restoreRoute(Buffer.from(before.route, 'base64'));
      return undefined;
    }
    return removeUnlessGone(() => route.deleteDefaultRoute(step), Errno.ESRCH);
  },
};

async function currentDefault(machine: Machine, family: Family, metric: number): Promise<Route | undefined> {
  const routes = await (await machine.route()).routes();
  return routes.find(
    (route) =>
      route.family === family &&
      route.destination === 'default' &&
      route.table === routingTables.main &&
      route.type === 'unicast' &&
      route.metric === metric,
  );
}

const viaOf = ({ gateway, device }: Route): string => gateway ?? device ?? 'several gateways';

const isWanted = ({ gateway, device }: Route, wanted: DefaultRouteStep): boolean =>
  gateway === wanted.gateway && (wanted.device === undefined || device === wanted.device);
