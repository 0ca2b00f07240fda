/** Rules of netfilter that need connection tracking for packets that IPVS keeps from being tracked. */
import { vsSetting } from '../../system/vs-settings.js';
import type { FilterRule, MachineFacts, Scope } from '../facts/facts.js';
import { contains, vipsOf } from '../facts/routing.js';
import { numberOf } from '../facts/settings.js';
import { serversOf, servicesOf } from './table.js';

/** Whether a rule may match packets of these addresses: it names one of them, or no address at all. */
const mayMatch = ({ addresses }: FilterRule, ours: readonly string[]): boolean =>
  addresses.length === 0 || addresses.some((network) => ours.some((address) => contains(network, address)));

/** Empty if IPVS lets netfilter track its connections. */
export function untrackedRules(facts: MachineFacts, scope: Scope): FilterRule[] {
  if (numberOf(facts, vsSetting('conntrack')) !== 0) return [];
  const servers = serversOf(facts, scope).map(({ server }) => server);
  const natServers = servers.filter(({ method }) => method === 'nat').map(({ id }) => id.address);
  const all = [...vipsOf(servicesOf(facts, scope)), ...servers.map(({ id }) => id.address)];
  return (facts.rules ?? []).filter((rule) => {
    if (rule.needs === 'nat') return rule.hook === 'postrouting' && mayMatch(rule, all);
    // IPVS takes requests before the forward chain; the answers of NAT servers pass through it.
    return (
      rule.needs === 'ct' && rule.hook === 'forward' && natServers.length > 0 && mayMatch(rule, natServers)
    );
  });
}

/** Whether rules that translate addresses do not see the packets that IPVS forwards. */
export const natIsUntracked = (facts: MachineFacts, scope: Scope): boolean =>
  untrackedRules(facts, scope).some(({ needs }) => needs === 'nat');
