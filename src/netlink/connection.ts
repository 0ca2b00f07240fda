/**
 * A conversation with the kernel on one socket: one request, dump or batch at a time, each answered or failed within a
 * deadline. After a failure of the transport or the protocol the connection closes itself, because later answers could belong to
 * any request. An errno from the kernel is an answer, not a failure.
 */
import { KernelError, type LvsadmError, ProtocolError, TransportError } from '../errors.js';
import type { Batch } from './batch.js';
import { Channel, type ConnectionOptions, carryOut, type Steps, type Take, type Trace } from './channel.js';
import {
  type Answer,
  Flag,
  type Message,
  type MessageCursor,
  MessageType,
  type Request,
  readAnswer,
} from './message.js';
import type { NetlinkSocket } from './transport/socket.js';

export type { ConnectionOptions, Trace };

/** The kernel's answer to a request of a batch that it refused. */
export interface Refusal {
  readonly index: number;
  readonly error: KernelError;
}

/** Takes the replies to a dump as they arrive, each valid during the call only. */
export interface DumpReader {
  take(reply: MessageCursor): void;
  /** Drops all replies: the table changed during the dump, which starts again. */
  restart(): void;
}

/** A table that changes all the time never gives a consistent dump. */
const DUMP_TRIES = 10;

/** Several times the routes of a full table of the Internet, the largest that is dumped. */
const DUMP_LIMIT = 4_194_304;

export class Connection {
  private readonly channel: Channel;
  /** The last operation, and the number of unfinished ones. */
  private last: Promise<unknown> = Promise.resolve();
  private pending = 0;
  private failed: LvsadmError | undefined;

  private readonly dumpLimit: number;

  constructor(socket: NetlinkSocket, options: ConnectionOptions = {}) {
    this.channel = new Channel(socket, options);
    this.dumpLimit = options.dumpLimit ?? DUMP_LIMIT;
  }

  /** Sends a change; resolves when the kernel acknowledges it. @throws KernelError if the kernel refuses it */
  acknowledge(request: Request): Promise<void> {
    const take: Take = (message) => {
      check(request, acknowledgement(message));
      return 'complete';
    };
    return this.exclusive(this.exchange(request, Flag.ack, take));
  }

  /** Asks for one object; `read` makes the result of the reply. @throws KernelError */
  get<T>(request: Request, read: (reply: MessageCursor) => T): Promise<T> {
    return this.exclusive(this.getSteps(request, read));
  }

  /** Asks for all objects of a kind; `read` makes one item of each reply. @throws KernelError */
  async dump<T>(request: Request, read: (reply: MessageCursor) => T): Promise<T[]> {
    const items: T[] = [];
    await this.dumpMessages(request, {
      take: (reply) => items.push(read(reply)),
      restart: () => {
        items.length = 0;
      },
    });
    return items;
  }

  /**
   * Asks for all objects of a kind, and passes on each reply in its datagram. A dump during which the table changed
   * (NLM_F_DUMP_INTR) is repeated. @throws KernelError, and whatever the reader throws
   */
  dumpMessages(request: Request, reader: DumpReader): Promise<void> {
    return this.exclusive(this.dumpSteps(request, reader));
  }

  /**
   * Sends the requests of a batch in order, many to a send; the kernel carries out each, also those after a refused one.
   * @param type message type of all of them
   * @returns the refusals, in the order of their requests
   */
  batch(requests: Batch, type: number): Promise<Refusal[]> {
    return this.exclusive(this.batchSteps(requests, type));
  }

  /** Whether it is closed, by its user or by a failure. */
  get hasFailed(): boolean {
    return this.failed !== undefined;
  }

  close(): void {
    this.failed ??= new TransportError('closed', 'send', 'the connection is closed');
    this.channel.close();
  }

  /** Runs operations one after another: a second dump on a socket would get EBUSY, and answers would mix. */
  private exclusive<T>(operation: Steps<T>): Promise<T> {
    const start = () => this.run(operation);
    const run = this.pending++ === 0 ? start() : this.last.then(start, start);
    this.last = run;
    return run;
  }

  private async run<T>(operation: Steps<T>): Promise<T> {
    const { channel } = this;
    try {
      if (this.failed) throw this.failed;
      return await carryOut(operation);
    } catch (error) {
      // A request that was never sent, for a value that cannot be written, leaves the conversation as it was.
      if (channel.asked && !(error instanceof KernelError)) this.fail(error);
      throw error;
    } finally {
      channel.asked = false;
      this.pending--;
    }
  }

