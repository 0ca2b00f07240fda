/** Runs the checks over the facts of a machine. */
import type { Finding, Severity } from './checks/check.js';
import { checks } from './checks/index.js';
import { vipHolders } from './checks/vip-holders.js';
import type { MachineFacts, Role, Scope } from './facts/facts.js';

/**
 * The roles of a machine. A director has virtual services; a real server has a VIP on a link without ARP.
 * @returns empty if the machine is neither
 */
export function rolesOf(facts: MachineFacts, vips: readonly string[]): Role[] {
  const isDirector = (facts.ipvs?.services.length ?? 0) > 0;
  // VIPs that the user names are the director's own, if it is one.
  const isRealServer = vipHolders(facts, { roles: [], vips }).length > 0 && !(isDirector && vips.length > 0);
  return [
    ...(isDirector ? (['director'] as const) : []),
    ...(isRealServer ? (['real-server'] as const) : []),
  ];
}

const order: readonly Severity[] = ['error', 'warning', 'note'];

/** The findings, errors first. */
export function examine(facts: MachineFacts, scope: Scope): Finding[] {
  const ofRoles = new Set(scope.roles.flatMap((role) => checks[role]));
  const findings = [...ofRoles].flatMap(({ id, severity, find }) =>
    [...find(facts, scope)].map((found): Finding => ({ id, severity, ...found })),
  );
  return findings.sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}
