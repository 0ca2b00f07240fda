/**
 * Who else says that it has a VIP of this machine. The kernel is made to ask the network as it would for any neighbour; it
 * never answers itself. Only ARP tells: IPv6 keeps such answers to itself.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Errno, KernelError } from '../../errors.js';
import type { RouteClient } from '../../host/rtnetlink/client.js';
import { familyOf } from '../../model/address.js';
import { isEndpoint } from '../checks/table.js';
import type { Claim, MachineFacts } from './facts.js';
import { carriersOf, linkNamed } from './reach.js';

/** Milliseconds in which a machine on the link answers. */
const PATIENCE = 1000;

export async function readClaims(facts: Omit<MachineFacts, 'claims'>, route: RouteClient): Promise<Claim[]> {
  const asked = questions({ ...facts, claims: [] });
  for (const { address, device } of asked) await route.askFor(address, device);
  if (asked.length > 0) await sleep(PATIENCE);
  const neighbours = await route.neighbours();
  const claims: Claim[] = [];
  for (const { address, device } of asked) {
    const found = neighbours.find((one) => one.address === address && one.device === device);
    if (found?.mac !== undefined && found.state !== 'failed')
      claims.push({ address, device, mac: found.mac });
    await forget(route, address, device);
  }
  return claims;
}

/** The VIPs of services, on the links that clients come in by. */
function questions(facts: MachineFacts): { address: string; device: string }[] {
  const vips = new Set(
    (facts.ipvs?.services ?? []).flatMap(({ id }) => (isEndpoint(id) ? [id.address] : [])),
  );
  return [...vips]
    .filter((vip) => familyOf(vip) === 'inet')
    .flatMap((vip) => carriersOf(facts, vip))
    .filter(({ device }) => linkNamed(facts, device)?.arp)
    .map(({ address, device }) => ({ address, device }));
}

async function forget(route: RouteClient, address: string, device: string): Promise<void> {
  try {
    await route.forgetNeighbour(address, device);
  } catch (error) {
    if (!(error instanceof KernelError && error.errno === Errno.ENOENT)) throw error;
  }
}
