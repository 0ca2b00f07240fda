/** Directors whose hash tables send clients elsewhere than those of other directors, in `lvsadm fleet status`. */
import type { Fleet } from '../../fleet/operator.js';
import type { HashOrder } from '../../fleet/records.js';
import { printable } from '../../foreign-text.js';

/** Directors that have a service in the same order, which is another one than by address and port. */
export interface OtherOrder extends HashOrder {
  readonly directors: readonly string[];
}

export function otherOrders({ members, reports }: Pick<Fleet, 'members' | 'reports'>): OtherOrder[] {
  const orders = new Map<string, HashOrder & { readonly directors: string[] }>();
  for (const name of members.keys())
    for (const { service, order } of reports.get(name)?.hashing ?? []) {
      const key = `${service} ${order}`;
      const known = orders.get(key) ?? { service, order, directors: [] };
      known.directors.push(name);
      orders.set(key, known);
    }
  return [...orders.values()].sort((a, b) => (a.service < b.service ? -1 : a.service > b.service ? 1 : 0));
}

/** A line for each, and how to mend it. */
export function otherOrderLines(fleet: Pick<Fleet, 'members' | 'reports'>): string[] {
  const lines = otherOrders(fleet).map(
    ({ service, directors }) =>
      `${printable(`${service}: other order of servers than by address and port on ${directors.join(', ')}`)}\n`,
  );
  const mend =
    'directors hash the same clients to other servers where the order differs; without traffic on a director, the commands of ' +
    'lvsadm doctor (hash-order) there mend it\n';
  return lines.length === 0 ? [] : [...lines, mend];
}
