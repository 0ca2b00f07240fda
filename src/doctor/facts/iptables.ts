/** The output of iptables-save and ip6tables-save, reduced to what may conflict with IPVS. */
import { canonicalAddress, isIpv4, isIpv6 } from '../../model/address.js';
import type { FilterRule } from './facts.js';

const translators: ReadonlySet<string> = new Set(['MASQUERADE', 'SNAT', 'DNAT', 'REDIRECT', 'NETMAP']);
const builtIn: ReadonlySet<string> = new Set(['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING']);

export function parseIptables(text: string): FilterRule[] {
  return text.split('\n').flatMap((line) => {
    if (!line.startsWith('-A ')) return [];
    const words = line.trim().split(/\s+/);
    const chain = words[1] ?? '';
    return [
      {
        text: `iptables: ${line.trim().slice(0, 120)}`,
        hook: builtIn.has(chain) ? chain.toLowerCase() : '',
        needs: needsOf(words),
        mark: markOf(words),
        addresses: words.filter(isNetwork).map((word) => canonical(word)),
      },
    ];
  });
}

const after = (words: readonly string[], option: string): string | undefined => {
  const at = words.indexOf(option);
  return at === -1 ? undefined : words[at + 1];
};

function needsOf(words: readonly string[]): FilterRule['needs'] {
  if (translators.has(after(words, '-j') ?? '')) return 'nat';
  return words.includes('--ctstate') || words.includes('--state') ? 'ct' : undefined;
}

/** Other targets that set the packet's mark, each with the option that makes it do so: to a value that no rule shows. */
const marking: ReadonlyMap<string, string> = new Map([
  ['CONNMARK', '--restore-mark'],
  ['SET', '--map-mark'],
  ['TPROXY', '--tproxy-mark'],
  ['HMARK', '--hmark-mod'],
]);

/** `--set-xmark 0x7/0xffffffff` replaces the mark; with a narrower mask the result depends on the packet. */
function markOf(words: readonly string[]): FilterRule['mark'] {
  const target = after(words, '-j') ?? '';
  if (words.includes(marking.get(target) ?? ' ')) return 'any';
  if (target !== 'MARK') return undefined;
  const [value = '', mask = '0xffffffff'] = (
    after(words, '--set-xmark') ??
    after(words, '--set-mark') ??
    ''
  ).split('/');
  return value === '' || Number(mask) !== 0xffffffff ? 'any' : Number(value);
}

/** An address, or an address and a prefix length. */
function isNetwork(word: string): boolean {
  const [address = ''] = word.split(/\/\d+$/, 1);
  return isIpv4(address) || isIpv6(address);
}

function canonical(word: string): string {
  const [address = '', length] = word.split('/');
  return length === undefined ? canonicalAddress(address) : `${canonicalAddress(address)}/${length}`;
}
