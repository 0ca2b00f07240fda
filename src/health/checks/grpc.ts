/** gRPC's health protocol answers SERVING (grpc.health.v1, and "gRPC over HTTP2"). */
import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { quoted } from '../../foreign-text.js';
import { formatEndpoint } from '../../model/address.js';
import { awaited, CheckFailure, type RunKind } from './check.js';
import { connect, connectTls } from './connection.js';
import { Received } from './received.js';

/** HealthCheckResponse.ServingStatus, by number. */
const servingStatuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;

/** Names of status codes that servers without the service, or in trouble, answer. */
const statusNames: Readonly<Record<string, string>> = {
  5: 'NOT_FOUND',
  12: 'UNIMPLEMENTED',
  14: 'UNAVAILABLE',
  16: 'UNAUTHENTICATED',
};

export const run: RunKind<'grpc'> = async (target, { service = '', tls, timeout }, signal) => {
  const socket =
    tls === undefined ? await connect(target, signal) : await connectTls(target, tls, signal, 'h2');
  const authority = tls?.name ?? formatEndpoint(target.address, target.port);
  const session = process
    .getBuiltinModule('node:http2')
    .connect(`${tls === undefined ? 'http' : 'https'}://${authority}`, { createConnection: () => socket });
  try {
    const { headers, body } = await awaited<Response>(signal, 'answer', (resolve, reject) => {
      session.on('error', reject);
      const stream = session.request({
        ':method': 'POST',
        ':path': '/grpc.health.v1.Health/Check',
        'content-type': 'application/grpc',
        te: 'trailers',
        'grpc-timeout': `${timeout}m`,
      });
      readResponse(stream, resolve, reject);
      stream.end(encodeRequest(service));
    });
    const serving = servingStatus(headers, body);
    if (serving !== 'SERVING') throw new CheckFailure(serving);
    return { reason: serving };
  } finally {
    session.destroy();
    socket.destroy();
  }
};

interface Response {
  /** Of the response and its trailers. */
  readonly headers: IncomingHttpHeaders & { readonly ':status'?: number };
  readonly body: Buffer;
}

function readResponse(
  stream: ClientHttp2Stream,
  resolve: (response: Response) => void,
  reject: (error: unknown) => void,
): void {
  let headers: Response['headers'] = {};
  const body = new Received();
  const add = (more: Response['headers']): void => {
    headers = { ...headers, ...more };
  };
  stream
    .on('response', add)
    .on('trailers', add)
    .on('data', (chunk: Buffer) => {
      body.add(chunk);
      if (body.isFull) reject(new CheckFailure('malformed answer'));
    })
    .on('error', reject)
    // A stream that is reset ends with an error, or without one and without a response.
    .on('close', () => resolve({ headers, body: body.bytes }));
}

/** The name of the serving status. @throws CheckFailure for an answer without one */
function servingStatus(
  { ':status': status, 'grpc-status': code }: Response['headers'],
  body: Buffer,
): string {
  if (status === undefined) throw new CheckFailure('incomplete answer');
  if (status !== 200) throw new CheckFailure(`HTTP status ${status}`, { status });
  if (code !== '0') {
    const text = String(code ?? '');
    throw new CheckFailure(
      text === '' ? 'incomplete answer' : `gRPC status ${statusNames[text] ?? quoted(text)}`,
    );
  }
  const number = decodeResponse(body);
  if (number === undefined) throw new CheckFailure('malformed answer');
  return servingStatuses[number] ?? `status ${number}`;
}

/** Tags of protobuf: field 1 as bytes, and as a number. */
const SERVICE_TAG = 0x0a;
const STATUS_TAG = 0x08;

/** Of a message without compression: its flag, and the length of the message. */
const PREFIX = 5;

/** HealthCheckRequest { string service = 1; } with the prefix of gRPC. */
function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service);
  const message =
    service === '' ? name : Buffer.concat([Buffer.from([SERVICE_TAG, ...varint(name.length)]), name]);
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

const varint = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >> 7)];

/** The status of HealthCheckResponse { ServingStatus status = 1; }; a message without the field has 0. */
function decodeResponse(body: Buffer): number | undefined {
  if (body.length < PREFIX || body[0] !== 0 || body.readUInt32BE(1) !== body.length - PREFIX)
    return undefined;
  const message = body.subarray(PREFIX);
  if (message.length === 0) return 0;
  return message[0] === STATUS_TAG && message.length === 2 ? message[1] : undefined;
}
