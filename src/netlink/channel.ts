/**
 * Sends requests with sequence numbers, and accepts only the kernel's answers to the last request.
 */
import { ProtocolError, TransportError } from '../errors.js';
import { Writer } from './bytes.js';
import { begin, Flag, finish, type Header, MessageCursor, MessageType, type Request } from './message.js';
import { type Datagram, monotonic, type NetlinkSocket } from './transport/socket.js';

/** Sees every datagram: for LVSADM_DEBUG. */
export type Trace = (direction: 'send' | 'receive', bytes: Uint8Array) => void;

export interface ConnectionOptions {
  /** Milliseconds to wait for each datagram of an answer (default: 30,000). */
  readonly timeout?: number;
  /** Sequence number of the first request, 0 to 4294967295 (default: 1). */
  readonly firstSequence?: number;
  /** Most messages of one dump: a kernel that repeats itself for ever must not fill the memory (default: 4,194,304). */
  readonly dumpLimit?: number;
  readonly trace?: Trace | undefined;
}

const DEFAULT_TIMEOUT = 30_000;

/**
 * Steps of a conversation. Each `yield` passes out a promise and returns its value. An answer that the socket has at once needs no
 * promise, and costs no turn of the event loop: a listing has a dump for each of a thousand services.
 */
export type Steps<T> = Generator<Promise<unknown>, T, unknown>;

/** Carries the steps out. */
export async function carryOut<T>(steps: Steps<T>): Promise<T> {
  let step = steps.next();
  while (!step.done) {
    let value: unknown;
    try {
      value = await step.value;
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(value);
  }
  return step.value;
}

/** Takes a message, valid during the call only. @returns whether the answer is complete */
export type Take = (message: MessageCursor) => 'complete' | 'more';

export class Channel {
  /** Whether a request was sent, so that the next datagram answers it. */
  asked = false;
  private readonly timeout: number;
  private readonly trace: Trace | undefined;
  private readonly writer = new Writer(8192);
  /** Sequence numbers of the last request, and of the first of those that were sent together with it. */
  private sequence: number;
  private first = 0;

  constructor(
    private readonly socket: NetlinkSocket,
    options: ConnectionOptions,
  ) {
    this.timeout = options.timeout ?? DEFAULT_TIMEOUT;
    this.sequence = ((options.firstSequence ?? 1) - 1) >>> 0;
    this.trace = options.trace;
  }

  get port(): number {
    return this.socket.port;
  }

  /** Bytes of kernel memory that may wait for us before answers are lost. */
  get receiveBuffer(): number {
    return this.socket.receiveBuffer;
  }

  /** Bytes of the largest send. */
  get largestSend(): number {
    return this.socket.largestSend;
  }

  close(): void {
    this.socket.close();
  }

  /** Takes the sequence numbers of requests that go out together. @returns the first */
  number(requests: number): number {
    this.first = (this.sequence + 1) >>> 0;
    this.sequence = (this.sequence + requests) >>> 0;
    return this.first;
  }

  /** Where a message stands among the requests that were sent together. */
  indexOf({ sequence }: Header): number {
    return (sequence - this.first) >>> 0;
  }

  *send(request: Request, flags: number): Steps<void> {
    const { writer } = this;
    writer.clear();
    const at = begin(writer, {
      type: request.type,
      flags: Flag.request | (request.flags ?? 0) | flags,
      sequence: this.number(1),
      port: this.port,
    });
    request.put(writer);
    finish(writer, at);
    yield* this.transmit(writer.written());
  }

  *transmit(bytes: Uint8Array): Steps<void> {
    this.asked = true;
    this.trace?.('send', bytes);
    const sent = this.socket.send(bytes);
    if (sent) yield sent;
  }

  /** Passes each message that answers the last request to `take`, until the answer is complete. */
  *receive(take: Take): Steps<void> {
    let deadline = monotonic() + this.timeout;
    for (let time = this.timeout; time > 0; time = Math.ceil(deadline - monotonic())) {
      const arrived = this.socket.receive(time);
      const datagram = arrived instanceof Promise ? ((yield arrived) as Datagram) : arrived;
      this.trace?.('receive', datagram.bytes);
      // Any process with CAP_NET_ADMIN may send to our port: datagrams of others are dropped, and do not extend the deadline.
      if (datagram.sender !== 0) continue;
      const taken = this.takeAll(new MessageCursor(datagram.bytes), take);
      if (taken === 'complete') return;
      if (taken === 'more') deadline = monotonic() + this.timeout;
    }
    throw new TransportError('deadline', 'receive', `no answer from the kernel within ${this.timeout} ms`);
  }

  /** @returns undefined for a datagram without an answer. @throws ProtocolError for a message that is no answer */
  private takeAll(message: MessageCursor, take: Take): ReturnType<Take> | undefined {
    let taken: ReturnType<Take> | undefined;
    if (message.reader.end === 0) throw new ProtocolError('an empty datagram', ['message']);
    while (message.next()) {
      if (message.type === MessageType.noop) continue;
      this.checkOurs(message);
      taken = take(message);
      if (taken === 'complete') break;
    }
    return taken;
  }

  private checkOurs(message: Header): void {
    if (message.type === MessageType.overrun) {
      throw new TransportError('overrun', 'receive', 'the kernel lost answers (NLMSG_OVERRUN)');
    }
    if (this.isOurs(message)) return;
    throw new ProtocolError(
      `sequence ${message.sequence} for port ${message.port} answers no request of ours ` +
        `(sequence ${this.sequence}, port ${this.port})`,
      ['message'],
    );
  }

  private isOurs(message: Header): boolean {
    const requests = (this.sequence - this.first) >>> 0;
    return this.indexOf(message) <= requests && message.port === this.port;
  }
}
