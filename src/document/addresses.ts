/** Addresses and ports in documents: which ones each key accepts. */
import { quoted } from '../foreign-text.js';
import { canonicalAddress, type Family, isIpv4, isMulticast, notOfOneMachine } from '../model/address.js';
import { type PortNames, portNamed, portProtocols } from '../model/port.js';
import type { Protocol } from '../model/service.js';
import type { HostPort, Port } from '../model/service-uri.js';
import { InvalidValue } from './invalid-value.js';
import { type Names, preferred } from './names.js';

/**
 * The address of a host: itself, or the only address of its name in the first of these families that has one. Undefined until the
 * name has been looked up.
 * @param why reason that the message gives for refusing an address of another family
 * @throws InvalidValue
 */
export function hostAddress(
  { host, family }: Pick<HostPort, 'host' | 'family'>,
  families: readonly Family[],
  names: Names,
  why?: string,
): string | undefined {
  const because = why === undefined ? '' : `: ${why}`;
  if (family !== undefined) {
    if (families.includes(family)) return unicast(host);
    throw new InvalidValue(`${quoted(host)} is not ${familyNoun[families[0] ?? 'inet']}${because}`);
  }
  const all = names.addresses(host);
  if (all === undefined) return undefined;
  const [address, ...more] = preferred(all, families);
  if (address === undefined) {
    const other = all.length > 0 ? ` of this family, only ${all.join(', ')}${because}` : '';
    throw new InvalidValue(`the name ${quoted(host)} has no address${other}`);
  }
  if (more.length > 0) {
    throw new InvalidValue(
      `the name ${quoted(host)} has several addresses, ${[address, ...more].join(', ')}: write the one you mean`,
    );
  }
  return unicast(address);
}

const familyNoun: Record<Family, string> = { inet: 'an IPv4 address', inet6: 'an IPv6 address' };

/** The number of a port, given as number or name. Undefined until the name has been looked up. @throws InvalidValue */
export function portNumber(port: Port, protocol: Protocol | undefined, names: Names): number | undefined {
  if (typeof port === 'number') return port;
  const known = names.portNames();
  return known && portFrom(known, port, protocol);
}

/**
 * The number of the port of this name.
 * @param protocol undefined for a firewall mark, whose packets may have any protocol
 * @throws InvalidValue
 */
export function portFrom(known: PortNames, name: string, protocol: Protocol | undefined): number {
  const port = portNamed(name, protocol, known);
  if (port !== undefined) return port;
  const protocols = portProtocols(protocol).join(', ');
  throw new InvalidValue(
    `${quoted(name)} is neither a port from 0 to 65535 nor the name of one for ${protocols} in /etc/services`,
  );
}

/** An address that one machine can have. @throws InvalidValue */
export function unicast(address: string): string {
  const fault = notOfOneMachine(address);
  if (fault !== undefined) throw new InvalidValue(`${quoted(address)} ${fault}`);
  return address;
}

/** @throws InvalidValue, ValueError */
export function multicastGroup(text: string): string {
  const address = canonicalAddress(text);
  if (!isMulticast(address))
    throw new InvalidValue(`${quoted(text)} is not a multicast address such as 224.0.0.81`);
  return address;
}

/** A mask as the model has it: dotted for IPv4, a prefix length for IPv6. @throws InvalidValue */
export function canonicalNetmask(value: string | number, family: Family): string {
  const length = typeof value === 'number' || /^\d{1,3}$/.test(value) ? Number(value) : undefined;
  if (family === 'inet6') {
    if (length !== undefined && length >= 1 && length <= 128) return String(length);
    throw new InvalidValue(`${quoted(String(value))} is not a prefix length from 1 to 128`);
  }
  if (length !== undefined && length <= 32) return dottedMask(length);
  if (typeof value === 'string' && isIpv4(value)) return value;
  throw new InvalidValue(
    `${quoted(String(value))} is neither a mask such as 255.255.255.0 nor a prefix length from 0 to 32`,
  );
}

function dottedMask(length: number): string {
  const bits = length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
  return [bits >>> 24, (bits >>> 16) & 255, (bits >>> 8) & 255, bits & 255].join('.');
}
