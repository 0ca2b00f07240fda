/** A socket whose kernel damages its replies: one datagram, in one way. */
import fc from 'fast-check';
import { TransportError } from '../../src/errors.js';
import type { Datagram, NetlinkSocket } from '../../src/netlink/transport/socket.js';
import { NLM } from '../support/fake-kernel.js';
import { getU16, i32, join, message, readMessages, u16, u32, type WireMessage } from '../support/wire.js';

const ERROR = 2;
const DONE = 3;
const OVERRUN = 4;

/** `at`: a place from 0 to 1 of all bytes, messages or attributes. */
export type Damage =
  | {
      readonly do: 'cut' | 'lost' | 'twice' | 'empty' | 'foreign' | 'overrun' | 'failed';
      readonly at: number;
    }
  | { readonly do: 'byte'; readonly at: number; readonly value: number }
  | {
      readonly do: 'header';
      readonly at: number;
      readonly field: keyof typeof fields;
      readonly value: number;
    }
  | {
      readonly do: 'attribute';
      readonly at: number;
      readonly how: 'missing' | 'twice' | 'empty' | 'shorter' | 'longer' | 'type';
    }
  | { readonly do: 'error' | 'done'; readonly at: number; readonly errno: number }
  | { readonly do: 'interrupted'; readonly at: number; readonly datagrams: number }
  | { readonly do: 'endless'; readonly at: number };

/** Offsets of struct nlmsghdr's members. */
const fields = { length: 0, type: 4, flags: 6, sequence: 8, port: 12 } as const;

const at = fc.double({ min: 0, max: 0.999, noNaN: true });
const errno = fc.constantFrom(0, 1, 2, 3, 4, 11, 12, 16, 17, 22, 28, 105, 999, -1, 2 ** 31 - 1);
const any32 = fc.oneof(fc.constantFrom(0, 1, 15, 16, 17, 0xffff, 0x7fffffff, 0xffffffff), fc.nat(0xffffffff));

export const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ do: fc.constantFrom('cut', 'lost', 'twice', 'empty', 'foreign', 'overrun', 'failed'), at }),
  fc.record({ do: fc.constant('byte'), at, value: fc.nat(255) }),
  fc.record({
    do: fc.constant('header'),
    at,
    field: fc.constantFrom(...(Object.keys(fields) as (keyof typeof fields)[])),
    value: any32,
  }),
  fc.record({
    do: fc.constant('attribute'),
    at,
    how: fc.constantFrom('missing', 'twice', 'empty', 'shorter', 'longer', 'type'),
  }),
  fc.record({ do: fc.constantFrom('error', 'done'), at, errno }),
  fc.record({ do: fc.constant('interrupted'), at, datagrams: fc.oneof(fc.nat(3), fc.constant(1000)) }),
  fc.record({ do: fc.constant('endless'), at }),
) as fc.Arbitrary<Damage>;

export class DamagedSocket implements NetlinkSocket {
  readonly port: number;
  readonly receiveBuffer: number;
  readonly largestSend: number;
  /** Whether the damaged datagram was received. */
  damaged = false;
  private received = 0;
  private readonly waiting: Datagram[] = [];

  /** @param from number of the first datagram that is damaged */
  constructor(
    private readonly inner: NetlinkSocket,
    private readonly from: number,
    private readonly damage: Damage,
  ) {
    this.port = inner.port;
    this.receiveBuffer = inner.receiveBuffer;
    this.largestSend = inner.largestSend;
  }

  send(bytes: Uint8Array): Promise<void> | void {
    return this.inner.send(bytes);
  }

  async receive(timeout: number): Promise<Datagram> {
    const waiting = this.waiting.shift();
    if (waiting !== undefined) {
      if (this.damage.do === 'endless') this.waiting.push(waiting);
      return waiting;
    }
    const datagram = await this.inner.receive(timeout);
    const number = this.received++;
    const last = this.damage.do === 'interrupted' ? this.from + this.damage.datagrams : this.from;
    if (number < this.from || number > last) return datagram;
    this.damaged = true;
    this.waiting.push(...this.spoilt(datagram));
    return this.receive(timeout);
  }

  close(): void {
    this.inner.close();
  }

