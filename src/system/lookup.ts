/** What the machine knows of names: its resolver for hosts, /etc/services for ports. */
import { canonicalAddress } from '../model/address.js';
import { parseServices, type ServiceNames } from './names.js';

/** Every address of a host, as nsswitch.conf has it looked up. Rejects where it has none. */
export async function addressesOf(name: string): Promise<string[]> {
  const { lookup } = await import('node:dns/promises');
  const found = await lookup(name, { all: true });
  return found.map(({ address }) => canonicalAddress(address));
}

/** No names where the file is missing. */
export async function portNames(): Promise<ServiceNames> {
  const { readFile } = await import('node:fs/promises');
  return parseServices(await readFile('/etc/services', 'utf8').catch(() => ''));
}
