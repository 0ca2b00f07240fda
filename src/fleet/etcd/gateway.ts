/**
 * Requests to one endpoint of etcd's JSON gateway: gRPC calls as POST of JSON, with bytes in base64 and 64-bit numbers as strings
 * (etcd: Documentation/dev-guide/api_grpc_gateway, paths /v3 from 3.4 on). node:http rather than fetch: Node's fetch takes no
 * client certificate.
 */
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { StoreError, type StoreFailure } from '../../errors.js';
import { printable } from '../../foreign-text.js';

const { getBuiltinModule } = process;

/** TLS to the endpoints: PEM texts. */
export interface TlsFiles {
  /** Certificates of authorities (default: those of the runtime). */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsFiles | undefined;
}

export interface Call {
  /** `kv/range`. */
  readonly path: string;
  readonly body: object;
  /** What it is for, as an infinitive. */
  readonly attempted: string;
  readonly token?: string | undefined;
  /** Milliseconds without progress, once there is a socket for the call; of a stream until its first piece. */
  readonly timeout: number;
  readonly stop?: AbortSignal | undefined;
}

/** Bytes of the largest answer. */
const LARGEST_ANSWER = 64 * 1024 * 1024;

/** `192.0.2.7:2379`, `[2001:db8::7]:2379`. */
export const formatEndpoint = ({ host, port }: Endpoint): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

export class Gateway {
  private readonly agent;

  constructor(readonly endpoint: Endpoint) {
    const options = { keepAlive: true, maxSockets: 8, ...endpoint.tls };
    this.agent = endpoint.tls
      ? new (getBuiltinModule('node:https').Agent)(options)
      : new (getBuiltinModule('node:http').Agent)(options);
  }

  /** @throws StoreError */
  async call(call: Call): Promise<object> {
    const { timeout, stop } = call;
    const { signal, begin, trickle, done } = deadline(timeout, stop);
    try {
      const response = await this.send(call, signal, begin);
      const chunks: Uint8Array[] = [];
      let [length, counted] = [0, 0];
      for await (const chunk of response as AsyncIterable<Uint8Array>) {
        length += chunk.length;
        if (length - counted < PROGRESS) trickle();
        else {
          begin();
          counted = length;
        }
        if (length > LARGEST_ANSWER) throw new TypeError('the answer is larger than 64 MiB');
        chunks.push(chunk);
      }
      return this.answerOf(call, response, Buffer.concat(chunks).toString());
    } catch (error) {
      throw this.failure(call, error, signal);
    } finally {
      done();
    }
  }

  /** Messages of a call that goes on until it is stopped. @throws StoreError */
  async *stream(call: Call): AsyncGenerator<object> {
    const { signal, begin, done } = deadline(call.timeout, call.stop);
    try {
      const response = await this.send(call, signal, begin);
      let rest = '';
      const decoder = new TextDecoder();
      for await (const chunk of response as AsyncIterable<Uint8Array>) {
        done();
        const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
        rest = lines.pop() ?? '';
        if (rest.length > LARGEST_ANSWER) throw new TypeError('a message is larger than 64 MiB');
        for (const line of lines) {
          if (line !== '') yield this.answerOf(call, response, line);
        }
      }
      if (rest !== '') yield this.answerOf(call, response, rest);
    } catch (error) {
      throw this.failure(call, error, signal);
    } finally {
      done();
    }
  }

  close(): void {
    this.agent.destroy();
  }

  /** @param begun called when the call has a socket, before which it waits for other calls, and for each piece that is sent */
  private send(
    { path, body, token }: Call,
    signal: AbortSignal,
    begun: () => void,
  ): Promise<IncomingMessage> {
    const { host, port, tls } = this.endpoint;
    const bytes = Buffer.from(JSON.stringify(body));
    const options: RequestOptions = {
      host,
      port,
      method: 'POST',
      path: `/v3/${path}`,
      agent: this.agent,
      signal,
      headers: {
        'Content-Type': 'application/json',
        'Content-Length': bytes.length,
        // A member that has lost the others says so instead of waiting for them.
        'Grpc-Metadata-hasleader': 'true',
        ...(token !== undefined && { Authorization: token }),
      },
    };
    return new Promise((resolve, reject) => {
      const request: ClientRequest = tls
        ? getBuiltinModule('node:https').request(options, resolve)
        : getBuiltinModule('node:http').request(options, resolve);
      request.on('error', reject);
      request.on('socket', (socket) => {
        begun();
        socket.setKeepAlive(true, KEEP_ALIVE);
      });
      const last = Math.max(0, bytes.length - (bytes.length % PIECE));
      for (let start = 0; start < last; start += PIECE)
        request.write(bytes.subarray(start, start + PIECE), begun);
      request.end(bytes.subarray(last));
    });
  }

