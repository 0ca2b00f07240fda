/**
 * Other machines that answer ARP requests for a VIP of this machine. The kernel is made to look for the VIP as a neighbour; it
 * does not answer itself. IPv4 only: the kernel does not keep such answers of neighbour discovery. And only on links with
 * another address in the VIP's network: a request with the VIP as the sender counts as spoofed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Errno, KernelError } from '../../errors.js';
import { familyOf } from '../../model/address.js';
import type { InterfaceAddress } from '../../system/network/network.js';
import type { RouteClient } from '../../system/rtnetlink/client.js';
import type { ArpConflict, MachineFacts } from './facts.js';
import { contains, interfacesWith, linkNamed, vipsOf } from './routing.js';

/** Milliseconds within which a machine on the link answers. */
const PATIENCE = 1000;

/** @param unknown gets the VIPs that cannot be asked for */
export async function findArpConflicts(
  facts: MachineFacts,
  route: RouteClient,
  unknown: string[],
): Promise<ArpConflict[]> {
  const all = vipsOnNetwork(facts);
  const asked = all.filter((vip) => hasSender(facts, vip));
  for (const { address, device } of all.filter((vip) => !asked.includes(vip))) {
    unknown.push(
      `other machines with ${address}: ${device} has no other address in that network to ask with`,
    );
  }
  for (const { address, device } of asked) await route.requestNeighbour(address, device);
  if (asked.length > 0) await sleep(PATIENCE);
  const neighbours = await route.neighbours();
  const conflicts: ArpConflict[] = [];
  for (const { address, device } of asked) {
    const found = neighbours.find((one) => one.address === address && one.device === device);
    if (found?.mac !== undefined && found.state !== 'failed')
      conflicts.push({ address, device, mac: found.mac });
    await forget(route, address, device);
  }
  return conflicts;
}

/** The IPv4 VIPs of services, on the links with ARP. */
function vipsOnNetwork(facts: MachineFacts): InterfaceAddress[] {
  return vipsOf(facts.ipvs?.services ?? [])
    .filter((vip) => familyOf(vip) === 'inet')
    .flatMap((vip) => interfacesWith(facts, vip))
    .filter(({ device }) => linkNamed(facts, device)?.arp);
}

/** Whether the link has another address in the VIP's network. */
const hasSender = ({ addresses }: MachineFacts, { address, device }: InterfaceAddress): boolean =>
  addresses.some(
    (own) =>
      own.device === device && own.address !== address && contains(`${own.address}/${own.prefix}`, address),
  );

async function forget(route: RouteClient, address: string, device: string): Promise<void> {
  try {
    await route.deleteNeighbour(address, device);
  } catch (error) {
    if (!(error instanceof KernelError && error.errno === Errno.ENOENT)) throw error;
  }
}