  private spoilt({ bytes, sender }: Datagram): Datagram[] {
    const { damage } = this;
    const whole = (changed: Uint8Array): Datagram[] => [{ bytes: changed, sender }];
    const messages = readMessages(bytes);
    const place = Math.floor(damage.at * messages.length);
    const inserted = (type: number, ...payload: Uint8Array[]) =>
      whole(
        join(
          ...messages.slice(0, place).map(padded),
          message({ ...headerOf(messages), type }, ...payload),
          ...messages.slice(place).map(padded),
        ),
      );
    switch (damage.do) {
      case 'cut':
        return whole(bytes.slice(0, insideMessage(messages, Math.floor(damage.at * (bytes.length - 3)))));
      case 'lost':
        return [];
      case 'twice':
        return [...whole(bytes), ...whole(bytes)];
      case 'empty':
        return whole(new Uint8Array());
      case 'foreign':
        return [{ bytes, sender: 4711 }, ...whole(bytes)];
      case 'overrun':
        return inserted(OVERRUN);
      case 'failed':
        throw new TransportError('overrun', 'receive', 'no buffer space available', 105);
      case 'byte':
        return whole(changedAt(bytes, Math.floor(damage.at * bytes.length), Uint8Array.of(damage.value)));
      case 'header': {
        const start = messages.slice(0, place).reduce((sum, one) => sum + padded(one).length, 0);
        const offset = fields[damage.field];
        const isShort = offset === fields.type || offset === fields.flags;
        return whole(
          changedAt(bytes, start + offset, isShort ? u16(damage.value & 0xffff) : u32(damage.value)),
        );
      }
      case 'attribute':
        return whole(
          join(...messages.map((one, index) => (index === place ? withAttribute(one, damage) : padded(one)))),
        );
      case 'error':
        return inserted(ERROR, i32(-damage.errno), new Uint8Array(16));
      case 'done':
        return inserted(DONE, i32(-damage.errno));
      case 'interrupted':
        return whole(join(...messages.map((one) => padded({ ...one, bytes: flagged(one, NLM.DUMP_INTR) }))));
      case 'endless': {
        const endless = messages.filter(({ type }) => type !== DONE);
        return whole(endless.length === 0 ? bytes : join(...endless.map(padded)));
      }
    }
  }
}

/** The place, or the next one if a message ends there: without whole messages an answer can look complete. */
function insideMessage(messages: readonly WireMessage[], place: number): number {
  let end = 0;
  for (const one of messages) {
    if (place > end - 4 && place <= end) return end + 1;
    end += padded(one).length;
  }
  return place > end - 4 ? end - 4 : place;
}

const padded = ({ bytes }: WireMessage): Uint8Array => join(bytes, new Uint8Array(-bytes.length & 3));

function headerOf([first]: readonly WireMessage[]) {
  const { flags = NLM.MULTI, sequence = 0, port = 0 } = first ?? {};
  return { flags, sequence, port };
}

function changedAt(bytes: Uint8Array, at: number, value: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  changed.set(value.subarray(0, changed.length - at), at);
  return changed;
}

const flagged = ({ bytes }: WireMessage, flag: number): Uint8Array =>
  changedAt(bytes, fields.flags, u16(getU16(bytes, fields.flags) | flag));

/** Payload of struct genlmsghdr, in bytes. */
const GENL = 4;
const NESTED = 0x8000;

interface Attribute {
  readonly type: number;
  readonly content: Uint8Array | readonly Attribute[];
}

function attributesIn(payload: Uint8Array): Attribute[] {
  const found: Attribute[] = [];
  for (let start = 0; start + 4 <= payload.length; ) {
    const length = getU16(payload, start);
    const type = getU16(payload, start + 2);
    const content = payload.slice(start + 4, start + length);
    found.push({ type, content: type & NESTED ? attributesIn(content) : content });
    start += (length + 3) & ~3;
  }
  return found;
}

const count = (all: readonly Attribute[]): number =>
  all.reduce((sum, { content }) => sum + 1 + (content instanceof Uint8Array ? 0 : count(content)), 0);

/** A message with its attribute at the place changed; nested ones count as well. */
function withAttribute(of: WireMessage, { at, how }: Extract<Damage, { do: 'attribute' }>): Uint8Array {
  const all = attributesIn(of.payload.slice(GENL));
  let left = Math.floor(((at * 1000) % 1) * count(all));
  const encode = (one: Attribute): Uint8Array => {
    const isMeant = left-- === 0;
    const content = one.content instanceof Uint8Array ? one.content : join(...one.content.map(encode));
    if (!isMeant) return wire(one.type, content);
    if (how === 'missing') return new Uint8Array();
    if (how === 'twice') return join(wire(one.type, content), wire(one.type, content));
    if (how === 'empty') return wire(one.type, new Uint8Array());
    if (how === 'shorter') return wire(one.type, content.slice(0, -1));
    if (how === 'longer') return wire(one.type, join(content, Uint8Array.of(7)));
    return wire(one.type ^ 1, content);
  };
  return message(of, of.payload.slice(0, GENL), ...all.map(encode));
}

const wire = (type: number, content: Uint8Array): Uint8Array =>
  join(u16(4 + content.length), u16(type), content, new Uint8Array(-content.length & 3));
