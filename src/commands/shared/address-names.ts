/** `--resolve`: names of addresses in listings. */
import type { Context } from '../../context.js';
import { masked } from '../../foreign-text.js';
import type { NameOf } from '../../observe/connections/text.js';
import { SystemNames } from '../../system/network/names.js';

/** Milliseconds that a listing waits for names; addresses without a name by then are shown as numbers. */
const PATIENCE = 2000;

/** Addresses that are looked up. */
export const MOST_NAMES = 10_000;

/** The names of these addresses, looked up together, without unprintable characters; an address without a name stays as it is. */
export async function namesOf(context: Context, addresses: Iterable<string>): Promise<NameOf> {
  const names = await new SystemNames(context).names(addresses, PATIENCE);
  return (address) => masked(names.get(address) ?? address);
}