  /** @throws StoreError for an error that etcd tells; TypeError for what etcd does not write */
  private answerOf(call: Call, { statusCode = 0 }: IncomingMessage, text: string): object {
    if (text.startsWith(COMMON_NAME)) throw this.error('not-permitted', call, NO_COMMON_NAME);
    let answer: unknown;
    try {
      answer = JSON.parse(text);
    } catch {
      answer = undefined;
    }
    if (typeof answer !== 'object' || answer === null)
      throw new TypeError(`it does not answer as etcd does (HTTP status ${statusCode})`);
    const problem = problemOf(answer);
    if (problem === undefined && statusCode === 200) return answer;
    if (problem === undefined)
      throw new TypeError(`it does not answer as etcd does (HTTP status ${statusCode})`);
    throw this.error(kindOf(problem), call, problem.message);
  }

  private failure(call: Call, error: unknown, signal: AbortSignal): StoreError {
    if (error instanceof StoreError) return error;
    const { reason } = signal;
    if (signal.aborted && reason instanceof Timeout)
      return this.error('unreachable', call, `no answer within ${reason.milliseconds / 1000} s`);
    const { code = '', message } = error as NodeJS.ErrnoException;
    // What is no etcd today may be one that starts.
    if (REFUSED_CERTIFICATE.test(`${code} ${message}`)) return this.error('unreachable', call, REFUSED);
    return this.error('unreachable', call, message || 'the connection failed');
  }

  private error(kind: StoreFailure, { attempted }: Call, reason: string): StoreError {
    return new StoreError(kind, attempted, `etcd at ${formatEndpoint(this.endpoint)}`, printable(reason));
  }
}

/** Bytes that are sent at once: a document on a slow link takes longer than a call may go without progress. */
const PIECE = 64 * 1024;

/** Bytes of an answer within TRICKLE time limits: one that comes byte by byte has an end, too. */
const PROGRESS = 4096;
const TRICKLE = 4;

/** What the gateway of an etcd with users tells a client whose certificate has a common name (etcd: embed/serve.go). */
const COMMON_NAME = 'CommonName of client';
const NO_COMMON_NAME =
  'an etcd with users takes no client certificate with a common name (CN): use one whose subject has none';

/** Alerts about the certificate of a client (RFC 8446, section 6.2), by OpenSSL's names of them in codes and in texts. */
const REFUSED_CERTIFICATE =
  /alert[ _](?:bad|unsupported)[ _]certificate|alert[ _]certificate[ _](?:expired|required|revoked|unknown)|alert[ _]unknown[ _]ca/i;
const REFUSED =
  'it refuses the certificate of this client: it has ended, or is of another authority, or there is none';

/** Milliseconds without traffic, after which TCP asks whether the peer is there. */
const KEEP_ALIVE = 10_000;

class Timeout extends Error {
  constructor(readonly milliseconds: number) {
    super();
  }
}

/** How often the time limit of a call it may wait for a socket, while other calls have all of them. */
const SOCKET_PATIENCE = 10;

/**
 * A signal that is aborted after a time without progress, and with another signal.
 * @returns `begin` begins the time, from the start if it runs; `trickle` prolongs it, to {@link TRICKLE} times in all; `done` ends the limit
 */
function deadline(milliseconds: number, stop: AbortSignal | undefined) {
  const controller = new AbortController();
  const limitTo = (limit: number, told = limit): NodeJS.Timeout =>
    setTimeout(() => controller.abort(new Timeout(told)), limit);
  let timer = limitTo(SOCKET_PATIENCE * milliseconds);
  let begun = performance.now();
  const done = (): void => clearTimeout(timer);
  const begin = (): void => {
    done();
    begun = performance.now();
    timer = limitTo(milliseconds);
  };
  const trickle = (): void => {
    done();
    const longest = TRICKLE * milliseconds;
    const rest = begun + longest - performance.now();
    timer = rest > milliseconds ? limitTo(milliseconds) : limitTo(Math.max(rest, 0), longest);
  };
  const signal = stop === undefined ? controller.signal : AbortSignal.any([controller.signal, stop]);
  return { signal, begin, trickle, done };
}

interface GatewayProblem {
  readonly message: string;
  /** gRPC's status code. */
  readonly code: number;
}

/** Unary calls tell `{"error":"...","code":N}`, streams `{"error":{"grpc_code":N,"message":"..."}}`. */
function problemOf(answer: object): GatewayProblem | undefined {
  const { error, message, code } = answer as Record<string, unknown>;
  if (error === undefined && code === undefined) return undefined;
  if (typeof error === 'object' && error !== null) {
    const inner = error as Record<string, unknown>;
    return { message: String(inner['message']), code: Number(inner['grpc_code'] ?? inner['code']) };
  }
  return { message: String(message ?? error), code: Number(code) };
}

/** gRPC's status codes (google.golang.org/grpc/codes) that another endpoint or another moment may change. */
const passing = [1, 2, 4, 8, 11, 13, 14];

/** Codes and texts as etcd uses them (etcd: etcdserver/api/v3rpc/rpctypes/error.go). */
function kindOf({ message, code }: GatewayProblem): StoreFailure {
  if (message.includes('compacted')) return 'compacted';
  if (message.includes('space exceeded')) return 'full';
  if (code === 7 || code === 16 || /authentication failed|user name is empty/.test(message))
    return 'not-permitted';
  return passing.includes(code) || /no leader|timed out|leader changed/.test(message)
    ? 'unreachable'
    : 'refused';
}
