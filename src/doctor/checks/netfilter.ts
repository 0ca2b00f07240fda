/** Where netfilter and IPVS get into each other's way. */
import { describeService, isFwmark } from '../../model/service.js';
import { numberOf, vs } from '../facts/setting.js';
import type { Check } from './check.js';
import { byHand, seen, setTo, setting } from './fixes.js';
import { servicesOf } from './table.js';
import { blindRules } from './untracked-rules.js';

const roles = ['director'] as const;

export const conntrackOff: Check = {
  id: 'conntrack-off',
  severity: 'warning',
  roles,
  *find(facts, scope) {
    const rules = blindRules(facts, scope);
    if (rules.length === 0) return;
    yield {
      subject: rules.length === 1 ? 'a rule of netfilter' : `${rules.length} rules of netfilter`,
      observed: [setting(facts, vs('conntrack')), ...rules.map(({ text, hook }) => seen(hook, text))],
      why:
        'IPVS does not let netfilter track its connections: to rules that translate addresses they do not exist, and to rules ' +
        'that look at the state of a connection its packets are invalid.',
      fixes: [setTo(vs('conntrack'), '1')],
    };
  },
};

const NEARLY_FULL = 0.8;

export const conntrackFull: Check = {
  id: 'conntrack-full',
  severity: 'warning',
  roles: ['director', 'real-server'],
  *find(facts) {
    const [number, most] = ['count', 'max'].map((name) =>
      numberOf(facts, `net/netfilter/nf_conntrack_${name}`),
    );
    if (number === undefined || most === undefined || most === 0 || number < NEARLY_FULL * most) return;
    yield {
      severity: number >= most ? 'error' : 'warning',
      subject: 'nf_conntrack',
      observed: [
        seen('net.netfilter.nf_conntrack_count', number),
        seen('net.netfilter.nf_conntrack_max', most),
      ],
      why: 'When the table of tracked connections is full, packets of new ones are dropped.',
      fixes: [setTo('net/netfilter/nf_conntrack_max', String(2 * most))],
    };
  },
};

export const reuseDelay: Check = {
  id: 'reuse-delay',
  severity: 'warning',
  roles,
  *find(facts) {
    const [major = 0, minor = 0] = facts.kernel.split(/[.-]/).map(Number);
    if (major > 5 || (major === 5 && minor >= 9)) return;
    if (numberOf(facts, vs('conntrack')) !== 1 || (numberOf(facts, vs('conn_reuse_mode')) ?? 0) === 0) return;
    yield {
      subject: 'conn_reuse_mode',
      observed: [
        seen('kernel', facts.kernel),
        setting(facts, vs('conntrack')),
        setting(facts, vs('conn_reuse_mode')),
      ],
      why:
        'This kernel drops the first packet of a client that uses a port again while its old connection is tracked: each such ' +
        'connection takes a second longer.',
      fixes: [setTo(vs('conn_reuse_mode'), '0')],
    };
  },
};

export const fwmarkUnmarked: Check = {
  id: 'fwmark-unmarked',
  severity: 'error',
  roles,
  *find(facts, scope) {
    const { rules } = facts;
    for (const { id, stats } of servicesOf(facts, scope)) {
      if (!isFwmark(id) || stats.connections > 0n || stats.inPackets > 0n) continue;
      if (rules?.some(({ mark }) => mark === 'any' || mark === id.fwmark)) continue;
      const others = [...new Set(rules?.flatMap(({ mark }) => (typeof mark === 'number' ? [mark] : [])))];
      yield {
        // Without a program to ask nobody knows: programs of BPF and tc mark packets too.
        severity: rules === undefined ? 'note' : 'error',
        subject: describeService(id),
        observed: [
          seen('connections', 0),
          seen(
            'rules that set a mark',
            rules === undefined ? 'cannot be asked' : others.join(', ') || 'none',
          ),
        ],
        why: `No packet gets the mark ${id.fwmark}: the service never gets one.`,
        fixes: [
          byHand('nft add table inet lvs'),
          byHand("nft 'add chain inet lvs marking { type filter hook prerouting priority mangle; }'"),
          byHand(
            `nft add rule inet lvs marking ${id.family === 'inet6' ? 'ip6' : 'ip'} daddr VIP tcp dport PORT meta mark set ${id.fwmark}`,
          ),
        ],
      };
    }
  },
};
