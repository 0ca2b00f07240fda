/** Services and servers that compiled code has read (src/wasm/entries.ts), in the terms of the model. */
import type { Assembly } from '../assembly.js';
import { codes, serviceFlag } from '../ipvs/schema.js';
import { type Family, formatAddress } from '../model/address.js';
import { type Destination, type DestinationId, plainTunnel } from '../model/destination.js';
import type { Persistence, SchedulerFlag, Service, ServiceId } from '../model/service.js';

/** What src/wasm/fields.ts exports: each is given where a service or a server is. */
export interface Fields {
  readonly memory: { readonly buffer: ArrayBuffer };
  isIpv6Service(service: number): number;
  isIpv6Server(server: number): number;
  addressOf(endpoint: number, isIpv6: number): number;
  portOf(endpoint: number): number;
  protocolOf(service: number): number;
  markOf(service: number): number;
  flagsOf(service: number): number;
  timeoutOf(service: number): number;
  netmaskOf(service: number): number;
  schedulerOf(service: number): number;
  engineOf(service: number): number;
  countOf(service: number): number;
  tableServerOf(service: number, index: number): number;
  wantedServerOf(service: number, index: number): number;
  saysServers(service: number): number;
  methodOf(server: number): number;
  weightOf(server: number): number;
  upperThresholdOf(server: number): number;
  lowerThresholdOf(server: number): number;
  tunnelTypeOf(server: number): number;
  tunnelPortOf(server: number): number;
  tunnelFlagsOf(server: number): number;
}

/** Names by their codes. */
function namesOf<N extends string>(table: Readonly<Record<N, number>>): readonly N[] {
  const names: N[] = [];
  for (const name in table) names[table[name]] = name;
  return names;
}

const methods = namesOf(codes.method);
const protocols = namesOf(codes.protocol);
const tunnelTypes = namesOf(codes.tunnelType);
const checksums = namesOf(codes.tunnelChecksum);
const flags = ['flag-1', 'flag-2', 'flag-3'] as const satisfies readonly SchedulerFlag[];

/** Bytes that a name takes at most. */
const NAME = 16;

export class Records {
  constructor(private readonly assembly: Assembly<Fields>) {}

  service(at: number): Service {
    const { fields } = this;
    const bits = fields.flagsOf(at);
    return {
      id: this.serviceId(at),
      scheduler: this.name(fields.schedulerOf(at)),
      schedulerFlags: flags.filter((flag) => bits & serviceFlag[flag]),
      persistence: bits & serviceFlag.persistent ? this.persistence(at) : undefined,
      onePacket: (bits & serviceFlag.onePacket) !== 0,
    };
  }

  /** The servers of a service of the table. */
  tableServers(service: number): Destination[] {
    return this.servers(service, this.fields.tableServerOf);
  }

  /** Those that a document wants; undefined where it says nothing of them. */
  wantedServers(service: number): Destination[] | undefined {
    return this.fields.saysServers(service) ? this.servers(service, this.fields.wantedServerOf) : undefined;
  }

  private get fields(): Fields {
    return this.assembly.exports;
  }

  private servers(service: number, of: (service: number, index: number) => number): Destination[] {
    const servers: Destination[] = [];
    const count = this.fields.countOf(service);
    for (let index = 0; index < count; index++) servers.push(this.server(of(service, index)));
    return servers;
  }

  private server(at: number): Destination {
    const { fields } = this;
    const method = methods[fields.methodOf(at)] as Destination['method'];
    return {
      id: this.endpoint(at, fields.isIpv6Server(at)),
      method,
      weight: unsigned(fields.weightOf(at)),
      upperThreshold: unsigned(fields.upperThresholdOf(at)),
      lowerThreshold: unsigned(fields.lowerThresholdOf(at)),
      tunnel: method === 'tun' ? this.tunnel(at) : plainTunnel,
    };
  }

  private tunnel(at: number): Destination['tunnel'] {
    const { fields } = this;
    return {
      type: tunnelTypes[fields.tunnelTypeOf(at)] as Destination['tunnel']['type'],
      port: fields.tunnelPortOf(at),
      checksum: checksums[fields.tunnelFlagsOf(at)] as Destination['tunnel']['checksum'],
    };
  }

  private serviceId(at: number): ServiceId {
    const { fields } = this;
    const isIpv6 = fields.isIpv6Service(at);
    const fwmark = unsigned(fields.markOf(at));
    if (fwmark !== 0) return { fwmark, family: familyIf(isIpv6) };
    const protocol = protocols[fields.protocolOf(at)] as (typeof protocols)[number];
    return { protocol, ...this.endpoint(at, isIpv6) };
  }

  private endpoint(at: number, isIpv6: number): DestinationId {
    const place = this.fields.addressOf(at, isIpv6);
    return {
      address: formatAddress(this.assembly.memory, place, familyIf(isIpv6)),
      port: this.fields.portOf(at),
    };
  }

  private persistence(at: number): Persistence {
    const { fields } = this;
    const netmask = unsigned(fields.netmaskOf(at));
    return {
      timeout: unsigned(fields.timeoutOf(at)),
      netmask: fields.isIpv6Service(at) ? String(netmask) : dotted(netmask),
      engine: this.name(fields.engineOf(at)) || undefined,
    };
  }

  /** The letters up to a 0. */
  private name(at: number): string {
    const bytes = this.assembly.view(at, NAME);
    const end = bytes.indexOf(0);
    return String.fromCharCode(...(end < 0 ? bytes : bytes.subarray(0, end)));
  }
}

/** WebAssembly's numbers of 32 bits have a sign. */
const unsigned = (value: number): number => value >>> 0;

const familyIf = (isIpv6: number): Family => (isIpv6 ? 'inet6' : 'inet');

const dotted = (mask: number): string =>
  [mask >>> 24, (mask >>> 16) & 0xff, (mask >>> 8) & 0xff, mask & 0xff].join('.');
