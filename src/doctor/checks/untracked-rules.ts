/** Rules of netfilter that ask connection tracking about packets of which it knows nothing. */
import type { FilterRule, MachineFacts, Scope } from '../facts/facts.js';
import { contains } from '../facts/routing.js';
import { numberOf, vs } from '../facts/setting.js';
import { serversOf, vipsOf } from './table.js';

/** Whether a rule may meet packets of these addresses: it names one of them, or none at all. */
const concerns = ({ addresses }: FilterRule, ours: readonly string[]): boolean =>
  addresses.length === 0 || addresses.some((network) => ours.some((address) => contains(network, address)));

const natServers = (facts: MachineFacts, scope: Scope): string[] => [
  ...new Set(
    [...serversOf(facts, scope)]
      .filter(({ server }) => server.method === 'nat')
      .map(({ server }) => server.id.address),
  ),
];

/** None where IPVS lets its connections be tracked. */
export function blindRules(facts: MachineFacts, scope: Scope): FilterRule[] {
  if (numberOf(facts, vs('conntrack')) !== 0) return [];
  const servers = natServers(facts, scope);
  const all = [
    ...vipsOf(facts, scope),
    ...[...serversOf(facts, scope)].map(({ server }) => server.id.address),
  ];
  return (facts.rules ?? []).filter((rule) => {
    if (rule.needs === 'nat') return rule.hook === 'postrouting' && concerns(rule, all);
    // Requests come in before IPVS gets them; answers of NAT servers are forwarded.
    return rule.needs === 'ct' && rule.hook === 'forward' && servers.length > 0 && concerns(rule, servers);
  });
}

/** Whether answers depend on rules that translate addresses, and do not see what IPVS forwards. */
export const translationIsBlind = (facts: MachineFacts, scope: Scope): boolean =>
  blindRules(facts, scope).some(({ needs }) => needs === 'nat');
