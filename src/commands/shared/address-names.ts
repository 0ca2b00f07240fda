/** `--resolve`: names of addresses in listings. */
import type { Context } from '../../context.js';
import type { NameOf } from '../../observe/connection-text.js';
import { SystemNames } from '../../system/names.js';

/** Milliseconds that a listing waits for names; addresses without a name by then are shown as numbers. */
const PATIENCE = 2000;

/** Addresses that are looked up. */
export const MOST_NAMES = 10_000;

/** The names of these addresses, looked up together; an address without one stays as it is. */
export async function namesOf(context: Context, addresses: Iterable<string>): Promise<NameOf> {
  const names = await new SystemNames(context).names(addresses, PATIENCE);
  return (address) => names.get(address) ?? address;
}
