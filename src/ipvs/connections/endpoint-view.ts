import type { ProtocolError } from '../../errors.js';
import { type Endpoint, type Family, formatAddress } from '../../model/address.js';
import { colon, malformed, space } from './line-fields.js';

/** The value of each hexadecimal digit by its character code. What is no digit gives more than any pair of digits. */
const hexValue = new Uint16Array(256).fill(0x100);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  hexValue[digit.charCodeAt(0)] = value;
  hexValue[digit.toUpperCase().charCodeAt(0)] = value;
}

/** The byte that two digits spell, or more than 255 if they are not digits. */
const hexPair = (bytes: Uint8Array, at: number): number =>
  ((hexValue[bytes[at] as number] as number) << 4) | (hexValue[bytes[at + 1] as number] as number);

/** An address and a port of a line in /proc, in a view that is used again for the next line. */
export class EndpointView implements Endpoint {
  family: Family = 'inet';
  /** The address in network order: 4 bytes for inet, 16 for inet6; what follows them is left over. */
  readonly bytes = new Uint8Array(16);
  port = 0;

  /** @param role what errors call it: `client`. */
  constructor(private readonly role: string) {}

  /** Canonical text, made anew at each call. */
  get address(): string {
    return formatAddress(this.bytes, 0, this.family);
  }

  /** Takes address and port, each with the space behind it; returns where the next field starts. */
  read(line: Uint8Array, start: number): number {
    this.family = line[start + 4] === colon ? 'inet6' : 'inet';
    const afterAddress = this.family === 'inet' ? this.#readIpv4(line, start) : this.#readIpv6(line, start);
    return this.#readPort(line, afterAddress);
  }

  #readIpv4(line: Uint8Array, start: number): number {
    let seen = 0;
    for (let i = 0; i < 4; i++) {
      const value = hexPair(line, start + 2 * i);
      seen |= value;
      this.bytes[i] = value;
    }
    if (seen > 0xff || line[start + 8] !== space) throw this.#badAddress(line, start);
    return start + 9;
  }

  #readIpv6(line: Uint8Array, start: number): number {
    let seen = 0;
    for (let group = 0; group < 8; group++) {
      const at = start + 5 * group;
      const high = hexPair(line, at);
      const low = hexPair(line, at + 2);
      seen |= high | low;
      this.bytes[2 * group] = high;
      this.bytes[2 * group + 1] = low;
      if (line[at + 4] !== (group < 7 ? colon : space)) throw this.#badAddress(line, start);
    }
    if (seen > 0xff) throw this.#badAddress(line, start);
    return start + 40;
  }

  #readPort(line: Uint8Array, start: number): number {
    const high = hexPair(line, start);
    const low = hexPair(line, start + 2);
    if ((high | low) > 0xff || line[start + 4] !== space) {
      throw malformed(`${this.role}Port`, '4 hexadecimal digits', line, start);
    }
    this.port = (high << 8) | low;
    return start + 5;
  }

  #badAddress(line: Uint8Array, start: number): ProtocolError {
    return malformed(`${this.role}Address`, 'an address in hexadecimal', line, start);
  }
}
