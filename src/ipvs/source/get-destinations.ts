/**
 * The requests for the servers of one service after another. For services of IPv4 they are alike but for three values: the
 * tables write the first, and tell where these stand in it; the others are copies with their own.
 */
import { addressBytes, isIpv4 } from '../../model/address.js';
import { type EndpointId, isFwmark, type ServiceId } from '../../model/service.js';
import { findAttribute } from '../../netlink/attribute-offset.js';
import { little, Reader, type Writer } from '../../netlink/bytes.js';
import { GENL_HEADER, putCall } from '../../netlink/genl.js';
import { serviceIdBody } from '../convert.js';
import { CommandAttributes, codes, ipvsSchema } from '../schema.js';

/** A request's payload, and where its values stand. */
interface Sample {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly protocol: number;
  readonly address: number;
  readonly port: number;
}

export class Questions {
  private sample: Sample | undefined;

  /** Writes the payload of `getDestinations` for a service. */
  put(to: Writer, of: ServiceId): void {
    if (isFwmark(of) || !isIpv4(of.address)) write(to, of);
    else if (this.sample === undefined) this.sample = sampleOf(to, of);
    else to.raw(filled(this.sample, of));
  }
}

const write = (to: Writer, of: ServiceId): void =>
  putCall(to, ipvsSchema, 'getDestinations', { service: serviceIdBody(of) });

function sampleOf(to: Writer, of: ServiceId): Sample | undefined {
  const start = to.length;
  write(to, of);
  const bytes = to.written().slice(start);
  const place = (name: string) =>
    findAttribute(CommandAttributes, ['service', name], new Reader(bytes), GENL_HEADER, bytes.length)?.at;
  const [protocol, address, port] = [place('protocol'), place('address'), place('port')];
  if (protocol === undefined || address === undefined || port === undefined) return undefined;
  return { bytes, view: new DataView(bytes.buffer), protocol, address, port };
}

function filled({ bytes, view, protocol, address, port }: Sample, of: EndpointId): Uint8Array {
  view.setUint16(protocol, codes.protocol[of.protocol], little);
  bytes.set(addressBytes(of.address), address);
  view.setUint16(port, of.port);
  return bytes;
}
