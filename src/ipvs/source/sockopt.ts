/**
 * Servers by getsockopt(2), the interface that IPVS had before netlink: one call returns the servers of a service, in a tenth of the
 * time of a dump. It has only IPv4 servers, and lacks the encapsulation of tunnels. The structures are those of linux/ip_vs.h, as
 * 64-bit machines align them.
 */
import { addressBytes, formatAddress } from '../../model/address.js';
import { type EndpointId, isFwmark, type ServiceId, serviceFamily, serviceKey } from '../../model/service.js';
import { codes, METHOD_MASK, protocolName } from '../codes.js';
import {
  type DestinationField,
  type DestinationRecords,
  type DestinationSource,
  FAMILY,
  METHOD,
  numberFields,
  PORT,
  type Reading,
} from './destination-records.js';

/** A socket of IPv4 in the process's network namespace. */
export interface OptionSocket {
  /** Has the kernel fill in the value of an option, whose length it checks. False if it does not. */
  read(option: number, value: Uint8Array): boolean;
  close(): void;
}

/** IP_VS_SO_GET_SERVICES: struct ip_vs_get_services, a count and as many of struct ip_vs_service_entry. */
const services = { option: 0x482, header: 8, entry: 104, servers: 44 } as const;
/** IP_VS_SO_GET_DESTS: struct ip_vs_get_dests, a service, a count and as many of struct ip_vs_dest_entry. */
const destinations = { option: 0x484, header: 24, limit: 16, entry: 96 } as const;

/** Offsets of a service's identity in struct ip_vs_service_entry and struct ip_vs_get_dests. */
const service = { protocol: 0, address: 4, port: 8, fwmark: 12 } as const;

/** Offsets in struct ip_vs_dest_entry of the words that every record has, after the address. */
const destination = { port: 4, flags: 8 } as const;
/**
 * Offsets of other fields in it. A field that it lacks, or has with fewer bits (counters), makes this source unsupported. It lacks the
 * encapsulation of tunnels: if that is asked for, services with a tunnel are unsupported.
 */
const fields: Readonly<Partial<Record<DestinationField, number>>> = {
  weight: 12,
  upperThreshold: 16,
  lowerThreshold: 20,
  activeConnections: 24,
  inactiveConnections: 28,
  persistentConnections: 32,
};

/** The endpoint in the struct of a service with a firewall mark. */
const markOnly: EndpointId = { protocol: 'tcp', address: '0.0.0.0', port: 0 };

/** Flags of an entry that the kernel has not written. */
const UNWRITTEN = 0xffff_ffff;

/** Servers of a service that this source reads: the memory for the answer is ours to provide. */
const MOST = 65_535;

/** A word of an entry, and the column of records that it goes to. */
interface WordColumn {
  readonly word: number;
  readonly column: number;
}

export class SockoptSource implements DestinationSource {
  /** The value of the option, and the same memory in other forms. */
  private value = new Uint8Array(0);
  private view = new DataView(this.value.buffer);
  private words = new Uint32Array(0);
  private readonly columns: readonly WordColumn[];

  private constructor(
    private readonly socket: OptionSocket,
    private readonly records: DestinationRecords,
    /** Servers of each IPv4 service, by its key. */
    private readonly counts: ReadonlyMap<string, number>,
  ) {
    const { columns } = records;
    this.columns = numberFields.flatMap((name) => {
      const [from, to] = [fields[name], columns[name]];
      return from === undefined || to === undefined ? [] : [{ word: from / 4, column: to }];
    });
  }

  /** Undefined if the struct lacks a field that the records have, or the kernel does not count the servers of `of` so. */
  static open(
    socket: OptionSocket,
    of: readonly ServiceId[],
    records: DestinationRecords,
  ): SockoptSource | undefined {
    if (!records.fields.every((field) => field in fields || field === 'tunnel')) return undefined;
    const counts = countServers(socket, of.length);
    return counts && new SockoptSource(socket, records, counts);
  }

  read(of: ServiceId): Reading {
    const count = this.counts.get(serviceKey(of));
    if (count === undefined || count > MOST || serviceFamily(of) !== 'inet') return 'unsupported';
    this.ask(of, count + 1);
    if (!this.socket.read(destinations.option, this.value)) return 'unsupported';
    const before = this.records.count;
    if (this.take() && this.records.count - before === count) return 'read';
    this.records.truncate(before);
    return 'unsupported';
  }

  /** Fills the value in, with room for one server more than there were, by which it is seen if there are more. */
  private ask(of: ServiceId, limit: number): void {
    this.resize(destinations.header + limit * destinations.entry);
    const { value, view } = this;
    value.fill(0xff);
    const { protocol, address, port } = isFwmark(of) ? markOnly : of;
    view.setUint16(service.protocol, codes.protocol[protocol], true);
    value.set(addressBytes(address), service.address);
    view.setUint16(service.port, port);
    view.setUint32(service.fwmark, isFwmark(of) ? of.fwmark : 0, true);
    view.setUint32(destinations.limit, limit, true);
  }

  private resize(size: number): void {
    if (this.value.length === size) return;
    this.value = new Uint8Array(size);
    this.view = new DataView(this.value.buffer);
    this.words = new Uint32Array(this.value.buffer);
  }

  /** Adds the servers in the kernel's answer. False if the struct lacks a field of one of them. */
  private take(): boolean {
    const { words } = this;
    for (let at = destinations.header / 4; at < words.length; at += destinations.entry / 4) {
      const flags = words[at + destination.flags / 4] as number;
      if (flags === UNWRITTEN) break;
      if (!this.add(at, flags & METHOD_MASK)) return false;
    }
    return true;
  }

  /** @param start where the entry starts, in words */
  private add(start: number, method: number): boolean {
    const { records, words: from, value, columns } = this;
    const isTunnel = method === codes.method.tun;
    if (method > codes.method.bypass || (isTunnel && records.columns.tunnel !== undefined)) return false;
    const at = records.add();
    const { words } = records;
    words[at] = from[start] as number;
    words[at + 1] = 0;
    words[at + 2] = 0;
    words[at + 3] = 0;
    const port = 4 * start + destination.port;
    words[at + PORT] = ((value[port] as number) << 8) | (value[port + 1] as number);
    words[at + FAMILY] = codes.family.inet;
    words[at + METHOD] = method;
    for (let i = 0; i < columns.length; i++) {
      const { word, column } = columns[i] as WordColumn;
      words[at + column] = from[start + word] as number;
    }
    return true;
  }
}

/** Number of servers of each IPv4 service, by its key; undefined if the kernel does not tell it. */
function countServers(socket: OptionSocket, most: number): Map<string, number> | undefined {
  const value = new Uint8Array(services.header + most * services.entry);
  const view = new DataView(value.buffer);
  view.setUint32(0, most, true);
  if (!socket.read(services.option, value)) return undefined;
  const counts = new Map<string, number>();
  for (let at = services.header; at < value.length; at += services.entry) {
    const of = serviceAt(value, view, at);
    if (of !== undefined) counts.set(serviceKey(of), view.getUint32(at + services.servers, true));
  }
  return counts;
}

/** Undefined for an entry that the kernel has not written. */
function serviceAt(value: Uint8Array, view: DataView, at: number): ServiceId | undefined {
  const fwmark = view.getUint32(at + service.fwmark, true);
  if (fwmark !== 0) return { fwmark, family: 'inet' };
  const protocol = view.getUint16(at + service.protocol, true);
  if (protocol === 0) return undefined;
  return {
    protocol: protocolName(protocol),
    address: formatAddress(value, at + service.address, 'inet'),
    port: view.getUint16(at + service.port),
  };
}
