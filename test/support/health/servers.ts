/** Servers on loopback, well-behaved and others, closed with all their connections at the end of a test. */
import dgram from 'node:dgram';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import { pem } from './check-of.js';

/** What a test closes at its end. */
export interface Closing {
  after(close: () => void): void;
}

/** @returns the port */
async function listen(t: Closing, server: net.Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

export const serveTcp = (t: Closing, serve: (socket: Socket) => void): Promise<number> =>
  listen(t, net.createServer(serve));

/** Sends one text to each client, and closes. */
export const sayOnce = (t: Closing, text: string | Buffer): Promise<number> =>
  serveTcp(t, (socket) => socket.end(text));

/** Sends one text after the first bytes of each client, and closes. */
export const answerOnce = (t: Closing, text: string | Buffer): Promise<number> =>
  serveTcp(t, (socket) => socket.once('data', () => socket.end(text)));

/** Accepts connections, and says nothing. */
export const silent = (t: Closing): Promise<number> => serveTcp(t, (socket) => socket.resume());

/** Resets each connection after its first bytes. */
export const resetting = (t: Closing): Promise<number> =>
  serveTcp(t, (socket) => socket.once('data', () => socket.resetAndDestroy()));

type Handler = http.RequestListener;

export const serveHttp = (t: Closing, handler: Handler): Promise<number> =>
  listen(t, http.createServer(handler));

const keyPair = (certificate: 'www' | 'expired') => ({ key: pem('key'), cert: pem(certificate) });

export const serveHttps = (
  t: Closing,
  handler: Handler,
  certificate: 'www' | 'expired' = 'www',
): Promise<number> => listen(t, https.createServer(keyPair(certificate), handler));

export const serveTls = (t: Closing, certificate: 'www' | 'expired' = 'www'): Promise<number> =>
  listen(
    t,
    tls.createServer(keyPair(certificate), (socket) => socket.on('error', () => {}).resume()),
  );

type GrpcHandler = (
  stream: http2.ServerHttp2Stream,
  headers: http2.IncomingHttpHeaders,
  body: Buffer,
) => void;

export function serveGrpc(t: Closing, handler: GrpcHandler, secure = false): Promise<number> {
  const server = secure ? http2.createSecureServer(keyPair('www')) : http2.createServer();
  server.on('stream', (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => handler(stream, headers, Buffer.concat(chunks)));
  });
  server.on('sessionError', () => {});
  return listen(t, server as unknown as net.Server);
}

type Answering = (request: Buffer, answer: (datagram: Buffer | string) => void) => void;

export async function serveUdp(t: Closing, serve: Answering, port = 0): Promise<number> {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (request, from) =>
    serve(request, (datagram) => socket.send(datagram, from.port, from.address)),
  );
  await new Promise<void>((resolve) => socket.bind(port, '127.0.0.1', resolve));
  t.after(() => socket.close());
  return socket.address().port;
}

/** A port of loopback where nothing listens. */
export async function closedPort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
