/**
 * Who else says that it has a VIP of this machine. The kernel is made to ask the network as it would for any neighbour; it
 * never answers itself. Only ARP tells: IPv6 keeps such answers to itself. And only where the link has another address of
 * the VIP's network to ask with: a question in the name of the VIP itself is taken for a spoofed one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Errno, KernelError } from '../../errors.js';
import { familyOf } from '../../model/address.js';
import type { RouteClient } from '../../system/rtnetlink/client.js';
import { isEndpoint } from '../checks/table.js';
import type { Claim, MachineFacts } from './facts.js';
import { carriersOf, contains, linkNamed } from './routing.js';

/** Milliseconds in which a machine on the link answers. */
const PATIENCE = 1000;

/** @param unknown takes what could not be asked */
export async function readClaims(
  facts: MachineFacts,
  route: RouteClient,
  unknown: string[],
): Promise<Claim[]> {
  const all = questions(facts);
  const asked = all.filter((question) => hasAsker(facts, question));
  for (const { address, device } of all.filter((question) => !asked.includes(question))) {
    unknown.push(`who else has ${address}: ${device} has no other address of its network to ask with`);
  }
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

const hasAsker = (
  { addresses }: MachineFacts,
  { address, device }: { address: string; device: string },
): boolean =>
  addresses.some(
    (own) =>
      own.device === device && own.address !== address && contains(`${own.address}/${own.prefix}`, address),
  );

async function forget(route: RouteClient, address: string, device: string): Promise<void> {
  try {
    await route.forgetNeighbour(address, device);
  } catch (error) {
    if (!(error instanceof KernelError && error.errno === Errno.ENOENT)) throw error;
  }
}
