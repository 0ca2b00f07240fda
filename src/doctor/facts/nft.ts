/** The output of `nft -j list ruleset`, reduced to what may conflict with IPVS. Source: libnftables-json(5). */
import { canonicalAddress, isIpv4, isIpv6 } from '../../model/address.js';
import type { FilterRule } from './facts.js';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Members = { readonly [key: string]: Json };

const translators = ['masquerade', 'snat', 'dnat', 'redirect'];

/** @throws SyntaxError if the text is not JSON */
export function parseNft(text: string): FilterRule[] {
  const { nftables = [] } = JSON.parse(text) as { nftables?: Members[] };
  const hooks = new Map(
    nftables.flatMap(({ chain }) =>
      isMembers(chain) ? [[chainKey(chain, 'name'), String(chain['hook'] ?? '')]] : [],
    ) as [string, string][],
  );
  return nftables.flatMap(({ rule }) => {
    if (!isMembers(rule)) return [];
    const { family, table, chain, handle, expr = [] } = rule;
    const all = [...members(expr)];
    return [
      {
        text: `nft: ${family} ${table} ${chain}, handle ${handle}`,
        hook: hooks.get(chainKey(rule, 'chain')) ?? '',
        needs: needsOf(all),
        mark: markOf(all),
        addresses: addressesIn(expr),
      },
    ];
  });
}

const isMembers = (value: Json | undefined): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const chainKey = (of: Members, name: string): string => [of['family'], of['table'], of[name]].join(' ');

/** Every object within a value, itself included. */
function* members(value: Json): Generator<Members> {
  if (Array.isArray(value)) for (const item of value) yield* members(item);
  else if (isMembers(value)) {
    yield value;
    for (const member of Object.values(value)) yield* members(member);
  }
}

function needsOf(all: readonly Members[]): FilterRule['needs'] {
  if (all.some((object) => translators.some((name) => name in object))) return 'nat';
  return all.some(({ ct }) => isMembers(ct) && ct['key'] !== 'mark') ? 'ct' : undefined;
}

function markOf(all: readonly Members[]): FilterRule['mark'] {
  for (const { mangle } of all) {
    if (!isMembers(mangle) || !isMembers(mangle['key'])) continue;
    const { meta } = mangle['key'];
    if (!isMembers(meta) || meta['key'] !== 'mark') continue;
    return typeof mangle['value'] === 'number' ? mangle['value'] : 'any';
  }
  return undefined;
}

function addressesIn(value: Json): string[] {
  if (typeof value === 'string') return isIpv4(value) || isIpv6(value) ? [canonicalAddress(value)] : [];
  if (Array.isArray(value)) return value.flatMap(addressesIn);
  if (!isMembers(value)) return [];
  const { prefix } = value;
  if (isMembers(prefix)) return [`${prefix['addr']}/${prefix['len']}`];
  return Object.values(value).flatMap(addressesIn);
}
