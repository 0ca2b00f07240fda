/** Connections in the notation of documents: services as URIs, servers and clients as endpoints. */
import type { ConnectionLine, EndpointView } from '../../ipvs/connections/proc.js';
import { formatAddress, formatEndpoint } from '../../model/address.js';
import { formatService } from '../../model/service-uri.js';

/** The kernel's protocol of the templates of a mark's service. */
const MARK = 'IP';

export const isMark = (protocol: string): boolean => protocol === MARK;

export const isOfMark = (line: ConnectionLine): boolean => isMark(line.protocol);

/** The mark of such a template: the kernel writes it where others have the virtual address. */
export const markOf = ({ bytes }: EndpointBytes): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);

/** An address in network order, and a port. */
export type EndpointBytes = Pick<EndpointView, 'bytes' | 'family' | 'port'>;

/** The name of an address. */
export type NameOf = (address: string) => string;

/**
 * The service that the client spoke to: `tcp://192.0.2.10:80`. For a mark's service this is the address in the packets; only its
 * templates have the mark, `fwmark://7`.
 */
export function serviceText(protocol: string, virtual: EndpointBytes, name?: NameOf): string {
  if (isMark(protocol)) return formatService({ fwmark: markOf(virtual), family: virtual.family });
  return `${protocol.toLowerCase()}://${endpointText(virtual, name)}`;
}

/** `203.0.113.9:4711`; a template has an address alone. */
export const clientText = ({ client, isTemplate }: ConnectionLine, name?: NameOf): string =>
  isTemplate ? addressText(client, name) : endpointText(client, name);

/** `198.51.100.7:80`, `[2001:db8::7]:80`, `web1:80` */
export function endpointText(endpoint: EndpointBytes, name?: NameOf): string {
  const address = addressText(endpoint, name);
  return address.includes(':') ? formatEndpoint(address, endpoint.port) : `${address}:${endpoint.port}`;
}

/** An address, or its name. */
export function addressText({ bytes, family }: EndpointBytes, name?: NameOf): string {
  const address = formatAddress(bytes, 0, family);
  return name === undefined ? address : name(address);
}
