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

/** One more request on a held connection; who answered. Rejects when the connection is no more. */
export const repeat = (connection: number): Promise<string> => heldConnection(connection).request();

/** Closes a held connection. */
export const release = (connection: number): Promise<void> => heldConnection(connection).close();

function heldConnection(number: number): Connection {
  const connection = held[number];
  if (!connection) throw new Error(`no connection ${number} is held`);
  return connection;
}

class Connection {
  private readonly socket: Socket;
  private received = '';
  private waiting: { resolve(body: string): void; reject(error: Error): void } | undefined;

  constructor(private readonly target: Target) {
    const { address, port, from } = target;
    this.socket = connect({ host: address, port, noDelay: true, ...(from && { localAddress: from }) });
    this.socket.setEncoding('latin1');
    this.socket.on('data', (data: string) => this.read(data));
    this.socket.on('error', (error) => this.waiting?.reject(error));
    this.socket.on('close', () => this.waiting?.reject(new Error('the server closed the connection')));
  }

  /** The name in the server's answer; one request at a time. */
  async request(): Promise<string> {
    const { address, timeout = defaultTimeout } = this.target;
    if (this.socket.destroyed) throw new Error('the connection is closed');
    const answer = new Promise<string>((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
    const timer = setTimeout(
      () => this.waiting?.reject(new Error(`no answer within ${timeout} ms`)),
      timeout,
    );
    this.socket.write(`GET / HTTP/1.1\r\nHost: ${isIPv6(address) ? `[${address}]` : address}\r\n\r\n`);
    return answer.finally(() => {
      clearTimeout(timer);
      this.waiting = undefined;
    });
  }

  /** Resolves when the server has closed its side, too; a connection without an answer is reset instead. */
  async close(): Promise<void> {
    if (this.socket.destroyed) return;
    const closed = new Promise((resolve) => this.socket.once('close', resolve));
    if (this.socket.connecting || this.socket.pending) this.socket.destroy();
    else this.socket.end();
    const timer = setTimeout(() => this.socket.destroy(), this.target.timeout ?? defaultTimeout);
    await closed;
    clearTimeout(timer);
  }

  private read(data: string): void {
    this.received += data;
    const [head, body] = this.received.split('\r\n\r\n', 2);
    const length = /^content-length: *(\d+)/im.exec(head ?? '')?.[1];
    if (body === undefined || body.length < Number(length)) return;
    this.received = '';
    if (head?.startsWith('HTTP/1.1 200')) this.waiting?.resolve(body.trim());
    else this.waiting?.reject(new Error(`the server answered ${head?.split('\r\n')[0]}`));
  }
}
