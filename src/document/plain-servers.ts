/**
 * Servers as values of a document, made into the model's objects only when they are needed. A large table is nearly all unchanged,
 * and that is found by comparing these values with the kernel's records: half of the time of a comparison of 11,000 servers, object by
 * object. Servers are plain if they have an IPv4 address, a port in digits or that of their service, and neither a tunnel nor a check
 * of their own: then the checks here are complete.
 */
import { formatAddress } from '../model/address.js';
import { type Destination, plainTunnel } from '../model/destination.js';
import { destinationNumberNames } from '../model/fields.js';
import type { ServerReader } from '../model/state.js';
import type { ServerValue } from './schema.js';
import { addressOf, type InheritedSettings, numbersOf, settingsOf } from './server-settings.js';

const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const unicast = '(?:22[0-3]|2[01]\\d|1\\d\\d|[1-9]\\d?)';
const port = '(?:6553[0-5]|655[0-2]\\d|65[0-4]\\d\\d|6[0-4]\\d{3}|[1-5]\\d{4}|[1-9]\\d{0,3}|0)';
/** All of a service's servers in one text, each with a blank after it: one call is faster than one for each. */
const plainAddresses = new RegExp(`^(?:${unicast}\\.${octet}\\.${octet}\\.${octet}:${port} )*$`);

export class PlainServers {
  private made: readonly Destination[] | undefined;
  private indexes: ReadonlyMap<string, number> | undefined;

  private constructor(
    private readonly values: readonly ServerValue[],
    /** Address and port of each, as `destinationKey` writes them. */
    private readonly addresses: readonly string[],
    private readonly inherited: InheritedSettings,
  ) {}

  /**
   * The servers of a service with an IPv4 address; undefined if one of them is not plain, or a duplicate.
   * @param port of servers that are written without one; undefined if the service has none
   */
  static of(
    values: readonly ServerValue[],
    inherited: InheritedSettings,
    port: number | undefined,
  ): PlainServers | undefined {
    if (!values.every((value) => isPlain(value, inherited))) return undefined;
    const addresses = values.map((value) => {
      const address = addressOf(value);
      return port === undefined || address.includes(':') ? address : `${address}:${port}`;
    });
    const all = addresses.map((address) => `${address} `).join('');
    if (!plainAddresses.test(all) || all.split(' ').length - 1 !== addresses.length) return undefined;
    return hasDuplicates(addresses) ? undefined : new PlainServers(values, addresses, inherited);
  }

  get destinations(): readonly Destination[] {
    this.made ??= this.values.map((value, index) => {
      const { method = this.inherited.method } = settingsOf(value);
      const [address = '', digits] = (this.addresses[index] as string).split(':');
      const id = { address, port: Number(digits) };
      return { id, method, ...numbersOf(settingsOf(value), this.inherited), tunnel: plainTunnel };
    });
    return this.made;
  }

  get size(): number {
    return this.values.length;
  }

  /** Whether the servers of `table` from index `from` on are exactly these, with the same settings. */
  equal(table: ServerReader, from: number): boolean {
    const { addresses } = this;
    if (table.count - from !== addresses.length) return false;
    // A dump may repeat one server and lack another.
    const seen: boolean[] = [];
    let at = addresses.length;
    for (let index = from; index < table.count; index++) {
      table.seek(index);
      if (table.family !== 'inet') return false;
      const address = `${formatAddress(table.bytes, table.address(), 'inet')}:${table.port()}`;
      // The kernel lists the servers of a service in the reverse order of their addition.
      at = addresses[at - 1] === address ? at - 1 : this.indexOf(address);
      if (at < 0 || seen[at] || !this.hasSettings(at, table)) return false;
      seen[at] = true;
    }
    return true;
  }

  private hasSettings(at: number, table: ServerReader): boolean {
    const { inherited } = this;
    const own = settingsOf(this.values[at] as ServerValue);
    if ((own.method ?? inherited.method) !== table.method()) return false;
    return destinationNumberNames.every((name) => (own[name] ?? inherited[name]) === table.number(name));
  }

  private indexOf(address: string): number {
    this.indexes ??= new Map(this.addresses.map((each, index) => [each, index]));
    return this.indexes.get(address) ?? -1;
  }
}

function isPlain(value: ServerValue, inherited: InheritedSettings): boolean {
  const own = settingsOf(value);
  if ((own.method ?? inherited.method) === 'tun' || own.tunnel !== undefined) return false;
  if (own.check !== undefined || own.agent !== undefined) return false;
  return (own.lowerThreshold ?? inherited.lowerThreshold) <= (own.upperThreshold ?? inherited.upperThreshold);
}

/** A list in order, as most are, needs no set. */
function hasDuplicates(addresses: readonly string[]): boolean {
  const isAfter = (a: string, b: string): boolean => a.length > b.length || (a.length === b.length && a > b);
  const isAscending = addresses.every(
    (address, index) => index === 0 || isAfter(address, addresses[index - 1] as string),
  );
  return !isAscending && new Set(addresses).size < addresses.length;
}
