/** What a machine is, where nobody says. */
import { carriers } from './checks/vip-holders.js';
import type { MachineFacts, Role } from './facts/facts.js';

/**
 * A director has virtual services, a real server has a VIP where the network cannot see it.
 * @returns no role where the machine is neither
 */
export function rolesOf(facts: MachineFacts, vips: readonly string[]): Role[] {
  const roles: Role[] = [];
  if ((facts.ipvs?.services.length ?? 0) > 0) roles.push('director');
  if (carriers(facts, { roles: [], vips }).length > 0 && !(roles.length > 0 && vips.length > 0))
    roles.push('real-server');
  return roles;
}
