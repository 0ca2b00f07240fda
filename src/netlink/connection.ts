/**
 * A conversation with the kernel on one socket: one request, dump or batch at a time, each answered or failed within a
 * deadline. After a failure of the transport or the protocol nothing that still arrives could be trusted, so the
 * connection closes itself; an errno from the kernel is an answer like any other.
 */

import { KernelError, type LvsadmError, ProtocolError, TransportError } from '../errors.js';
import type { Batch } from './batch.js';
import { Writer } from './bytes.js';
import { DumpBuffer } from './dump-buffer.js';
import {
  type Answer,
  begin,
  Flag,
  finish,
  type Header,
  headerOf,
  type Message,
  MessageCursor,
  MessageType,
  readAnswer,
} from './message.js';
import { type Datagram, monotonic, type NetlinkSocket } from './transport/socket.js';

/** What to ask: the operation's name for errors, the message type, and the payload. */
export interface Request {
  readonly operation: string;
  readonly type: number;
  /** Type of the messages that answer, where it is not the request's own as in generic netlink. */
  readonly replyType?: number;
  /** NLM_F_* that modify a change: create, replace, exclusive. */
  readonly flags?: number;
  put(to: Writer): void;
}

/** What a dump's reader is given of each message. */
export type Reply = Pick<Message, 'payload'>;

/** What the kernel said to one request of a batch that it did not carry out. */
export interface Refusal {
  readonly index: number;
  readonly error: KernelError;
}

/** Sees every datagram: for LVSADM_DEBUG. */
export type Trace = (direction: 'send' | 'receive', bytes: Uint8Array) => void;

export interface ConnectionOptions {
  /** Milliseconds that the kernel may be silent while it owes an answer. */
  readonly timeout?: number;
  /** Sequence number of the first request, 0 to 4294967295; if left out what the socket wants, or 1. */
  readonly firstSequence?: number;
  readonly trace?: Trace | undefined;
}

const DEFAULT_TIMEOUT = 30_000;

/** A table that changes all the time never gives a consistent dump; after this many we say so. */
const DUMP_TRIES = 10;

/** No more messages than this go into one send, however much room there is for answers. */
const BATCH_MESSAGES = 512;
const BATCH_BYTES = 64 * 1024;

/**
 * What one refusal costs the receive buffer: a socket buffer with its bookkeeping, and the request echoed in it, rounded
 * up to a power of two. A batch is kept so small that every message of it may fail without an answer lost.
 */
const answerCost = (requestBytes: number): number => 1024 + 2 * requestBytes;

/** Takes a message, valid only meanwhile. */
type Take = (message: MessageCursor) => 'complete' | 'more';

export class Connection {
  private readonly timeout: number;
  private readonly trace: Trace | undefined;
  private readonly writer = new Writer(8192);
  /** Of the request that was written last. */
  private sequence: number;
  /** Of the first request of those that were sent together with it. */
  private first = 0;
  /** The end of the queue of operations. */
  private last: Promise<unknown> = Promise.resolve();
  /** Whether something was sent, so that what arrives next is its answer. */
  private asked = false;
  private failed: LvsadmError | undefined;

  constructor(
    private readonly socket: NetlinkSocket,
    options: ConnectionOptions = {},
  ) {
    this.timeout = options.timeout ?? DEFAULT_TIMEOUT;
    this.sequence = ((options.firstSequence ?? socket.firstSequence ?? 1) - 1) >>> 0;
    this.trace = options.trace;
  }

  /** Asks for something to be done; resolves when the kernel acknowledges. @throws KernelError when it refuses. */
  acknowledge(request: Request): Promise<void> {
    return this.exclusive(async () => {
      await this.send(request, Flag.ack);
      await this.receiveEach((message) => {
        check(request, acknowledgement(message.message()));
        return 'complete';
      });
    });
  }

  /** Asks for one thing; `read` makes the result of the reply. @throws KernelError */
  get<T>(request: Request, read: (reply: Message) => T): Promise<T> {
    return this.exclusive(async () => {
      await this.send(request, 0);
      let result: { readonly of: T } | undefined;
      await this.receiveEach((message) => {
        if (message.type === MessageType.error) check(request, readAnswer(message.message()));
        else {
          checkType(request, message);
          result = { of: read(message.message()) };
        }
        return 'complete';
      });
      if (result === undefined) throw new ProtocolError('acknowledged without a reply', [request.operation]);
      return result.of;
    });
  }

  /** Asks for all of something; `read` makes one item of each reply. @throws KernelError */
  async dump<T>(request: Request, read: (reply: Reply) => T): Promise<T[]> {
    const replies = new DumpBuffer();
    const items: T[] = [];
    await this.dumps([request], replies, () => {
      for (let i = 0; i < replies.count; i++) items.push(read({ payload: replies.payload(i) }));
    });
    return items;
  }

