/** The connection table as the kernel would print it, and ways to read it. */
import assert from 'node:assert/strict';
import { type ConnectionLine, scanConnections } from '../../src/ipvs/connections/proc.js';
import { addressBytes, type Endpoint, familyOf } from '../../src/model/address.js';

export const header = 'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n';

/** A line without engine and without newline. */
export const plain = 'TCP 0A000001 8235 C000020A 0050 C6336407 1F90 ESTABLISHED     899';

/** A connection to print: the engine's data as bytes, because it need not be text. */
export interface PrintedConnection {
  readonly protocol: string;
  readonly client: Endpoint;
  readonly virtual: Endpoint;
  readonly destination: Endpoint;
  readonly state: string;
  readonly expires: number;
  readonly engine?: { readonly name: string; readonly data: Uint8Array } | undefined;
}

/** One line with its newline. */
export function formatConnection(connection: PrintedConnection): Buffer {
  const { protocol, client, virtual, destination, state, expires, engine } = connection;
  const fields = [
    protocol.padEnd(3),
    ...[client, virtual, destination].map(printedEndpoint),
    state.padEnd(11),
    String(expires).padStart(7),
  ];
  const tail = engine ? [Buffer.from(` ${engine.name} `), engine.data] : [];
  return Buffer.concat([Buffer.from(fields.join(' ')), ...tail, Buffer.from('\n')]);
}

function printedEndpoint({ address, port }: Endpoint): string {
  return `${printedAddress(address)} ${hex(port, 4)}`;
}

function printedAddress(address: string): string {
  const digits = Buffer.from(addressBytes(address)).toString('hex');
  if (familyOf(address) === 'inet') return digits.toUpperCase();
  return (digits.match(/.{4}/g) ?? []).join(':');
}

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0');

const states = ['ESTABLISHED', 'TIME_WAIT', 'FIN_WAIT', 'SYN_RECV', 'ESTABLISHED'];

/** A table of so many connections, all different, most of them IPv4, in pieces of some kilobytes. */
export function* formatTable(lines: number): Generator<Buffer> {
  yield Buffer.from(header);
  const piece: Buffer[] = [];
  for (let i = 0; i < lines; i++) {
    piece.push(formatConnection(nthConnection(i)));
    if (piece.length === 100 || i === lines - 1) yield Buffer.concat(piece.splice(0));
  }
}

function nthConnection(i: number): PrintedConnection {
  const low = `${(i >> 8) & 0xff}.${i & 0xff}`;
  const port = 1024 + (i % 60000);
  const state = states[i % states.length] ?? '';
  const expires = i % 900;
  if (i % 10 === 9) {
    return {
      protocol: 'TCP',
      client: { address: `2001:db8:${(i >> 16).toString(16)}::${(i & 0xffff).toString(16)}`, port },
      virtual: { address: '2001:db8::80', port: 443 },
      destination: { address: `2001:db8:1::${(i % 50).toString(16)}`, port: 443 },
      state,
      expires,
    };
  }
  return {
    protocol: 'TCP',
    client: { address: `10.${(i >> 16) & 0xff}.${low}`, port },
    virtual: { address: '192.0.2.10', port: 80 },
    destination: { address: `198.51.100.${i % 50}`, port: 80 },
    state,
    expires,
  };
}

/** Text stands for its Latin-1 bytes. */
export async function* chunksOf(...chunks: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk;
}

/** The connection that a line shows, as an object of its own. */
export function connectionOf(line: ConnectionLine): PrintedConnection {
  const { protocol, state, expires, engineName } = line;
  const [client, virtual, destination] = [line.client, line.virtual, line.destination].map(
    ({ address, port }) => ({ address, port }),
  ) as [Endpoint, Endpoint, Endpoint];
  const engine =
    engineName === undefined ? undefined : { name: engineName, data: Uint8Array.from(line.engineBytes) };
  return { protocol, client, virtual, destination, state, expires, engine };
}

export const connectionsOf = (...chunks: (string | Uint8Array)[]): Promise<PrintedConnection[]> =>
  visits(chunksOf(...chunks), connectionOf);

/** What `take` makes of each line while it is visited. */
export async function visits<T>(
  chunks: AsyncIterable<Uint8Array>,
  take: (line: ConnectionLine) => T,
): Promise<T[]> {
  const taken: T[] = [];
  const count = await scanConnections(chunks, (line) => taken.push(take(line)));
  assert.equal(count, taken.length);
  return taken;
}
