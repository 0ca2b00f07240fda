/**
 * A kernel that plays a script. Each step says what one send must hold and which datagrams answer it; both are bytes.
 * A send that is not in the script, one that differs from it, and steps that nobody came to fail the test.
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { TransportError, type TransportFailure } from '../../src/errors.js';
import type { Datagram, NetlinkSocket } from '../../src/netlink/transport/socket.js';
import {
  attribute,
  genl,
  hex,
  i32,
  join,
  message,
  readAttributes,
  readMessages,
  text,
  u16,
  u32,
  type WireAttribute,
  type WireMessage,
} from './wire.js';

/** What one message of a send must be; what is left out may be anything. */
export interface Wanted {
  readonly type?: number;
  readonly flags?: number;
  readonly sequence?: number;
  readonly command?: number;
  readonly version?: number;
  /** All attributes, in their order. */
  readonly attributes?: readonly WireAttribute[];
  /** Everything behind the netlink header, in hexadecimal. */
  readonly payload?: string;
}

/** What the socket gives to one receive; `silence` is a receive that gets nothing until its time is up. */
export type Delivery = Datagram | TransportError | 'silence';

/** Makes deliveries for the messages of a send. */
export type Play = (sent: readonly WireMessage[]) => readonly Delivery[];

interface Step {
  readonly wanted: readonly Wanted[];
  readonly answers: readonly Play[];
}

export class FakeKernel implements NetlinkSocket {
  readonly port = 0x8000_0001;
  receiveBuffer = 1 << 20;
  largestSend = 1 << 18;
  closed = false;
  /** Milliseconds that each receive was willing to wait. */
  readonly patience: number[] = [];
  private readonly script: Step[] = [];
  private readonly arriving: Delivery[] = [];
  private readonly problems: unknown[] = [];
  private delivered: Datagram | undefined;
  private waiting: Pick<Deferred<Datagram>, 'resolve' | 'reject'> | undefined;

  /** A kernel whose script must be played to its end by the time the test is over. */
  static for(t: TestContext): FakeKernel {
    const kernel = new FakeKernel();
    t.after(() => kernel.verify());
    return kernel;
  }

  /** The next send must hold these messages and is answered so. */
  expect(wanted: Wanted | readonly Wanted[], ...answers: readonly Play[]): this {
    this.script.push({ wanted: Array.isArray(wanted) ? wanted : [wanted as Wanted], answers });
    return this;
  }

  /** A datagram that answers no request. */
  intrude(...deliveries: readonly Delivery[]): this {
    this.arriving.push(...deliveries);
    this.deliver();
    return this;
  }

  /** @throws whatever did not go as the script says */
  verify(): void {
    if (this.problems.length > 0) throw this.problems[0];
    assert.equal(this.script.length, 0, `${this.script.length} expected sends never came`);
  }

  send(bytes: Uint8Array): void {
    try {
      assert.ok(!this.closed, 'sent on a closed socket');
      // A copy, as a real socket makes one: the sender's buffer is its own again.
      const sent = readMessages(bytes.slice());
      const step = this.script.shift();
      assert.ok(step, `a send that nothing in the script expects: ${hex(bytes)}`);
      assert.deepEqual(
        sent.map((message, index) => pick(message, step.wanted[index])),
        step.wanted,
      );
      for (const { port } of sent) assert.equal(port, this.port, 'port in the request');
      for (const play of step.answers) this.arriving.push(...play(sent));
    } catch (error) {
      this.problems.push(error);
      throw error;
    }
  }

  receive(timeout: number): Promise<Datagram> {
    this.patience.push(timeout);
    const { promise, resolve, reject } = deferred<Datagram>();
    const timer = setTimeout(
      () => reject(new TransportError('deadline', 'receive', `nothing within ${timeout} ms`)),
      timeout,
    );
    this.waiting = { resolve, reject };
    this.deliver();
    return promise.finally(() => {
      clearTimeout(timer);
      this.waiting = undefined;
    });
  }

  close(): void {
    this.closed = true;
    this.deliver();
  }

  /** Gives what arrived to who waits for it. */
  private deliver(): void {
    const { waiting } = this;
    if (waiting === undefined) return;
    const next = this.closed ? closedError() : (this.arriving.shift() ?? 'silence');
    if (next === 'silence') return;
    this.waiting = undefined;
    // A socket may use the memory of the datagram before again.
    this.delivered?.bytes.fill(0xff);
    this.delivered = next instanceof TransportError ? undefined : { ...next, bytes: next.bytes.slice() };
    if (this.delivered) waiting.resolve(this.delivered);
    else waiting.reject(next as TransportError);
  }
}

const closedError = () => new TransportError('closed', 'receive', 'the socket is closed');

interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

function deferred<T>(): Deferred<T> {
  let settle: Pick<Deferred<T>, 'resolve' | 'reject'> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...(settle as Pick<Deferred<T>, 'resolve' | 'reject'>) };
}

/** Those facts of a message that the script speaks of. */
function pick(message: WireMessage, wanted: Wanted | undefined): Wanted {
  const [command, version] = message.payload;
  const facts: Required<Wanted> = {
    type: message.type,
    flags: message.flags,
    sequence: message.sequence,
    command: command ?? -1,
    version: version ?? -1,
    attributes: wanted?.attributes === undefined ? [] : readAttributes(message.payload.slice(4)),
    payload: hex(message.payload),
  };
  const names = Object.keys(wanted ?? facts) as (keyof Wanted)[];
  return Object.fromEntries(names.map((name) => [name, facts[name]]));
}

