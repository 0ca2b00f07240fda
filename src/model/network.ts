/** Networks: the addresses that share the leading bits of one. */
import { ValueError } from '../errors.js';
import {
  addressBytes,
  addressLength,
  type Family,
  familyOf,
  formatAddress,
  isLoopback,
  notOfOneMachine,
} from './address.js';

export interface Network {
  readonly family: Family;
  /** The first address, in network order. */
  readonly bytes: Uint8Array;
  /** Length of the prefix in bits, 0 to 32 or 128. */
  readonly length: number;
}

/**
 * `192.0.2.0/24`, `2001:db8::/32`, or one address. Bits after the prefix are ignored.
 * @throws ValueError
 */
export function parseNetwork(text: string, field = 'network'): Network {
  const [, address = '', digits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = familyOf(address);
  const bits = 8 * addressLength[family];
  const length = digits === undefined ? bits : Number(digits);
  const bytes = bytesOf(address);
  if (bytes === undefined || length > bits) {
    throw new ValueError(
      field,
      text,
      'an address or a network, such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32',
    );
  }
  return { family, bytes: bytes.map((byte, index) => byte & maskByte(index, length)), length };
}

/** What {@link parseOnNetwork} reads, as a noun phrase. */
export const ON_NETWORK = 'the address of a machine and the length of its network, such as 198.51.100.250/24';

/** An address of one machine with the length of its network: canonical; undefined for anything else. */
export function parseOnNetwork(text: string): string | undefined {
  const [, host = '', digits] = /^([^/]*)\/(\d{1,3})$/.exec(text) ?? [];
  const bytes = bytesOf(host);
  if (bytes === undefined || Number(digits) < 1 || Number(digits) > 8 * bytes.length) return undefined;
  const address = formatAddress(bytes);
  return isLoopback(address) || notOfOneMachine(address) !== undefined
    ? undefined
    : `${address}/${Number(digits)}`;
}

function bytesOf(address: string): Uint8Array | undefined {
  try {
    return addressBytes(address);
  } catch (error) {
    if (error instanceof ValueError) return undefined;
    throw error;
  }
}

/** The byte at `index` of a netmask of this many bits. */
export const maskByte = (index: number, length: number): number =>
  (0xff00 >> Math.max(0, Math.min(8, length - 8 * index))) & 0xff;

/** Whether the network has the address that begins `bytes`. */
export function isInNetwork(network: Network, family: Family, bytes: Uint8Array): boolean {
  if (family !== network.family) return false;
  const wanted = network.bytes;
  for (let index = 0; 8 * index < network.length; index++) {
    if (((bytes[index] as number) & maskByte(index, network.length)) !== wanted[index]) return false;
  }
  return true;
}

/** `192.0.2.0/24`; a whole address without a length. */
export const formatNetwork = ({ bytes, family, length }: Network): string =>
  length === 8 * addressLength[family]
    ? formatAddress(bytes, 0, family)
    : `${formatAddress(bytes, 0, family)}/${length}`;
