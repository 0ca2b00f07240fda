/** A small HTTP server for readers that cannot be trusted to read. Node's modules are loaded at the first use. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cannot, HostError } from '../errors.js';
import { codeOf } from './files.js';

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

/** Most connections at once; further ones are closed by the server, and clients try again. */
const CONNECTIONS = 512;

/** Milliseconds for a client to send a request, and to read the answer. */
const REQUEST_TIME = 10_000;
const ANSWER_TIME = 30_000;

/** Milliseconds without a request after which a connection is closed: longer than the usual interval of scrapes. */
const IDLE_TIME = 75_000;

/** @throws HostError if nothing can listen there */
export async function serveHttp(listen: ListenAddress, handler: HttpHandler): Promise<HttpServer> {
  const server = getBuiltinModule('node:http').createServer(
    { requestTimeout: REQUEST_TIME, headersTimeout: REQUEST_TIME, keepAliveTimeout: IDLE_TIME },
    (request, response) => void respond(request, response, handler),
  );
  server.maxConnections = CONNECTIONS;
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

function listening(server: Server, listen: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen, () => {
      server.off('error', reject);
      // Without a listener an error of accept(2), such as too many open files, would end the program.
      server.on('error', () => {});
      resolve();
    });
  });
}

function closing(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Whether a Unix socket is left over from a process that was killed; it is removed then. @throws HostError for anything else */
async function isAbandoned(path: string): Promise<boolean> {
  const { lstat, unlink } = getBuiltinModule('node:fs').promises;
  if (!(await lstat(path)).isSocket())
    throw new HostError(`listen on unix:${path}`, 'the file is not a socket');
  if ((await connectionError(path)) !== 'ECONNREFUSED') return false;
  await unlink(path);
  return true;
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

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  handler: HttpHandler,
): Promise<void> {
  const overdue = setTimeout(() => request.socket.destroy(), ANSWER_TIME);
  response.once('close', () => clearTimeout(overdue));
  const { status, type, body } = await answerTo(request, handler);
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': bytes.length,
    ...(status === 405 && { Allow: 'GET, HEAD' }),
  });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

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