/** Flags of what the kernel sends: linux/netlink.h. */
export const NLM = {
  REQUEST: 0x1,
  MULTI: 0x2,
  ACK: 0x4,
  DUMP_INTR: 0x10,
  CAPPED: 0x100,
  ACK_TLVS: 0x200,
  DUMP: 0x300,
} as const;

const ERROR = 2;
const DONE = 3;

export const datagram = (bytes: Uint8Array, sender = 0): Datagram => ({ bytes, sender });

/** Bytes as they are. */
export const raw =
  (bytes: Uint8Array, sender = 0): Play =>
  () => [datagram(bytes, sender)];

export const silence: Play = () => ['silence'];

export const broken =
  (reason: TransportFailure): Play =>
  () => [new TransportError(reason, 'receive', `the script says ${reason}`)];

/** Which message of the send is answered: its index, the last one if none is named. */
interface Target {
  readonly to?: number;
}

const target = (sent: readonly WireMessage[], { to }: Target): WireMessage => {
  const message = sent.at(to ?? -1);
  assert.ok(message, `the send has no message ${to}`);
  return message;
};

export interface Refusal extends Target {
  /** With the request's payload echoed, as sockets without NETLINK_CAP_ACK get it, or without. */
  readonly capped?: boolean;
  /** Attributes of the extended acknowledgement. */
  readonly tlvs?: Uint8Array;
}

/** NLMSG_ERROR with an errno, as netlink_ack() lays it out: 0 acknowledges, and never echoes the payload. */
export const answer =
  (errno: number, options: Refusal = {}): Play =>
  (sent) => {
    const request = target(sent, options);
    const capped = options.capped ?? errno === 0;
    const flags = (capped ? NLM.CAPPED : 0) | (options.tlvs ? NLM.ACK_TLVS : 0);
    const echo = capped ? request.bytes.slice(0, 16) : request.bytes;
    return [
      datagram(
        message(
          { ...request, type: ERROR, flags },
          i32(-errno),
          padded(echo),
          options.tlvs ?? new Uint8Array(),
        ),
      ),
    ];
  };

const padded = (bytes: Uint8Array): Uint8Array => join(bytes, new Uint8Array(-bytes.length & 3));

export const ack = (options: Target = {}): Play => answer(0, options);

/** The kernel's words, as NLMSGERR_ATTR_MSG, and where it stumbled, as NLMSGERR_ATTR_OFFS. */
export const words = (value: string): Uint8Array => join(attribute(1, text(value)), attribute(2, u32(20)));

export interface Reply {
  readonly type?: number;
  readonly flags?: number;
  readonly sequence?: number;
  readonly port?: number;
}

/** One generic-netlink message, to the request's sender unless told otherwise. */
export const reply =
  (command: number, attributes: Uint8Array, header: Reply = {}): Play =>
  (sent) => {
    const request = target(sent, {});
    const { type, sequence, port } = request;
    return [datagram(message({ type, sequence, port, flags: 0, ...header }, genl(command), attributes))];
  };

export interface Dump {
  /** Messages in each datagram; DONE comes in the last one if there is room. */
  readonly per?: number;
  /** errno in NLMSG_DONE; undefined for a DONE without any. */
  readonly errno?: number;
  readonly bareDone?: boolean;
  /** Index of the item from which on the kernel says that its table changed. */
  readonly interruptedFrom?: number;
  /** Flags of every message in place of NLM_F_MULTI. */
  readonly flags?: number;
  /** Without the NLMSG_DONE that ends it. */
  readonly endless?: boolean;
}

/** A dump: one message for each item, in several datagrams, ended by NLMSG_DONE. */
export const dump =
  (command: number, items: readonly Uint8Array[], options: Dump = {}): Play =>
  (sent) => {
    const { type, sequence, port } = target(sent, {});
    const flags = options.flags ?? NLM.MULTI;
    const interrupted = (index: number): number =>
      options.interruptedFrom !== undefined && index >= options.interruptedFrom ? NLM.DUMP_INTR : 0;
    const all = items.map((item, index) =>
      message({ type, sequence, port, flags: flags | interrupted(index) }, genl(command), item),
    );
    if (!options.endless) {
      const done = options.bareDone ? new Uint8Array() : i32(-(options.errno ?? 0));
      all.push(message({ type: DONE, sequence, port, flags: NLM.MULTI | interrupted(items.length) }, done));
    }
    const deliveries: Datagram[] = [];
    const per = options.per ?? 100;
    for (let at = 0; at < all.length; at += per) deliveries.push(datagram(join(...all.slice(at, at + per))));
    return deliveries;
  };

/** The controller's answer to CTRL_CMD_GETFAMILY. */
export const family = (id: number, name: string): Play => reply(1, familyRow(id, name));

/** The same as an item of a dump. */
export const familyRow = (id: number, name: string): Uint8Array =>
  join(attribute(2, text(name)), attribute(1, u16(id)), attribute(3, u32(1)), attribute(4, u32(0)));
