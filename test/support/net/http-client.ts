// A client's requests: many short connections, or one that is held and used again.
import { connect, isIPv6, type Socket } from 'node:net';

export interface Target {
  address: string;
  port: number;
  /** The client's own address, where it has several. */
  from?: string;
  /** Milliseconds until a request counts as lost. */
  timeout?: number;
}

export interface Asking extends Target {
  /** How many requests, each on a connection of its own. */
  count: number;
  /** How many at a time. */
  parallel?: number;
}

export interface Outcome {
  /** The servers' names, in the order in which they answered. */
  answers: string[];
  /** What went wrong with the requests that nobody answered. */
  errors: string[];
  /** Milliseconds for all. */
  elapsed: number;
}

/** Generous: an emulated machine may be ten times slower than it was a minute ago. */
const defaultTimeout = 15_000;

export async function ask(asking: Asking): Promise<Outcome> {
  const outcome: Outcome = { answers: [], errors: [], elapsed: 0 };
  const begin = performance.now();
  let left = asking.count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const connection = new Connection(asking);
      await connection.request().then(
        (name) => outcome.answers.push(name),
        (error: Error) => outcome.errors.push(error.message),
      );
      await connection.close();
    }
  };
  await Promise.all(Array.from({ length: asking.parallel ?? 4 }, worker));
  return { ...outcome, elapsed: performance.now() - begin };
}

const held: Connection[] = [];

/** Opens a connection, sends a first request and keeps the connection; its number, and who answered. */
export async function hold(target: Target): Promise<{ connection: number; answer: string }> {
  const connection = new Connection(target);
  const answer = await connection.request();
  return { connection: held.push(connection) - 1, answer };
}

/**
 * One more request on a held connection; who answered. Rejects when the connection is no more, or when there is no answer
 * within `timeout` milliseconds.
 */
export const repeat = (connection: number, timeout?: number): Promise<string> =>
  heldConnection(connection).request(timeout);

/** Closes a held connection. */
export const release = (connection: number): Promise<void> => heldConnection(connection).close();

function heldConnection(number: number): Connection {
  const connection = held[number];
  if (!connection) throw new Error(`no connection ${number} is held`);
  return connection;
}

interface Waiter {
  resolve(body: string): void;
  reject(error: Error): void;
}

class Connection {
  private readonly socket: Socket;
  private received = '';
  /** A request that is given up stays in the queue: its answer may still come, and belongs to no other. */
  private readonly waiting: Waiter[] = [];

  constructor(private readonly target: Target) {
    const { address, port, from } = target;
    this.socket = connect({ host: address, port, noDelay: true, ...(from && { localAddress: from }) });
    this.socket.setEncoding('latin1');
    this.socket.on('data', (data: string) => this.read(data));
    this.socket.on('error', (error) => this.rejectAll(error));
    this.socket.on('close', () => this.rejectAll(new Error('the server closed the connection')));
  }

  /** The name in the server's answer. */
  async request(timeout = this.target.timeout ?? defaultTimeout): Promise<string> {
    const { address } = this.target;
    if (this.socket.destroyed) throw new Error('the connection is closed');
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<string>((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      timer = setTimeout(() => reject(new Error(`no answer within ${timeout} ms`)), timeout);
    });
    this.socket.write(`GET / HTTP/1.1\r\nHost: ${isIPv6(address) ? `[${address}]` : address}\r\n\r\n`);
    return answer.finally(() => clearTimeout(timer));
  }

  /** Resolves when the server has closed its side, too; a connection that was never there is given up instead. */
  async close(): Promise<void> {
    if (this.socket.destroyed) return;
    const closed = new Promise((resolve) => this.socket.once('close', resolve));
    if (this.socket.connecting) this.socket.destroy();
    else this.socket.end();
    const timer = setTimeout(() => this.socket.destroy(), this.target.timeout ?? defaultTimeout);
    await closed;
    clearTimeout(timer);
  }

  private rejectAll(error: Error): void {
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }

  private read(data: string): void {
    this.received += data;
    for (let answer = this.shift(); answer; answer = this.shift()) {
      const waiter = this.waiting.shift();
      if (answer.status === '200') waiter?.resolve(answer.body.trim());
      else waiter?.reject(new Error(`the server answered with status ${answer.status}`));
    }
  }

  /** Takes the first answer that is complete. */
  private shift(): { status: string; body: string } | undefined {
    const [head = '', status = '', length] =
      /^HTTP\/1.1 (\d+).*?^content-length: *(\d+).*?\r\n\r\n/ims.exec(this.received) ?? [];
    const end = head.length + Number(length);
    // Not a number, hence not enough, as long as the head is not whole.
    if (!(this.received.length >= end)) return undefined;
    const body = this.received.slice(head.length, end);
    this.received = this.received.slice(end);
    return { status, body };
  }
}
