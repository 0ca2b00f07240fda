/** The servers in the table, to look up those of connections. */
import type { ConnectionLine } from '../../ipvs/connections/proc.js';
import { isUnspecified } from '../../model/address.js';
import type { DestinationId } from '../../model/destination.js';
import { type FwmarkId, isFwmark, type Service } from '../../model/service.js';
import { FTP } from './templates.js';
import { isOfMark, markOf } from './text.js';

export interface KnownService extends Pick<Service, 'id' | 'persistence'> {
  readonly servers: readonly DestinationId[];
}

/**
 * Whether connections keep the port that the client connected to, whatever port their server has: those of a persistent service
 * for all ports do (ip_vs_sched_persist).
 */
export const keepsPorts = ({ id, persistence }: Pick<Service, 'id' | 'persistence'>): boolean =>
  persistence !== undefined && (isFwmark(id) || id.port === 0);

export class KnownServers {
  /** Addresses of servers, with and without their ports, by service. */
  readonly #servers = new Map<string, Set<string>>();
  /** Keys of the marks' services. */
  readonly #marks: string[] = [];

  constructor(services: readonly KnownService[]) {
    for (const service of services) {
      const { id, servers } = service;
      const anyPort = keepsPorts(service);
      const key = isFwmark(id) ? markKey(id) : endpointKey(id.protocol, id.address, id.port);
      this.#servers.set(
        key,
        new Set(servers.flatMap(({ address, port }) => [address, `${address} ${anyPort ? 0 : port}`])),
      );
      if (isFwmark(id)) this.#marks.push(key);
    }
  }

  /**
   * Whether a service that the connection may belong to has its server. A connection does not tell its mark, so it may belong to any
   * mark's service. What passes the director by (cache bypass) has no server, and counts as known.
   */
  hasServerOf(line: ConnectionLine): boolean {
    if (isUnspecified(line.destination.address)) return true;
    if (isOfMark(line))
      return this.#has(markKey({ fwmark: markOf(line.virtual), family: line.client.family }), line);
    const keys = [...addressKeys(line, [line.virtual.port, 0]), ...this.#marks];
    return keys.some((key) => this.#has(key, line)) || this.#isData(line);
  }

  /** Whether a connection is one of this mark, as far as the table tells: no other service has its address, and its server is the mark's. */
  isOfMark(line: ConnectionLine, id: FwmarkId): boolean {
    const isOfOther = addressKeys(line, [line.virtual.port, 0]).some((key) => this.#servers.has(key));
    return !isOfOther && line.client.family === id.family && this.#has(markKey(id), line);
  }

  /** Whether it may be a data connection of FTP, whose port no service has. */
  #isData(line: ConnectionLine): boolean {
    const [key = ''] = addressKeys(line, [FTP]);
    return this.#servers.get(key)?.has(line.destination.address) === true;
  }

  #has(key: string, { destination: { address, port } }: ConnectionLine): boolean {
    const servers = this.#servers.get(key);
    if (servers === undefined) return false;
    // Port 0 of a server is any port; a template without a port has none of its server.
    return port === 0
      ? servers.has(address)
      : servers.has(`${address} ${port}`) || servers.has(`${address} 0`);
  }
}

const markKey = ({ fwmark, family }: FwmarkId): string => `fwmark ${fwmark} ${family}`;
const endpointKey = (protocol: string, address: string, port: number): string =>
  `${protocol} ${address} ${port}`;

/** The services with the virtual address of a connection and one of these ports. */
function addressKeys({ protocol, virtual: { address } }: ConnectionLine, ports: readonly number[]): string[] {
  return ports.map((port) => endpointKey(protocol.toLowerCase(), address, port));
}
