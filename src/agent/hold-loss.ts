/** What a hold would take from clients beside its own servers. */
import { formatService } from '../model/service-uri.js';
import type { DesiredService } from '../model/state.js';
import type { LostQuorum, WatchedService } from './watched-service.js';

export interface HoldLoss extends LostQuorum {
  /** The address that would be withdrawn; null if it is not announced. */
  readonly address: string | null;
  /** The other services of that address. */
  readonly beside: readonly string[];
}

/**
 * The loss of a quorum, as clients see it.
 * @param documented all services of the documents
 * @param addressesInUse virtual addresses to which clients may be led
 * @returns undefined if nothing depends on the quorum: the documents give the service none, and its address is not announced
 */
export function holdLoss(
  { desired, health }: WatchedService,
  lost: LostQuorum,
  documented: readonly DesiredService[],
  addressesInUse: ReadonlySet<string>,
): HoldLoss | undefined {
  const { id } = desired.service;
  const address = 'address' in id && addressesInUse.has(id.address) ? id.address : null;
  if (address === null && health.quorum === undefined) return undefined;
  const others = documented.map(({ service }) => service.id).filter((other) => other !== id);
  const beside = others.filter((other) => 'address' in other && other.address === address);
  return { ...lost, address, beside: beside.map(formatService) };
}
