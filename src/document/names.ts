/** Names of hosts and ports in documents: each is looked up once, all of them before the table is changed. */
import { type Family, familyOf } from '../model/address.js';
import type { PortNames } from '../model/port.js';

/** Looks up names. */
export interface Lookup {
  /** All addresses of a host, canonical; rejects or is empty if there are none. */
  addresses(name: string): Promise<readonly string[]>;
  ports(): Promise<PortNames>;
}

/** Collects the names that are asked for, and knows their values once they are looked up. */
export class Names {
  private readonly known = new Map<string, readonly string[]>();
  private readonly wanted = new Set<string>();
  private ports: PortNames | 'wanted' | undefined;

  /** @param lookup undefined: no name is looked up */
  constructor(private readonly lookup: Lookup | undefined) {}

  /** The addresses of a host; undefined until the next `lookUp` has looked it up. */
  addresses(name: string): readonly string[] | undefined {
    const addresses = this.known.get(name);
    if (addresses === undefined) this.wanted.add(name);
    return addresses;
  }

  /** The names of ports; undefined until the next `lookUp`. */
  portNames(): PortNames | undefined {
    this.ports ??= 'wanted';
    return this.ports === 'wanted' ? undefined : this.ports;
  }

  /** Looks up the names that were asked for and are not known. @returns whether there were any */
  async lookUp(): Promise<boolean> {
    const { lookup } = this;
    if (lookup === undefined) return false;
    const names = [...this.wanted];
    this.wanted.clear();
    const ports = this.ports === 'wanted' ? lookup.ports() : undefined;
    await Promise.all(
      names.map(async (name) => {
        const found = await lookup.addresses(name).catch(() => []);
        this.known.set(name, [...new Set(found)].sort());
      }),
    );
    if (ports !== undefined) this.ports = await ports;
    return names.length > 0 || ports !== undefined;
  }
}

/** The addresses of the first of these families that has any. */
export function preferred(addresses: readonly string[], families: readonly Family[]): readonly string[] {
  for (const family of families) {
    const matching = addresses.filter((address) => familyOf(address) === family);
    if (matching.length > 0) return matching;
  }
  return [];
}