  /**
   * Asks for all of several things, one after the other; `take` is called when the replies to one are all there, behind
   * those to the others that nobody has dropped. A dump during which the kernel's table changed under its feet
   * (NLM_F_DUMP_INTR) is repeated. @throws KernelError, and whatever `take` throws
   */
  dumps(requests: Iterable<Request>, replies: DumpBuffer, take: () => void): Promise<void> {
    return this.exclusive(async () => {
      for (const request of requests) {
        let whole = false;
        for (let attempt = 0; !whole; attempt++) {
          if (attempt === DUMP_TRIES) throw restless(request);
          const dumped = this.dumpOnce(request, replies);
          whole = dumped instanceof Promise ? await dumped : dumped;
        }
        take();
      }
    });
  }

  /**
   * Sends the requests of a batch in order, many to a send; the kernel carries out each, also those after a refused one.
   * @param type message type of all of them
   * @returns the refusals, in the order of their requests
   */
  batch(requests: Batch, type: number): Promise<Refusal[]> {
    return this.exclusive(async () => {
      const refusals: Refusal[] = [];
      for (let next = 0; next < requests.count; ) next = await this.batchPart(requests, next, type, refusals);
      return refusals;
    });
  }

  close(): void {
    this.failed ??= new TransportError('closed', 'send', 'the connection is closed');
    this.socket.close();
  }

  /** Runs operations one after another: a second dump on a socket would get EBUSY, and answers would mix. */
  private exclusive<T>(operation: () => Promise<T>): Promise<T> {
    const run = this.last.then(async () => {
      if (this.failed) throw this.failed;
      try {
        return await operation();
      } catch (error) {
        // What was never sent, a value that cannot be written, leaves the conversation as it was.
        if (this.asked && !(error instanceof KernelError)) this.fail(error);
        throw error;
      } finally {
        this.asked = false;
      }
    });
    this.last = run.catch(() => undefined);
    return run;
  }

  private fail(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.failed ??= new TransportError('closed', 'send', `the connection was given up after: ${why}`);
    this.socket.close();
  }

  private send(request: Request, flags: number): Promise<void> | void {
    this.writer.clear();
    this.asked = false;
    this.first = this.sequence = (this.sequence + 1) >>> 0;
    const at = begin(this.writer, {
      type: request.type,
      flags: Flag.request | (request.flags ?? 0) | flags,
      sequence: this.sequence,
      port: this.socket.port,
    });
    request.put(this.writer);
    finish(this.writer, at);
    return this.transmit(this.writer.written());
  }

  private transmit(bytes: Uint8Array): Promise<void> | void {
    this.asked = true;
    this.trace?.('send', bytes);
    return this.socket.send(bytes);
  }

  /** False where the kernel's table changed meanwhile, so that the replies are worth nothing. */
  private dumpOnce(request: Request, replies: DumpBuffer): Promise<boolean> | boolean {
    const before = replies.count;
    const collector = new Collector(replies, request);
    const received = this.ask(request, (bytes) => this.takeAll(bytes, collector.take));
    const isWhole = (): boolean => {
      if (collector.interrupted) replies.truncate(before);
      return !collector.interrupted;
    };
    return received instanceof Promise ? received.then(isWhole) : isWhole();
  }

  /** Sends the request of a dump, and hands over what arrives until `read` says that it is complete. */
  private ask(request: Request, read: (bytes: Uint8Array) => boolean): Promise<void> | void {
    const sent = this.send(request, Flag.dump);
    return sent instanceof Promise ? sent.then(() => this.receive(read)) : this.receive(read);
  }

  /** Sends as many requests as fit, waits for their answers, and returns the index of the next one. */
  private async batchPart(requests: Batch, from: number, type: number, refusals: Refusal[]): Promise<number> {
    const next = from + this.fitting(requests, from);
    this.first = (this.sequence + 1) >>> 0;
    requests.address(from, next, type, this.first, this.socket.port);
    this.sequence = (this.sequence + next - from) >>> 0;
    // The kernel answers in order, so the acknowledgement of the last message ends the batch.
    requests.acknowledge(next - 1);
    await this.transmit(requests.part(from, next));
    await this.receiveEach((message) => {
      const index = from + ((message.sequence - this.first) >>> 0);
      const answer = acknowledgement(message.message());
      if (answer.errno !== 0) refusals.push({ index, error: refusal(requests.operation(index), answer) });
      return index === next - 1 ? 'complete' : 'more';
    });
    return next;
  }

  /** How many requests, at least one, may go into a send so that the answers to all of them find room. */
  private fitting(requests: Batch, from: number): number {
    let room = this.socket.receiveBuffer;
    let bytes = 0;
    let index = from;
    for (; index < requests.count && index - from < BATCH_MESSAGES; index++) {
      const size = requests.size(index);
      room -= answerCost(size);
      bytes += size;
      if (index > from && (room < 0 || bytes > BATCH_BYTES)) break;
    }
    return index - from;
  }

  /** Hands each message that answers what was sent last to `take`, until it says that the answer is complete. */
  private receiveEach(take: Take): Promise<void> | void {
    return this.receive((bytes) => this.takeAll(bytes, take));
  }

