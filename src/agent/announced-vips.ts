/** The virtual addresses of documents, and whether clients are to be led to them. */

import { formatService } from '../model/service-uri.js';
import type { DesiredService } from '../model/state.js';
import { isChecked } from './watched-service.js';

/** A virtual address, and whether it is to be announced. */
export interface Vip {
  readonly address: string;
  /** Undefined until the checks have said enough: it stays as it is. */
  readonly isWanted: boolean | undefined;
  readonly reason: string;
}

const UNCHECKED = 'no service of it is checked';

/**
 * Each address once, in the order of the documents. An address is wanted while each of its checked services has its quorum; services
 * whose servers are not checked do not count.
 * @param quorums by the names of services; those without enough results are not there
 */
export function vipsOf(services: readonly DesiredService[], quorums: ReadonlyMap<string, boolean>): Vip[] {
  const vips = new Map<string, Vip>();
  for (const service of services) {
    const { id } = service.service;
    if (!('address' in id)) continue;
    const { address } = id;
    const before = vips.get(address) ?? { address, isWanted: true, reason: UNCHECKED };
    vips.set(address, isChecked(service) ? joined(before, formatService(id), quorums) : before);
  }
  return [...vips.values()];
}

/** The address with one more service: a lost quorum counts more than an unknown one, and this more than those that are held. */
function joined(
  { address, isWanted, reason }: Vip,
  service: string,
  quorums: ReadonlyMap<string, boolean>,
): Vip {
  const has = quorums.get(service);
  if (has === false && isWanted !== false)
    return { address, isWanted: false, reason: `${service} has lost its quorum` };
  if (has === undefined && isWanted === true)
    return { address, isWanted: undefined, reason: `${service} has not been checked yet` };
  return { address, isWanted, reason: reason === UNCHECKED ? 'its services have their quorums' : reason };
}