  private fail(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.failed ??= new TransportError('closed', 'send', `the connection was given up after: ${why}`);
    this.channel.close();
  }

  /** Sends a request, and hands each message that answers it to `take`. */
  private *exchange(request: Request, flags: number, take: Take): Steps<void> {
    yield* this.channel.send(request, flags);
    yield* this.channel.receive(take);
  }

  private *getSteps<T>(request: Request, read: (reply: MessageCursor) => T): Steps<T> {
    const results: T[] = [];
    yield* this.exchange(request, 0, (message) => {
      if (message.type === MessageType.error) check(request, readAnswer(message));
      else {
        checkType(request, message);
        results.push(read(message));
      }
      return 'complete';
    });
    if (results.length === 0) throw new ProtocolError('acknowledged without a reply', [request.operation]);
    return results[0] as T;
  }

  private *dumpSteps(request: Request, reader: DumpReader): Steps<void> {
    for (let attempt = 0; attempt < DUMP_TRIES; attempt++) {
      let interrupted = false;
      let left = this.dumpLimit;
      yield* this.exchange(request, Flag.dump, (message) => {
        if (left-- === 0) throw endless(request, this.dumpLimit);
        if ((message.flags & Flag.dumpInterrupted) !== 0) interrupted = true;
        if (endsDump(request, message)) return 'complete';
        if (!interrupted) reader.take(message);
        return 'more';
      });
      if (!interrupted) return;
      reader.restart();
    }
    throw new TransportError('interrupted', request.operation, `changed during each of ${DUMP_TRIES} dumps`);
  }

  private *batchSteps(requests: Batch, type: number): Steps<Refusal[]> {
    const { channel } = this;
    const refusals: Refusal[] = [];
    for (let from = 0; from < requests.count; ) {
      const start = from;
      const end = requests.sendEnd(start, channel.receiveBuffer, channel.largestSend);
      requests.address(start, end, type, channel.number(end - start), channel.port);
      // The kernel answers in order, so the acknowledgement of the last message ends the send.
      requests.acknowledge(end - 1);
      yield* channel.transmit(requests.part(start, end));
      let next = start;
      yield* channel.receive((message) => {
        const index = start + channel.indexOf(message);
        if (index < next) throw repeated(requests.operation(index));
        next = index + 1;
        const answer = acknowledgement(message);
        if (answer.errno !== 0) refusals.push({ index, error: refusal(requests.operation(index), answer) });
        return index === end - 1 ? 'complete' : 'more';
      });
      from = end;
    }
    return refusals;
  }
}

/** The kernel answers in the order of the requests, each at most once. */
const repeated = (operation: string): ProtocolError =>
  new ProtocolError('an answer to a request that was answered before', [operation]);

const endless = ({ operation }: Request, limit: number): ProtocolError =>
  new ProtocolError(`a dump of more than ${limit} messages`, [operation]);

/** Whether a message is the end of a dump, and no reply. @throws KernelError, ProtocolError */
function endsDump(request: Request, message: MessageCursor): boolean {
  if (message.type === MessageType.done || message.type === MessageType.error) {
    check(request, readAnswer(message));
    if (message.type === MessageType.done) return true;
    throw new ProtocolError('acknowledged where a dump belongs', [request.operation]);
  }
  // Without it the end of the dump is unknown.
  if ((message.flags & Flag.multi) === 0) {
    throw new ProtocolError('a reply without NLM_F_MULTI where a dump belongs', [request.operation]);
  }
  checkType(request, message);
  return false;
}

/** The acknowledgement or refusal of a request without a reply. */
function acknowledgement(message: MessageCursor): Answer {
  if (message.type !== MessageType.error) throw unexpected(message, 'an acknowledgement');
  return readAnswer(message);
}

/** @throws ProtocolError where a message is not of the type that answers the request */
function checkType(request: Request, message: MessageCursor): void {
  const wanted = request.replyType ?? request.type;
  if (message.type !== wanted) throw unexpected(message, `type ${wanted}`);
}

const refusal = (operation: string, answer: Answer): KernelError =>
  new KernelError(operation, answer.errno, undefined, answer.detail);

function check(request: Request, answer: Answer): void {
  if (answer.errno !== 0) throw refusal(request.operation, answer);
}

const unexpected = ({ type }: Pick<Message, 'type'>, wanted: string): ProtocolError =>
  new ProtocolError(`message type ${type}, where ${wanted} belongs`, ['message']);
