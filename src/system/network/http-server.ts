/** A small HTTP server for readers that cannot be trusted to read. Node's modules are loaded at the first use. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cannot, HostError } from '../../errors.js';
import { codeOf } from '../files/files.js';
import { listening } from './listening.js';

const { getBuiltinModule } = process;

/** Where a server listens: an address and a port, or the path of a Unix socket. */
export type ListenAddress = { readonly host: string; readonly port: number } | { readonly path: string };

export interface HttpAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Uint8Array;
}

/** What is answered to a GET. @param accept the request's header, empty if there is none */
export type HttpHandler = (path: string, accept: string) => Promise<HttpAnswer>;

export interface HttpServer {
  /** As clients write it: `http://127.0.0.1:9700`, or `unix:/run/lvsadm.sock`. */
  readonly url: string;
  /** Ends all connections. */
  close(): Promise<void>;
}

export interface HttpLimits {
  /** Most connections at once; further ones are closed by the server, and clients try again. */
  readonly connections: number;
  /** Most answers that are made or sent at once; further requests are refused with status 503. */
  readonly answers: number;
  /** Bytes of bodies that clients have not read: from so many on further requests are refused too, unless it is a single body. */
  readonly unread: number;
  /** Milliseconds for a client to send a request. */
  readonly requestTime: number;
  /** Milliseconds for a client to read the answer, the time to make it included. */
  readonly answerTime: number;
  /** Milliseconds without a request after which a connection is closed. */
  readonly idleTime: number;
}

const usual: HttpLimits = {
  connections: 512,
  answers: 128,
  unread: 64 * 1024 * 1024,
  requestTime: 10_000,
  answerTime: 30_000,
  // Longer than the usual interval of scrapes.
  idleTime: 75_000,
};

/** Milliseconds from one look for clients that are over their time to the next. */
const LOOK = 1000;

/** Bytes of a body that are handed to the runtime at once: it may copy what the client does not read. */
const PIECE = 64 * 1024;

/** @throws HostError if nothing can listen there */
export async function serveHttp(
  listen: ListenAddress,
  handler: HttpHandler,
  limits: HttpLimits = usual,
): Promise<HttpServer> {
  const { requestTime, idleTime } = limits;
  const times = { requestTimeout: requestTime, headersTimeout: requestTime, keepAliveTimeout: idleTime };
  const answers = new AnswersUnderWay(limits);
  const server = getBuiltinModule('node:http').createServer(
    { ...times, connectionsCheckingInterval: LOOK },
    (request, response) => void answers.respond(request, response, handler),
  );
  limitConnections(server, limits.connections);
  try {
    await listening(server, listen);
  } catch (error) {
    const inTheWay = 'path' in listen && codeOf(error) === 'EADDRINUSE';
    if (!inTheWay || !(await isAbandoned(listen.path))) throw cannot(`listen on ${describe(listen)}`, error);
    await listening(server, listen).catch((again) => {
      throw cannot(`listen on ${describe(listen)}`, again);
    });
  }
  return { url: urlOf(server, listen), close: () => closing(server) };
}

/** `127.0.0.1:9700`, `[::1]:9700`, `unix:/run/lvsadm.sock` */
const describe = (listen: ListenAddress): string =>
  'path' in listen
    ? `unix:${listen.path}`
    : `${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${listen.port}`;

const urlOf = (server: Server, listen: ListenAddress): string =>
  'path' in listen
    ? describe(listen)
    : `http://${describe({ ...listen, port: (server.address() as AddressInfo).port })}`;

function closing(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** The runtimes' own limit is not in all versions of both. */
function limitConnections(server: Server, limit: number): void {
  let open = 0;
  server.on('connection', (socket) => {
    if (open >= limit) return void socket.destroy();
    open++;
    socket.once('close', () => {
      open--;
    });
  });
}

/** Whether a Unix socket is left over from a process that was killed; it is removed then. @throws HostError for anything else */
async function isAbandoned(path: string): Promise<boolean> {
  const doing = `listen on unix:${path}`;
  const { lstat, unlink } = getBuiltinModule('node:fs').promises;
  try {
    if (!(await lstat(path)).isSocket()) throw new HostError(doing, 'the file is not a socket');
    if ((await connectionError(path)) !== 'ECONNREFUSED') return false;
    await unlink(path);
    return true;
  } catch (error) {
    // Another process has removed it.
    if (codeOf(error) === 'ENOENT') return true;
    throw error instanceof HostError ? error : cannot(doing, error);
  }
}

/** @returns undefined if a server accepts connections there */
function connectionError(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = getBuiltinModule('node:net').connect({ path }, () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', (error) => resolve(codeOf(error)));
  });
}

/** The answers that are made or sent. Clients that read nothing must not fill the memory. */
class AnswersUnderWay {
  private count = 0;
  /** How many answers send each body: requests that share a reading have the same. */
  private readonly bodies = new Map<Uint8Array, number>();
  private unread = 0;

  constructor(private readonly limits: HttpLimits) {}

  async respond(request: IncomingMessage, response: ServerResponse, handler: HttpHandler): Promise<void> {
    const { limits } = this;
    const { socket } = request;
    const isFull = this.bodies.size > 1 && this.unread >= limits.unread;
    const isRefused = this.count >= limits.answers || isFull;
    this.count++;
    const overdue = setTimeout(() => socket.destroy(), limits.answerTime);
    let bytes: Uint8Array | undefined;
    const over = () => {
      clearTimeout(overdue);
      response.off('close', over);
      socket.off('close', over);
      this.count--;
      if (bytes !== undefined) this.release(bytes);
    };
    response.on('close', over);
    // A response that waits for an earlier one of its connection hears of no end; a client may have sent any number of requests.
    socket.setMaxListeners(0).on('close', over);
    const answer = isRefused ? tooMany : await answerTo(request, handler);
    if (socket.destroyed) return;
    bytes = typeof answer.body === 'string' ? new TextEncoder().encode(answer.body) : answer.body;
    this.hold(bytes);
    response.writeHead(answer.status, {
      'Content-Type': answer.type,
      'Content-Length': bytes.length,
      ...(answer.status === 405 && { Allow: 'GET, HEAD' }),
    });
    await send(response, request.method === 'HEAD' ? bytes.subarray(bytes.length) : bytes);
  }

  private hold(body: Uint8Array): void {
    const senders = this.bodies.get(body) ?? 0;
    if (senders === 0) this.unread += body.length;
    this.bodies.set(body, senders + 1);
  }

  private release(body: Uint8Array): void {
    const senders = (this.bodies.get(body) ?? 0) - 1;
    if (senders > 0) this.bodies.set(body, senders);
    else if (this.bodies.delete(body)) this.unread -= body.length;
  }
}

/** Ends when the client has taken everything, or is gone. */
async function send(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += PIECE) {
    if (!response.write(bytes.subarray(at, at + PIECE))) await drained(response);
    if (response.destroyed) return;
  }
  response.end();
}

const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });

async function answerTo(
  { method, url = '/', headers }: IncomingMessage,
  handler: HttpHandler,
): Promise<HttpAnswer> {
  if (method !== 'GET' && method !== 'HEAD') return plainAnswer(405, 'only GET and HEAD are answered');
  return handler(url.replace(/\?.*$/s, ''), headers.accept ?? '');
}

export const plainAnswer = (status: number, line: string): HttpAnswer => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${line}\n`,
});

const tooMany = plainAnswer(503, 'too many answers have not been read yet');
