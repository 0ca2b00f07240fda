/** The part of a table that a document owns: networks of virtual addresses, and ranges of firewall marks. Pure. */
import { ValueError } from '../errors.js';
import { addressBytes, isIpv4, isIpv6 } from './address.js';
import { fwmarkRange } from './limits.js';
import { isFwmark, type ServiceId } from './service.js';

/** Whether a service is in one network or range. */
export type Owned = (id: ServiceId) => boolean;

export const OWNED = 'a network such as 192.0.2.0/24 or 2001:db8::/32, or firewall marks such as fwmark 1-99';

/** For editors: what parseOwned refuses for sure. */
export const ownedPattern = /^(?:fwmark [0-9]{1,10}(?:-[0-9]{1,10})?|[0-9A-Fa-f.:]+(?:\/[0-9]{1,3})?)$/;

/**
 * Reads `192.0.2.0/24`, `192.0.2.7`, `2001:db8::/32`, `fwmark 1-99` or `fwmark 7`.
 * @throws ValueError for anything else, and for a network whose address has bits outside of its prefix
 */
export function parseOwned(text: string): Owned {
  const [, from, to = from] = /^fwmark (\d{1,10})(?:-(\d{1,10}))?$/.exec(text) ?? [];
  return from === undefined ? network(text) : marks(Number(from), Number(to), text);
}

function marks(from: number, to: number, text: string): Owned {
  const { min, max } = fwmarkRange;
  if (from < min || to > max || from > to) {
    throw new ValueError('owns', text, `a range of firewall marks from ${min} to ${max}`);
  }
  return (id) => isFwmark(id) && id.fwmark >= from && id.fwmark <= to;
}

function network(text: string): Owned {
  const [, address = '', digits] = /^([0-9A-Fa-f.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  if (!isIpv4(address) && !isIpv6(address)) throw new ValueError('owns', text, OWNED);
  const base = addressBytes(address);
  const length = digits === undefined ? base.length * 8 : Number(digits);
  if (length > base.length * 8) {
    throw new ValueError('owns', text, `a network: its prefix length is from 0 to ${base.length * 8}`);
  }
  if (base.some((byte, index) => (byte & maskByte(length, index)) !== byte)) {
    throw new ValueError('owns', text, `a network: its address has bits beyond the first ${length}`);
  }
  return (id) => {
    if (isFwmark(id)) return false;
    const bytes = addressBytes(id.address);
    return (
      bytes.length === base.length &&
      base.every((byte, index) => byte === ((bytes[index] as number) & maskByte(length, index)))
    );
  };
}

/** The byte at an index of the mask with this prefix length. */
const maskByte = (length: number, index: number): number =>
  0xff & (0xff00 >> Math.min(8, Math.max(0, length - index * 8)));
