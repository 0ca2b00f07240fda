/** A request of HTTP/1.1, with TLS or without, is answered with an expected status and body. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { quoted } from '../../foreign-text.js';
import { formatEndpoint } from '../../model/address.js';
import type { CheckOf } from '../../model/check.js';
import { version } from '../../version.js';
import { quotedLine } from './answer.js';
import { awaited, CheckFailure, type CheckTarget, type RunKind } from './check.js';
import { connect, connectTls, plainTls } from './connection.js';
import { ANSWER_LIMIT, Received } from './received.js';

type HttpCheck = CheckOf<'http'> | CheckOf<'https'>;

export const run: RunKind<'http' | 'https'> = async (target, check, signal) => {
  const socket = await open(target, check, signal);
  try {
    const response = await awaited<IncomingMessage>(signal, 'answer', (resolve, reject) => {
      process
        .getBuiltinModule('node:http')
        .request({
          createConnection: () => socket,
          setHost: false,
          method: check.method,
          path: check.path,
          headers: headersOf(target, check),
        })
        .once('response', resolve)
        .on('error', reject)
        .end();
    });
    const status = response.statusCode ?? 0;
    if (!check.expect.some(({ min, max }) => status >= min && status <= max))
      throw new CheckFailure(`status ${status}`, { status });
    if (check.text !== undefined || check.json !== undefined)
      checkBody(await readBody(response, signal), check, status);
    return { reason: `status ${status}`, detail: { status } };
  } finally {
    socket.destroy();
  }
};

const open = (target: CheckTarget, check: HttpCheck, signal: AbortSignal): Promise<Socket> =>
  check.kind === 'https' ? connectTls(target, check.tls ?? plainTls, signal) : connect(target, signal);

/** Those of the check win, whatever the case of their letters. */
function headersOf({ address, port }: CheckTarget, check: HttpCheck): Record<string, string> {
  const name = check.kind === 'https' ? check.tls?.name : undefined;
  const headers: Record<string, string> = {
    Host: check.host ?? name ?? formatEndpoint(address, port),
    'User-Agent': `lvsadm/${version}`,
  };
  for (const [key, value] of Object.entries(check.headers ?? {})) {
    for (const own of Object.keys(headers)) if (own.toLowerCase() === key.toLowerCase()) delete headers[own];
    headers[key] = value;
  }
  return headers;
}

/** The body, or its first {@link ANSWER_LIMIT} bytes. */
function readBody(response: IncomingMessage, signal: AbortSignal): Promise<Buffer> {
  const body = new Received();
  return awaited<Buffer>(signal, 'end of the body', (resolve, reject) => {
    response
      .on('data', (chunk: Buffer) => {
        body.add(chunk);
        if (body.isFull) resolve(body.bytes);
      })
      .on('end', () => resolve(body.bytes))
      .on('error', reject);
  });
}

/** @throws CheckFailure if the body has not the expected text or value */
function checkBody(body: Buffer, { text, json }: HttpCheck, status: number): void {
  if (text !== undefined && !body.includes(text))
    throw new CheckFailure(`status ${status}, but the body has no ${quoted(text)}`, { status });
  if (json === undefined) return;
  const found = valueAt(parsed(body, status), json.pointer);
  if (found !== json.value) {
    const shown = found === undefined ? 'nothing' : quotedLine(JSON.stringify(found));
    const place = json.pointer === '' ? 'the body' : json.pointer;
    throw new CheckFailure(`status ${status}, but the JSON has ${shown} at ${quoted(place)}`, { status });
  }
}

function parsed(body: Buffer, status: number): unknown {
  try {
    return JSON.parse(String(body));
  } catch {
    throw new CheckFailure(`status ${status}, but the body is no JSON of at most ${ANSWER_LIMIT} bytes`, {
      status,
    });
  }
}

/** The value at a place of a JSON text; undefined if there is none (RFC 6901). */
function valueAt(value: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce(
      (inner, key) =>
        typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
          ? (inner as Readonly<Record<string, unknown>>)[key]
          : undefined,
      value,
    );
}
