/**
 * Netlink by hand: messages and attributes written and read without a line of the code under test, so that a mistake
 * there cannot hide by being made twice. Integers are in the machine's order, as netlink's are.
 */

const of = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

export const u8 = (value: number): Uint8Array => Uint8Array.of(value);
export const u16 = (value: number): Uint8Array => of(Uint16Array.of(value));
export const u32 = (value: number): Uint8Array => of(Uint32Array.of(value));
export const i32 = (value: number): Uint8Array => of(Int32Array.of(value));
export const u64 = (value: bigint): Uint8Array => of(BigUint64Array.of(value));
export const be16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 0xff);

/** Text with the NUL that ends it. */
export const text = (value: string): Uint8Array => join(new TextEncoder().encode(value), u8(0));

/** The bytes of `01 02 ff`; blanks may stand anywhere. */
export function unhex(hex: string): Uint8Array {
  const digits = hex.replace(/\s/g, '');
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new Error(`not hexadecimal: ${hex}`);
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const pad = (bytes: Uint8Array): Uint8Array =>
  bytes.length % 4 === 0 ? bytes : join(bytes, new Uint8Array(4 - (bytes.length % 4)));

/** One attribute, padded. */
export function attribute(type: number, ...payload: readonly Uint8Array[]): Uint8Array {
  const content = join(...payload);
  return pad(join(u16(4 + content.length), u16(type), content));
}

/** An attribute that holds attributes (NLA_F_NESTED). */
export const nest = (type: number, ...attributes: readonly Uint8Array[]): Uint8Array =>
  attribute(type | 0x8000, ...attributes);

export interface WireHeader {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly port: number;
}

/** One message, padded. */
export function message(header: WireHeader, ...payload: readonly Uint8Array[]): Uint8Array {
  const whole = join(new Uint8Array(16), ...payload);
  const to = view(whole);
  to.setUint32(0, whole.length, little);
  to.setUint16(4, header.type, little);
  to.setUint16(6, header.flags, little);
  to.setUint32(8, header.sequence, little);
  to.setUint32(12, header.port, little);
  return pad(whole);
}

/** struct genlmsghdr. */
export const genl = (command: number, version = 1): Uint8Array => Uint8Array.of(command, version, 0, 0);

export interface WireMessage extends WireHeader {
  /** The whole message, header included, padding not. */
  readonly bytes: Uint8Array;
  readonly payload: Uint8Array;
}

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const little = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

export const getU16 = (bytes: Uint8Array, at: number): number => view(bytes).getUint16(at, little);
export const getU32 = (bytes: Uint8Array, at: number): number => view(bytes).getUint32(at, little);

/** The messages of a datagram that somebody sent; a malformed one is an error. */
export function readMessages(datagram: Uint8Array): WireMessage[] {
  const found: WireMessage[] = [];
  for (let at = 0; at < datagram.length; ) {
    const length = getU32(datagram, at);
    if (length < 16 || at + length > datagram.length) throw new Error(`message of ${length} bytes at ${at}`);
    const bytes = datagram.slice(at, at + length);
    found.push({
      type: getU16(bytes, 4),
      flags: getU16(bytes, 6),
      sequence: getU32(bytes, 8),
      port: getU32(bytes, 12),
      bytes,
      payload: bytes.slice(16),
    });
    at += Math.ceil(length / 4) * 4;
  }
  return found;
}

/** Attributes as nested lists: type, then the payload in hexadecimal or, where NLA_F_NESTED is set, its attributes. */
export type WireAttribute = readonly [type: number, content: string | readonly WireAttribute[]];

export function readAttributes(payload: Uint8Array): WireAttribute[] {
  const found: WireAttribute[] = [];
  for (let at = 0; at < payload.length; ) {
    const length = getU16(payload, at);
    if (length < 4 || at + length > payload.length)
      throw new Error(`attribute of ${length} bytes at offset ${at}`);
    const type = getU16(payload, at + 2);
    const content = payload.slice(at + 4, at + length);
    found.push([type & 0x3fff, type & 0x8000 ? readAttributes(content) : hex(content)]);
    at += Math.ceil(length / 4) * 4;
  }
  return found;
}
