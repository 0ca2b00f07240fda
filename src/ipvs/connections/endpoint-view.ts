import type { ProtocolError } from '../../errors.js';
import { type Family, formatAddress } from '../../model/address.js';
import type { ConnectionEndpoint } from '../../model/connection.js';
import { putDecimal, putHexadecimal, putIpv4 } from './ascii.js';
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
export class EndpointView implements ConnectionEndpoint {
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

  /**
   * Writes `192.0.2.1:80` or `[2001:db8::1]:80` as ASCII, up to 47 bytes, and returns where it ends: what text of half a
   * million addresses costs is mostly the strings.
   */
  put(out: Uint8Array, start: number): number {
    const at = this.family === 'inet' ? putIpv4(out, start, this.bytes) : this.#putIpv6(out, start);
    out[at] = colon;
    return putDecimal(out, at + 1, this.port);
  }

  #putIpv6(out: Uint8Array, start: number): number {
    out[start] = openingBracket;
    // Those that begin with many zeros may end in an IPv4 address.
    const at = this.#group(0) === 0 ? this.#putText(out, start + 1) : this.#putGroups(out, start + 1);
    out[at] = closingBracket;
    return at + 1;
  }

  #putText(out: Uint8Array, start: number): number {
    const text = this.address;
    for (let i = 0; i < text.length; i++) out[start + i] = text.charCodeAt(i);
    return start + text.length;
  }

  /** The groups of an address that begins with none of zero: the longest run of zeros is left out, as in `address`. */
  #putGroups(out: Uint8Array, start: number): number {
    let runStart = -1;
    let runLength = 1;
    for (let i = 1, zeros = 0; i < 8; i++) {
      zeros = this.#group(i) === 0 ? zeros + 1 : 0;
      if (zeros <= runLength) continue;
      runLength = zeros;
      runStart = i - zeros + 1;
    }
    let at = putHexadecimal(out, start, this.#group(0));
    for (let i = 1; i < 8; i++) {
      out[at++] = colon;
      if (i === runStart) {
        i += runLength - 1;
        if (i === 7) out[at++] = colon;
      } else at = putHexadecimal(out, at, this.#group(i));
    }
    return at;
  }

  #group(index: number): number {
    return ((this.bytes[2 * index] as number) << 8) | (this.bytes[2 * index + 1] as number);
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

const openingBracket = 0x5b;
const closingBracket = 0x5d;
