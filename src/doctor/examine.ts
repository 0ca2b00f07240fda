/** Runs the checks over the facts of a machine. */
import type { Finding, Severity } from './checks/check.js';
import { checks } from './checks/index.js';
import { vipHolders } from './checks/vip-holders.js';
import type { MachineFacts, Role, Scope } from './facts/facts.js';

/**
 * The role of a machine whose user names none. One with virtual services is a director: other addresses on its lo or dummies, such as a
 * router id, say nothing. One without is a real server if it has an address that may be a VIP.
 * @returns empty if the machine is neither
 */
export function rolesOf(facts: MachineFacts, vips: readonly string[]): Role[] {
  if ((facts.ipvs?.services.length ?? 0) > 0) return ['director'];
  return vipHolders(facts, { roles: [], vips }).length > 0 ? ['real-server'] : [];
}

const order: readonly Severity[] = ['error', 'warning', 'note'];

/** The findings, errors first. */
export function examine(facts: MachineFacts, scope: Scope): Finding[] {
  const ofRoles = new Set(scope.roles.flatMap((role) => checks[role]));
  const findings = [...ofRoles].flatMap((check) =>
    [...check.find(facts, scope)].map((found): Finding => {
      const { id, severity } = check;
      const finding = { id, severity, ...found };
      return scope.assumed && !checks.director.includes(check) ? asNote(finding) : finding;
    }),
  );
  return findings.sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}

/** A finding about an address that nothing but its place makes a VIP: nothing that `--fix` changes. */
const asNote = ({ observed, fixes, ...finding }: Finding): Finding => ({
  ...finding,
  severity: 'note',
  observed: [...observed, { source: 'role', value: 'assumed; --vip or --role real-server confirms it' }],
  fixes: fixes.map(({ step, ...fix }) => fix),
});
