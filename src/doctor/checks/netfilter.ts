/** Conflicts between netfilter and IPVS. */
import { describeService, isFwmark } from '../../model/service.js';
import { vsSetting } from '../../system/vs-settings.js';
import { numberOf } from '../facts/settings.js';
import { type Check, manualFix, seen, seenSetting, setSetting } from './check.js';
import { servicesOf } from './table.js';
import { untrackedRules } from './untracked-rules.js';

export const conntrackOff: Check = {
  id: 'conntrack-off',
  severity: 'warning',
  *find(facts, scope) {
    const rules = untrackedRules(facts, scope);
    if (rules.length === 0) return;
    const path = vsSetting('conntrack');
    yield {
      subject: rules.length === 1 ? 'a rule of netfilter' : `${rules.length} rules of netfilter`,
      observed: [seenSetting(facts, path), ...rules.map(({ text, hook }) => seen(hook, text))],
      why:
        "Netfilter does not track IPVS's connections. Rules that translate addresses do not see them, and to rules that match " +
        'the state of a connection their packets are invalid. A connection keeps the setting that it began with: after a change only ' +
        'new ones are tracked.',
      fixes: [setSetting(path, '1')],
    };
  },
};

/** Share of the table. */
const NEARLY_FULL = 0.8;

export const conntrackFull: Check = {
  id: 'conntrack-full',
  severity: 'warning',
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
      why: 'When the table of tracked connections is full, the kernel drops the packets of new ones.',
      fixes: [setSetting('net/netfilter/nf_conntrack_max', String(2 * most))],
    };
  },
};

export const reuseDelay: Check = {
  id: 'reuse-delay',
  severity: 'warning',
  *find(facts) {
    const [conntrack, reuse] = [vsSetting('conntrack'), vsSetting('conn_reuse_mode')];
    const [major = 0, minor = 0] = facts.kernel.split(/[.-]/).map(Number);
    if (major > 5 || (major === 5 && minor >= 9)) return;
    if (numberOf(facts, conntrack) !== 1 || (numberOf(facts, reuse) ?? 0) === 0) return;
    yield {
      subject: 'conn_reuse_mode',
      observed: [seen('kernel', facts.kernel), seenSetting(facts, conntrack), seenSetting(facts, reuse)],
      why:
        'This kernel drops the first packet of a client that reuses a port whose old connection is still tracked: each such ' +
        'connection takes one second longer.',
      fixes: [setSetting(reuse, '0')],
    };
  },
};

export const fwmarkUnmarked: Check = {
  id: 'fwmark-unmarked',
  severity: 'error',
  *find(facts, scope) {
    const { rules } = facts;
    const marks = rules?.flatMap(({ mark }) => mark ?? []);
    for (const { id, stats } of servicesOf(facts, scope)) {
      if (!isFwmark(id) || stats.connections > 0n || stats.inPackets > 0n) continue;
      if (marks?.some((mark) => mark === 'any' || mark === id.fwmark)) continue;
      const seenMarks = marks && ([...new Set(marks)].join(', ') || 'none');
      const header = id.family === 'inet6' ? 'ip6' : 'ip';
      yield {
        // Without nft and iptables the rules are unknown, and BPF programs and tc set marks too.
        severity: rules === undefined ? 'note' : 'error',
        subject: describeService(id),
        observed: [seen('connections', 0), seen('rules that set a mark', seenMarks ?? 'cannot be asked')],
        why: `No rule sets the mark ${id.fwmark}: no packet ever belongs to this service.`,
        fixes: [
          manualFix('nft add table inet lvs'),
          manualFix("nft 'add chain inet lvs marking { type filter hook prerouting priority mangle; }'"),
          manualFix(
            `nft add rule inet lvs marking ${header} daddr VIP tcp dport PORT meta mark set ${id.fwmark}`,
          ),
        ],
      };
    }
  },
};