  /**
   * Hands datagrams to `read` until it says that the answer is complete. They are waited for only where the socket makes us: a
   * listing has a dump for each of a thousand services.
   */
  private receive(read: (bytes: Uint8Array) => boolean): Promise<void> | void {
    while (true) {
      const bytes = this.fromKernel();
      if (bytes instanceof Promise) return this.receiveLater(bytes, read);
      if (read(bytes)) return;
    }
  }

  private async receiveLater(
    bytes: Promise<Uint8Array>,
    read: (bytes: Uint8Array) => boolean,
  ): Promise<void> {
    for (let next = await bytes; !read(next); ) next = await this.fromKernel();
  }

  /** True when the answer is complete; anything else than an answer is an error. */
  private takeAll(bytes: Uint8Array, take: Take): boolean {
    if (bytes.length === 0) throw new ProtocolError('an empty datagram', ['message']);
    const message = new MessageCursor(bytes);
    while (message.next()) {
      if (message.type === MessageType.noop) continue;
      this.checkOurs(message);
      if (take(message) === 'complete') return true;
    }
    return false;
  }

  /**
   * The next datagram from the kernel. Any process that administers the network may write to our port: nobody else is
   * heard, nor gains time.
   */
  private fromKernel(): Promise<Uint8Array> | Uint8Array {
    const deadline = monotonic() + this.timeout;
    const arrived = this.socket.receive(this.timeout);
    const heard = (datagram: Datagram) =>
      this.isKernels(datagram) ? datagram.bytes : this.passOver(deadline);
    return arrived instanceof Promise ? arrived.then(heard) : heard(arrived);
  }

  private async passOver(deadline: number): Promise<Uint8Array> {
    const left = () => Math.ceil(deadline - monotonic());
    for (let time = left(); time > 0; time = left()) {
      const datagram = await this.socket.receive(time);
      if (this.isKernels(datagram)) return datagram.bytes;
    }
    throw late(this.timeout);
  }

  /** Where nobody tells who sent a datagram, it has to start with what only the kernel can know to say. */
  private isKernels({ bytes, sender }: Datagram): boolean {
    this.trace?.('receive', bytes);
    if (sender !== undefined) return sender === 0;
    const header = headerOf(bytes);
    return header !== undefined && (header.type === MessageType.overrun || this.isOurs(header));
  }

  private checkOurs(message: MessageCursor): void {
    if (message.type === MessageType.overrun) {
      throw new TransportError('overrun', 'receive', 'the kernel lost answers (NLMSG_OVERRUN)');
    }
    if (this.isOurs(message)) return;
    throw new ProtocolError(
      `sequence ${message.sequence} for port ${message.port} answers no request of ours ` +
        `(sequence ${this.sequence}, port ${this.socket.port})`,
      ['message'],
    );
  }

  private isOurs({ sequence, port }: Header): boolean {
    const requests = (this.sequence - this.first) >>> 0;
    return (sequence - this.first) >>> 0 <= requests && port === this.socket.port;
  }
}

/** Adds a dump's replies, and says when they are complete. */
class Collector {
  /** Whether the kernel's table changed meanwhile. */
  interrupted = false;

  constructor(
    private readonly replies: DumpBuffer,
    private readonly request: Request,
  ) {}

  /** Of a dump that had nothing but its end. */
  get isEmpty(): boolean {
    return this.replies.count === 0 && !this.interrupted;
  }

  readonly take: Take = (message) => {
    const { request } = this;
    if ((message.flags & Flag.dumpInterrupted) !== 0) this.interrupted = true;
    if (message.type === MessageType.done || message.type === MessageType.error) {
      check(request, readAnswer(message.message()));
      if (message.type === MessageType.done) return 'complete';
      throw new ProtocolError('acknowledged where a dump belongs', [request.operation]);
    }
    // Without it nothing says where the dump ends.
    if ((message.flags & Flag.multi) === 0) {
      throw new ProtocolError('a reply without NLM_F_MULTI where a dump belongs', [request.operation]);
    }
    checkType(request, message);
    this.replies.add(message);
    return 'more';
  };
}

/** What a message says of a request that has no reply. */
function acknowledgement(message: Message): Answer {
  if (message.type !== MessageType.error) throw unexpected(message, 'an acknowledgement');
  return readAnswer(message);
}

/** @throws ProtocolError where a message is not of the type that answers the request */
function checkType(request: Request, message: MessageCursor): void {
  const wanted = request.replyType ?? request.type;
  if (message.type !== wanted) throw unexpected(message, `type ${wanted}`);
}

const restless = ({ operation }: Request): TransportError =>
  new TransportError('interrupted', operation, `changed during each of ${DUMP_TRIES} dumps`);

const late = (timeout: number): TransportError =>
  new TransportError('deadline', 'receive', `no answer from the kernel within ${timeout} ms`);

const refusal = (operation: string, answer: Answer): KernelError =>
  new KernelError(operation, answer.errno, undefined, answer.detail);

function check(request: Request, answer: Answer): void {
  if (answer.errno !== 0) throw refusal(request.operation, answer);
}

const unexpected = ({ type }: Pick<Message, 'type'>, wanted: string): ProtocolError =>
  new ProtocolError(`message type ${type}, where ${wanted} belongs`, ['message']);
