/** The kernel's connection table, for commands that read it. */
import type { Context } from '../../context.js';
import { cannot, UnavailableError } from '../../errors.js';
import {
  type ConnectionLine,
  connectionTablePath,
  originTablePath,
  scanConnections,
} from '../../ipvs/connections/proc.js';
import { HandshakeCount } from '../../observe/connections/handshakes.js';
import { KnownServers, type KnownService } from '../../observe/connections/known-servers.js';
import { connectionFilter, needsTable, type Selection } from '../../observe/connections/selection.js';

type Visit = (line: ConnectionLine) => void;
type AfterChunk = () => Promise<void> | void;

/** Reads the table, and visits the connections that are selected. */
export type Scan = (visit: Visit, afterChunk?: AfterChunk) => Promise<void>;

/**
 * Visits the connections that are selected. The kernel module is not loaded for it.
 * @throws UnavailableError if it is not loaded, ProtocolError, HostError
 */
export async function scanTable(
  context: Context,
  selection: Selection,
  visit: Visit,
  afterChunk?: AfterChunk,
): Promise<void> {
  const path = selection.synchronized ? originTablePath : connectionTablePath;
  // A client would load the module.
  if (needsTable(selection)) await probe(context, path);
  const known = needsTable(selection) ? await knownServers(context) : undefined;
  const isSelected = connectionFilter(selection, known);
  await scanConnections(
    readTable(context, path),
    (line) => {
      if (isSelected(line)) visit(line);
    },
    afterChunk,
  );
}

/** Counts the TCP connections of servers in one reading of the table. @throws as `scanTable` */
export async function countHandshakes(
  context: Context,
  servers: ConstructorParameters<typeof HandshakeCount>[0],
): Promise<HandshakeCount['counts']> {
  const count = new HandshakeCount(servers);
  await scanTable(context, {}, (line) => count.add(line));
  return count.counts;
}

async function* readTable({ readFile }: Context, path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* readFile(path);
  } catch (error) {
    throw failure(error, path);
  }
}

function failure(error: unknown, path: string): unknown {
  const { code, errno } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT')
    return new UnavailableError('no-ipvs', `there is no ${path}: the module ip_vs is not loaded`);
  return errno === undefined ? error : cannot(`read ${path}`, error);
}

/** Reads the beginning of the table. */
async function probe(context: Context, path: string): Promise<void> {
  for await (const _ of readTable(context, path)) return;
}

async function knownServers(context: Context): Promise<KnownServers> {
  const client = await context.client();
  const services: KnownService[] = [];
  for (const { id, persistence } of await client.settings()) {
    services.push({ id, persistence, servers: (await client.destinations(id)).map((server) => server.id) });
  }
  return new KnownServers(services);
}
