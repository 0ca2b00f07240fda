import type { ProtocolError } from '../../errors.js';
import { type Endpoint, type Family, formatAddress } from '../../model/address.js';
import { colon, malformed, space } from './line-fields.js';

/** The value of each hexadecimal digit by its character code. Any other character gives more than four digits can. */
const hexValue = new Int32Array(256).fill(0x10000);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  hexValue[digit.charCodeAt(0)] = value;
  hexValue[digit.toUpperCase().charCodeAt(0)] = value;
}

/** The number that four digits spell, or more than 65535 if they are not digits. */
const hexGroup = (line: Uint8Array, at: number): number =>
  ((hexValue[line[at] as number] as number) << 12) |
  ((hexValue[line[at + 1] as number] as number) << 8) |
  ((hexValue[line[at + 2] as number] as number) << 4) |
  (hexValue[line[at + 3] as number] as number);

/** An address and a port of a line in /proc, in a view that is used again for the next line. */
export class EndpointView implements Endpoint {
  family: Family = 'inet';
  /** The address in network order: 4 bytes for inet, 16 for inet6; bytes after them are meaningless. */
  readonly bytes = new Uint8Array(16);
  port = 0;

  /** @param role name of the endpoint in errors: `client` */
  constructor(private readonly role: string) {}

  /** Canonical text, made anew at each call. */
  get address(): string {
    return formatAddress(this.bytes, 0, this.family);
  }

  /** Takes address and port, each with the space behind it; returns where the next field starts. */
  read(line: Uint8Array, start: number): number {
    const { bytes } = this;
    let at = start;
    if (line[start + 4] === colon) at = this.#readIpv6(line, start);
    else {
      this.family = 'inet';
      let seen = 0;
      for (let i = 0; i < 4; i++, at += 2) {
        const value =
          ((hexValue[line[at] as number] as number) << 4) | (hexValue[line[at + 1] as number] as number);
        seen |= value;
        bytes[i] = value;
      }
      if (seen > 0xff || line[at++] !== space) throw this.#badAddress(line, start);
    }
    this.port = hexGroup(line, at);
    if (this.port > 0xffff || line[at + 4] !== space) {
      throw malformed(`${this.role}Port`, '4 hexadecimal digits', line, at);
    }
    return at + 5;
  }

  #readIpv6(line: Uint8Array, start: number): number {
    this.family = 'inet6';
    const { bytes } = this;
    let seen = 0;
    let at = start;
    for (let i = 0; i < 16; i += 2, at += 5) {
      const group = hexGroup(line, at);
      seen |= group;
      bytes[i] = group >> 8;
      bytes[i + 1] = group;
      if (line[at + 4] !== (i < 14 ? colon : space)) throw this.#badAddress(line, start);
    }
    if (seen > 0xffff) throw this.#badAddress(line, start);
    return at;
  }

  #badAddress(line: Uint8Array, start: number): ProtocolError {
    return malformed(`${this.role}Address`, 'an address in hexadecimal', line, start);
  }
}
