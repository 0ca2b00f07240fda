/**
 * A conversation with the kernel on one socket: one request, dump or batch at a time, each answered or failed within a
 * deadline. After a failure of the transport or the protocol nothing that still arrives could be trusted, so the
 * connection closes itself; an errno from the kernel is an answer like any other.
 */
import { KernelError, type LvsadmError, ProtocolError, TransportError } from '../errors.js';
import type { Batch } from './batch.js';
import { Writer } from './bytes.js';
import {
  type Answer,
  begin,
  Flag,
  finish,
  type Message,
  MessageType,
  messages,
  readAnswer,
} from './message.js';
import type { NetlinkSocket } from './socket.js';

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
  /** Sequence number of the first request, 0 to 4294967295; 1 if left out. */
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

export class Connection {
  private readonly timeout: number;
  private readonly trace: Trace | undefined;
  private readonly writer = new Writer(8192);
  /** Of the request that was written last. */
  private sequence: number;
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
    this.sequence = ((options.firstSequence ?? 1) - 1) >>> 0;
    this.trace = options.trace;
  }

  /** Asks for something to be done; resolves when the kernel acknowledges. @throws KernelError when it refuses. */
  acknowledge(request: Request): Promise<void> {
    return this.exclusive(async () => {
      await this.send(request, Flag.ack);
      await this.receive((message) => {
        check(request, acknowledgement(message));
        return 'complete';
      });
    });
  }

  /** Asks for one thing; `read` makes the result of the reply. @throws KernelError */
  get<T>(request: Request, read: (reply: Message) => T): Promise<T> {
    return this.exclusive(async () => {
      await this.send(request, 0);
      let result: { readonly of: T } | undefined;
      await this.receive((message) => {
        if (message.type === MessageType.error) check(request, readAnswer(message));
        else result = { of: read(replyTo(request, message)) };
        return 'complete';
      });
      if (result === undefined) throw new ProtocolError('acknowledged without a reply', [request.operation]);
      return result.of;
    });
  }

  /**
   * Asks for all of something; `read` makes one item of each reply. A dump during which the kernel's table changed
   * under its feet (NLM_F_DUMP_INTR) is repeated. @throws KernelError
   */
  dump<T>(request: Request, read: (reply: Message) => T): Promise<T[]> {
    return this.exclusive(async () => {
      for (let attempt = 0; attempt < DUMP_TRIES; attempt++) {
        const items = await this.dumpOnce(request, read);
        if (items !== undefined) return items;
      }
      throw new TransportError(
        'interrupted',
        request.operation,
        `changed during each of ${DUMP_TRIES} dumps`,
      );
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

  private async send(request: Request, flags: number): Promise<void> {
    this.writer.clear();
    this.asked = false;
    this.sequence = (this.sequence + 1) >>> 0;
    const at = begin(this.writer, {
      type: request.type,
      flags: Flag.request | (request.flags ?? 0) | flags,
      sequence: this.sequence,
      port: this.socket.port,
    });
    request.put(this.writer);
    finish(this.writer, at);
    await this.transmit(this.writer.written());
  }

  private async transmit(bytes: Uint8Array): Promise<void> {
    this.asked = true;
    this.trace?.('send', bytes);
    await this.socket.send(bytes);
  }

  private async dumpOnce<T>(request: Request, read: (reply: Message) => T): Promise<T[] | undefined> {
    await this.send(request, Flag.dump);
    const items: T[] = [];
    let interrupted = false;
    await this.receive((message) => {
      interrupted ||= (message.flags & Flag.dumpInterrupted) !== 0;
      if (message.type === MessageType.done) {
        check(request, readAnswer(message));
        return 'complete';
      }
      if (message.type === MessageType.error) {
        check(request, readAnswer(message));
        throw new ProtocolError('acknowledged where a dump belongs', [request.operation]);
      }
      // Without it nothing says where the dump ends.
      if ((message.flags & Flag.multi) === 0) {
        throw new ProtocolError('a reply without NLM_F_MULTI where a dump belongs', [request.operation]);
      }
      items.push(read(replyTo(request, message)));
      return 'more';
    });
    return interrupted ? undefined : items;
  }

  /** Sends as many requests as fit, waits for their answers, and returns the index of the next one. */
  private async batchPart(requests: Batch, from: number, type: number, refusals: Refusal[]): Promise<number> {
    const next = from + this.fitting(requests, from);
    const first = (this.sequence + 1) >>> 0;
    requests.address(from, next, type, first, this.socket.port);
    this.sequence = (this.sequence + next - from) >>> 0;
    // The kernel answers in order, so the acknowledgement of the last message ends the batch.
    requests.acknowledge(next - 1);
    await this.transmit(requests.part(from, next));
    await this.receive((message) => {
      const index = from + ((message.sequence - first) >>> 0);
      const answer = acknowledgement(message);
      if (answer.errno !== 0) refusals.push({ index, error: refusal(requests.operation(index), answer) });
      return index === next - 1 ? 'complete' : 'more';
    }, first);
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

  /**
   * Hands each message that answers the requests `first` to the last sent to `take`, until it says that the answer is
   * complete. Anything else that arrives is an error. Only datagrams are waited for, not each message of one: a listing
   * has a hundred to a datagram.
   */
  private async receive(
    take: (message: Message) => 'complete' | 'more',
    first = this.sequence,
  ): Promise<void> {
    while (true) {
      const bytes = await this.fromKernel();
      if (bytes.length === 0) throw new ProtocolError('an empty datagram', ['message']);
      for (const message of messages(bytes)) {
        if (message.type === MessageType.noop) continue;
        this.checkOurs(message, first);
        if (take(message) === 'complete') return;
      }
    }
  }

  /** The next datagram from the kernel. Any process may write to our port: nobody else is heard, nor gains time. */
  private async fromKernel(): Promise<Uint8Array> {
    const deadline = performance.now() + this.timeout;
    let left = this.timeout;
    do {
      const { bytes, sender } = await this.socket.receive(left);
      this.trace?.('receive', bytes);
      if (sender === 0) return bytes;
      left = Math.ceil(deadline - performance.now());
    } while (left > 0);
    throw late(this.timeout);
  }

  private checkOurs(message: Message, first: number): void {
    if (message.type === MessageType.overrun) {
      throw new TransportError('overrun', 'receive', 'the kernel lost answers (NLMSG_OVERRUN)');
    }
    const requests = (this.sequence - first) >>> 0;
    if ((message.sequence - first) >>> 0 <= requests && message.port === this.socket.port) return;
    throw new ProtocolError(
      `sequence ${message.sequence} for port ${message.port} answers no request of ours ` +
        `(sequence ${this.sequence}, port ${this.socket.port})`,
      ['message'],
    );
  }
}

/** What a message says of a request that has no reply. */
function acknowledgement(message: Message): Answer {
  if (message.type !== MessageType.error) throw unexpected(message, 'an acknowledgement');
  return readAnswer(message);
}

/** The message, if it is of the type that answers the request. */
function replyTo(request: Request, message: Message): Message {
  const wanted = request.replyType ?? request.type;
  if (message.type !== wanted) throw unexpected(message, `type ${wanted}`);
  return message;
}

const late = (timeout: number): TransportError =>
  new TransportError('deadline', 'receive', `no answer from the kernel within ${timeout} ms`);

const refusal = (operation: string, answer: Answer): KernelError =>
  new KernelError(operation, answer.errno, undefined, answer.detail);

function check(request: Request, answer: Answer): void {
  if (answer.errno !== 0) throw refusal(request.operation, answer);
}

const unexpected = ({ type }: Message, wanted: string): ProtocolError =>
  new ProtocolError(`message type ${type}, where ${wanted} belongs`, ['message']);
