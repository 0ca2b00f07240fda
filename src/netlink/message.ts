/** Netlink message headers. Source: linux/netlink.h, RFC 3549 section 2. */
import { ProtocolError } from '../errors.js';
import { attributeSet, cstring, u32 } from './attributes.js';
import { align, firstHalf, Reader, secondHalf, type Writer } from './bytes.js';

export const MessageType = { noop: 1, error: 2, done: 3, overrun: 4 } as const;

export const Flag = {
  request: 0x001,
  multi: 0x002,
  ack: 0x004,
  dumpInterrupted: 0x010,
  dump: 0x300,
  /** Of a change: replace an existing object, refuse if it exists, create it if it does not. */
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
  /** In NLMSG_ERROR: the request's payload was left out (NETLINK_CAP_ACK), and attributes follow (NETLINK_EXT_ACK). */
  capped: 0x100,
  ackAttributes: 0x200,
} as const;

/** Bytes of struct nlmsghdr. */
export const HEADER = 16;

export interface Header {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** Port id: of the sender in a request, of the receiver in the kernel's answer. */
  readonly port: number;
}

/** A received message. */
export interface Message extends Header {
  /** The whole datagram. */
  readonly reader: Reader;
  /** Where the payload starts and ends, in bytes from the start of the datagram. */
  readonly start: number;
  readonly end: number;
}

/** A request: the operation's name for errors, the message type, and the payload. */
export interface Request {
  readonly operation: string;
  readonly type: number;
  /** Type of the messages that answer, if it differs from the request's own (as it never does in generic netlink). */
  readonly replyType?: number;
  /** NLM_F_* that modify a change: create, replace, exclusive. */
  readonly flags?: number;
  put(to: Writer): void;
}

/** Starts a message; `finish` with the returned position completes its length. */
export function begin(to: Writer, header: Header): number {
  const at = to.length;
  to.u32(0);
  to.u16(header.type);
  to.u16(header.flags);
  to.u32(header.sequence);
  to.u32(header.port);
  return at;
}

export function finish(to: Writer, at: number): void {
  to.setU32(at, to.length - at);
  to.pad();
}

/**
 * Walks the messages of a datagram without an object for each: a listing has hundreds of thousands. Its fields describe the message
 * that `next` has reached.
 */
export class MessageCursor implements Message {
  type = 0;
  flags = 0;
  sequence = 0;
  port = 0;
  start = 0;
  end = 0;
  private at = 0;
  readonly reader: Reader;
  private readonly words: Uint32Array;

  constructor(datagram: Uint8Array) {
    this.reader = new Reader(datagram);
    this.words = this.reader.words;
  }

  /**
   * Moves to the next message. @returns false at the end
   * @throws ProtocolError for a header that is cut off, or an impossible length
   */
  next(): boolean {
    const { at, words } = this;
    const left = this.reader.end - at;
    if (left <= 0) return false;
    if (left < HEADER) throw broken(`${left} bytes left where a message header takes ${HEADER}`);
    const word = at >> 2;
    const length = words[word] as number;
    if (length < HEADER || length > left) {
      throw broken(`message length ${length}, where ${HEADER} to ${left} would fit`);
    }
    const typeAndFlags = words[word + 1] as number;
    this.type = firstHalf(typeAndFlags);
    this.flags = secondHalf(typeAndFlags);
    this.sequence = words[word + 2] as number;
    this.port = words[word + 3] as number;
    this.start = at + HEADER;
    this.end = at + length;
    this.at = at + align(length);
    return true;
  }

  /** The message, to be kept. */
  message(): Message {
    const { type, flags, sequence, port, start, end, reader } = this;
    return { type, flags, sequence, port, start, end, reader };
  }
}

const broken = (what: string): ProtocolError => new ProtocolError(what, ['message']);

/** The messages in one datagram. @throws ProtocolError as {@link MessageCursor.next} does */
export function* messages(datagram: Uint8Array): Generator<Message> {
  const cursor = new MessageCursor(datagram);
  while (cursor.next()) yield cursor.message();
}

/** Attributes of an acknowledgement: enum nlmsgerr_attrs. */
export const ErrorAttributes = attributeSet('error', { message: [1, cstring], offset: [2, u32] });

/** An answer to a request: errno 0 is the acknowledgement. */
export interface Answer {
  /** Positive, or 0. */
  readonly errno: number;
  /** The kernel's text, if it sent one. */
  readonly detail?: string | undefined;
}

/** Reads the payload of NLMSG_ERROR, or of the NLMSG_DONE that ends a dump: a negative errno, which some leave out. */
export function readAnswer(message: Message): Answer {
  const { reader, start, end, type } = message;
  const length = end - start;
  if (type === MessageType.done && length < 4) return { errno: 0 };
  if (length < 4) throw new ProtocolError(`expected 4 bytes, got ${length}`, ['answer', 'errno']);
  // Not a unary minus, which makes -0 of 0.
  const errno = 0 - reader.i32(start);
  if (errno < 0) throw new ProtocolError(`errno ${-errno} is positive`, ['answer', 'errno']);
  return { errno, detail: detail(message) };
}

function detail(message: Message): string | undefined {
  if ((message.flags & Flag.ackAttributes) === 0) return undefined;
  return ErrorAttributes.get(message.reader, extendedStart(message), message.end).message;
}

/** Where the extended acknowledgement starts: behind the errno, and, in NLMSG_ERROR, behind the echo of the request. */
export function extendedStart({ reader, start, end, type, flags }: Message): number {
  const at = start + 4;
  if (type === MessageType.done) return at;
  const room = end - at;
  const echoed = (flags & Flag.capped) === 0 && room >= 4 ? Math.max(reader.u32(at), HEADER) : HEADER;
  if (echoed > room) throw new ProtocolError('the echoed request is longer than its answer', ['answer']);
  return at + align(echoed);
}
