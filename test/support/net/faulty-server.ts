// A web server whose faults a test chooses, and that counts the health checks that it gets.
import { createServer, type Server, type Socket } from 'node:net';
import { monotonic } from './steady-client.js';

/**
 * What the server does instead of answering:
 * `refused`: does not listen; `silent`: accepts, and never answers; `slow-body`: sends a byte of the body in a second;
 * `one-of-three`: answers the others with status 503; `checks`: answers clients, and health checks with status 503.
 */
export type ServerFault = 'none' | 'refused' | 'silent' | 'slow-body' | 'one-of-three' | 'checks';

export interface FaultyServerOptions {
  /** What clients get as the answer. */
  readonly name: string;
  readonly port: number;
}

/** Health checks ask for this path, and get this body; clients ask for others. */
const CHECK = '/healthz';
const READY = 'ready\n';

const answerOf = (status: number, body: string): string =>
  `HTTP/1.1 ${status} ${status === 200 ? 'OK' : 'Service Unavailable'}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

class FaultyServer {
  fault: ServerFault = 'none';
  checks = 0;
  private requests = 0;
  private server: Server | undefined;
  private readonly sockets = new Set<Socket>();
  /** Called after the next health check has been answered. */
  private waiting: (() => void)[] = [];

  constructor(private readonly options: FaultyServerOptions) {}

  async set(fault: ServerFault): Promise<void> {
    this.fault = fault;
    if (fault === 'refused') this.close();
    else if (this.server === undefined) await this.listen();
    if (fault === 'none') for (const socket of this.sockets) socket.destroy();
  }

  nextCheck(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private listen(): Promise<void> {
    const server = createServer({ noDelay: true }, (socket) => this.serve(socket));
    this.server = server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: '::', port: this.options.port, backlog: 1024 }, () => resolve());
    });
  }

  private close(): void {
    this.server?.close();
    this.server = undefined;
    for (const socket of this.sockets) socket.destroy();
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    socket.on('error', () => {});
    socket.setEncoding('latin1');
    let received = '';
    socket.on('data', (data: string) => {
      received += data;
      if (!received.includes('\r\n\r\n')) return;
      this.answer(socket, received);
      received = '';
    });
  }

  private answer(socket: Socket, request: string): void {
    const isCheck = request.startsWith(`GET ${CHECK} `);
    this.requests++;
    if (isCheck) {
      this.checks++;
      for (const resolve of this.waiting.splice(0)) resolve();
    }
    const { fault, requests } = this;
    const body = isCheck ? READY : `${this.options.name}\n`;
    if (fault === 'silent') return;
    if (fault === 'slow-body') {
      trickle(socket, answerOf(200, body));
      return;
    }
    const isBroken = fault === 'one-of-three' ? requests % 3 !== 0 : fault === 'checks' && isCheck;
    socket.write(answerOf(isBroken ? 503 : 200, body));
    if (/ HTTP\/1\.0\r|^connection: close/im.test(request)) socket.end();
  }
}

/** Sends the head and the first byte at once, each further byte a second later. */
function trickle(socket: Socket, text: string): void {
  let sent = text.indexOf('\r\n\r\n') + 5;
  socket.write(text.slice(0, sent));
  const timer = setInterval(() => socket.write(text.slice(sent, ++sent)), 1000);
  socket.once('close', () => clearInterval(timer));
}

const servers = new Map<number, FaultyServer>();

function serverAt(port: number): FaultyServer {
  const server = servers.get(port);
  if (server === undefined) throw new Error(`no server with faults at port ${port}`);
  return server;
}

/** Listens on every address of the host, IPv4 and IPv6. */
export async function serveFaulty(options: FaultyServerOptions): Promise<void> {
  const server = new FaultyServer(options);
  servers.set(options.port, server);
  await server.set('none');
}

/** @returns milliseconds of {@link monotonic} at which the fault began */
export async function setFault(port: number, fault: ServerFault): Promise<number> {
  const began = monotonic();
  await serverAt(port).set(fault);
  return began;
}

/** Waits until the server has heard its next health check. */
export const nextCheck = (port: number): Promise<void> => serverAt(port).nextCheck();

/** Health checks that the server has had. */
export const checksAt = (port: number): number => serverAt(port).checks;
