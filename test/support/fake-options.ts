/**
 * The socket options of an IPVS that lives in memory: the structures of linux/ip_vs.h as a 64-bit machine lays them out,
 * filled in as do_ip_vs_get_ctl() of net/netfilter/ipvs/ip_vs_ctl.c does.
 */
import { codes } from '../../src/ipvs/codes.js';
import {
  CommandAttributes,
  type DestinationBody,
  ipvsSchema,
  type ServiceBody,
} from '../../src/ipvs/schema.js';
import { Reader, Writer } from '../../src/netlink/bytes.js';
import type { FakeIpvs } from './fake-ipvs.js';

const IP_VS_SO_GET_SERVICES = 1024 + 64 + 64 + 2;
const IP_VS_SO_GET_DESTS = 1024 + 64 + 64 + 4;

/** struct ip_vs_get_services, and struct ip_vs_service_entry. */
const SERVICES = { size: 8, entry: 104 } as const;
/** struct ip_vs_get_dests, and struct ip_vs_dest_entry. */
const SERVERS = { size: 24, entry: 96 } as const;

export class FakeOptions {
  /** Which options were asked for, and were answered. */
  readonly told: ('services' | 'servers')[] = [];
  closed = false;

  constructor(
    private readonly ipvs: FakeIpvs,
    /** What happens before the option is read: the table may change at any moment. */
    private readonly before: (option: 'services' | 'servers') => void = () => {},
  ) {}

  read(option: number, value: Uint8Array): boolean {
    if (!this.ipvs.present || !this.ipvs.permitted || this.closed) return false;
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    const what = option === IP_VS_SO_GET_SERVICES ? 'services' : 'servers';
    if (what === 'servers' && option !== IP_VS_SO_GET_DESTS) return false;
    this.before(what);
    const isTold = what === 'services' ? this.services(view) : this.servers(view);
    if (isTold) this.told.push(what);
    return isTold;
  }

  close(): void {
    this.closed = true;
  }

  private services(to: DataView): boolean {
    const room = to.getUint32(0, true);
    if (to.byteLength !== SERVICES.size + room * SERVICES.entry) return false;
    const known = this.ipv4Services();
    for (const [index, service] of known.slice(0, room).entries()) {
      putService(to, SERVICES.size + index * SERVICES.entry, service, this.serversOf(service).length);
    }
    return true;
  }

  private servers(to: DataView): boolean {
    const room = to.getUint32(16, true);
    if (to.byteLength !== SERVERS.size + room * SERVERS.entry) return false;
    const service = this.ipv4Services().find((known) => isAsked(to, known));
    if (service === undefined) return false;
    // A server of the other family has no room in the structure.
    const told = this.serversOf(service).filter(({ family }) => family === codes.family.inet);
    for (const [index, server] of told.slice(0, room).entries()) {
      putServer(to, SERVERS.size + index * SERVERS.entry, server);
    }
    return true;
  }

  private ipv4Services(): ServiceBody[] {
    const replies = this.ipvs.handle(ipvsSchema.operations.getServices.command, true, new Uint8Array());
    return replies
      .map(([, bytes]) => CommandAttributes.get(new Reader(bytes), 0, bytes.length).service ?? {})
      .filter(({ family }) => family === codes.family.inet);
  }

  private serversOf({ family, fwmark, protocol, address, port }: ServiceBody): DestinationBody[] {
    const to = new Writer();
    const id = fwmark ? { family, fwmark } : { family, protocol, address, port };
    CommandAttributes.put(to, { service: id } as never);
    const question = to.written().slice();
    return this.ipvs
      .handle(ipvsSchema.operations.getDestinations.command, true, question)
      .map(([, bytes]) => CommandAttributes.get(new Reader(bytes), 0, bytes.length).destination ?? {});
  }
}

const addressOf = ({ address }: { address?: Uint8Array }): number =>
  new DataView(Uint8Array.from(address ?? [0, 0, 0, 0]).buffer).getUint32(0);

function isAsked(of: DataView, { fwmark, protocol, address, port }: ServiceBody): boolean {
  const asked = of.getUint32(12, true);
  if (asked !== 0 || fwmark) return asked === fwmark;
  return (
    of.getUint16(0, true) === protocol &&
    of.getUint32(4) === addressOf(address ? { address } : {}) &&
    of.getUint16(8) === port
  );
}

function putService(to: DataView, at: number, service: ServiceBody, servers: number): void {
  const { protocol = 6, fwmark = 0, address, port = 0, scheduler = '', flags, timeout = 0 } = service;
  to.setUint16(at, protocol, true);
  to.setUint32(at + 4, fwmark ? 0 : addressOf(address ? { address } : {}));
  to.setUint16(at + 8, port);
  to.setUint32(at + 12, fwmark, true);
  for (let i = 0; i < 16; i++) to.setUint8(at + 16 + i, scheduler.charCodeAt(i) || 0);
  to.setUint32(at + 32, flags?.bits ?? 0, true);
  to.setUint32(at + 36, timeout, true);
  to.setUint32(at + 44, servers, true);
}

function putServer(to: DataView, at: number, server: DestinationBody): void {
  // Beside the method: IP_VS_CONN_F_NOOUTPUT and others, of no use to an administrator.
  const words = [(server.method ?? 0) | 0x100, server.weight, server.upperThreshold, server.lowerThreshold];
  words.push(server.activeConnections, server.inactiveConnections, server.persistentConnections);
  to.setUint32(at, addressOf(server.address ? { address: server.address } : {}));
  to.setUint16(at + 4, server.port ?? 0);
  for (const [index, word] of words.entries()) to.setUint32(at + 8 + 4 * index, word ?? 0, true);
  // Counters: not asked for by anybody here, and never 0 in a kernel's life.
  for (let i = 40; i < 92; i++) to.setUint8(at + i, 0xa5);
}
