/** The virtual addresses of documents, and whether clients are to be led to them. */
import { serviceKey } from '../../model/service.js';
import { formatService } from '../../model/service-uri.js';
import type { DesiredService } from '../../model/state.js';
import { isChecked } from '../watched-service.js';

/** A virtual address, and whether it is to be announced. */
export interface Vip {
  readonly address: string;
  /** Undefined until the checks have said enough: it stays as it is. */
  readonly isWanted: boolean | undefined;
  readonly reason: string;
  /** Whether the table has all that the documents say of its services; otherwise it may go, and does not come. */
  readonly isComplete: boolean;
}

const UNCHECKED = 'no service of it is checked';

/**
 * Each address once, in the order of the documents. An address is wanted while each of its checked services has its quorum; services
 * whose servers are not checked do not count.
 * @param quorums by the names of services; those without enough results are not there
 * @param incomplete keys of services of which the kernel has not taken all
 */
export function vipsOf(
  services: readonly DesiredService[],
  quorums: ReadonlyMap<string, boolean>,
  incomplete: ReadonlySet<string>,
): Vip[] {
  const vips = new Map<string, Vip>();
  for (const service of services) {
    const { id } = service.service;
    if (!('address' in id)) continue;
    const { address } = id;
    const before = vips.get(address) ?? { address, isWanted: true, reason: UNCHECKED, isComplete: true };
    const vip = isChecked(service) ? joined(before, formatService(id), quorums) : before;
    vips.set(address, { ...vip, isComplete: before.isComplete && !incomplete.has(serviceKey(id)) });
  }
  return [...vips.values()];
}

/** The address with one more service: a lost quorum counts more than an unknown one, and this more than those that are held. */
function joined(vip: Vip, service: string, quorums: ReadonlyMap<string, boolean>): Vip {
  const { isWanted, reason } = vip;
  const has = quorums.get(service);
  if (has === false && isWanted !== false)
    return { ...vip, isWanted: false, reason: `${service} has lost its quorum` };
  if (has === undefined && isWanted === true)
    return { ...vip, isWanted: undefined, reason: `${service} has not been checked yet` };
  return reason === UNCHECKED ? { ...vip, reason: 'its services have their quorums' } : vip;
}
