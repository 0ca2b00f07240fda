/** What netfilter does around IPVS, in `lvsadm status`. */
import type { FilterRule } from '../../doctor/facts/facts.js';
import { numberOf } from '../../doctor/facts/settings.js';
import { vsSetting } from '../../system/vs-settings.js';
import type { StatusFacts } from './facts.js';
import type { Row, Section } from './section.js';

/** Rules that the page shows. */
const SHOWN = 8;

export const netfilter: Section = {
  title: 'Netfilter',
  member: 'netfilter',
  rows: ({ machine }) => {
    const { tracked, count, max } = conntrackOf(machine);
    const rules = rulesThatMatter(machine.rules);
    const number = machine.rules?.length;
    return [
      ...(tracked === undefined ? [] : [['IPVS connections', tracked ? 'tracked' : 'not tracked'] as const]),
      ...(count === undefined
        ? []
        : [['tracked now', max === undefined ? String(count) : `${count} of ${max}`] as const]),
      ['rules', number === undefined ? 'unknown: neither nft nor iptables is installed' : String(number)],
      ...rules
        .slice(0, SHOWN)
        .map((rule): Row => [effectOf(rule), `${rule.text}${rule.hook && ` (${rule.hook})`}`]),
      ...(rules.length > SHOWN ? [['and', `${rules.length - SHOWN} more`] as const] : []),
    ];
  },
  json: ({ machine }) => {
    const { tracked, count, max } = conntrackOf(machine);
    return {
      conntrack: { ipvs: tracked ?? null, count: count ?? null, max: max ?? null },
      rules: machine.rules?.length ?? null,
      relevant: rulesThatMatter(machine.rules).map(({ text, hook, needs, mark }) => ({
        rule: text,
        hook,
        needs: needs ?? null,
        mark: mark ?? null,
      })),
    };
  },
};

function conntrackOf(machine: StatusFacts['machine']) {
  const tracked = numberOf(machine, vsSetting('conntrack'));
  return {
    tracked: tracked === undefined ? undefined : tracked !== 0,
    count: numberOf(machine, 'net/netfilter/nf_conntrack_count'),
    max: numberOf(machine, 'net/netfilter/nf_conntrack_max'),
  };
}

/** Rules that translate addresses, match the state of connections, or set marks. */
const rulesThatMatter = (rules: readonly FilterRule[] = []): FilterRule[] =>
  rules.filter(({ needs, mark }) => needs !== undefined || mark !== undefined);

function effectOf({ needs, mark }: FilterRule): string {
  if (needs === 'nat') return 'translates addresses';
  if (needs === 'ct') return 'matches states';
  return mark === 'any' ? 'sets marks' : `sets mark ${mark}`;
}
