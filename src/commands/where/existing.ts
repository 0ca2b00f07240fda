/** Entries of the connection table that decide before the scheduler: the client's connection, or its persistence template. */
import type { Context } from '../../context.js';
import { cannot, UnavailableError } from '../../errors.js';
import type { ConnectionLine } from '../../ipvs/connections/proc.js';
import { isUnspecified } from '../../model/address.js';
import { type DestinationId, destinationKey } from '../../model/destination.js';
import type { ServiceEntry } from '../../model/table.js';
import { isTemplateOf } from '../../observe/connections/templates.js';
import { codeOf, wholeText } from '../../system/files/files.js';
import { vsSetting } from '../../system/vs-settings.js';
import { scanTable } from '../shared/connection-table.js';
import type { ServerTable } from '../shared/hash-servers.js';
import { type Answer, type Client, refused, unknown } from './answer.js';

interface Entry {
  readonly kind: 'connection' | 'template';
  readonly server: DestinationId;
  readonly state: string;
  /** Seconds. */
  readonly expires: number;
}

/** What an entry means for the client: an answer, or why the kernel passes the entry over. */
export type Verdict = Answer | string;

/** The last verdict is an answer if an entry decides. */
export async function verdicts(
  context: Context,
  service: ServiceEntry,
  client: Client,
  servers: ServerTable,
): Promise<Verdict[]> {
  const found: Verdict[] = [];
  for (const entry of await entriesOf(context, service, client)) {
    const verdict = await judge(context, entry, servers);
    found.push(verdict);
    if (typeof verdict !== 'string') break;
  }
  return found;
}

/** The connection before the template, as the kernel looks for them. */
async function entriesOf(
  context: Context,
  service: ServiceEntry,
  { address, port }: Client,
): Promise<Entry[]> {
  let connection: Entry | undefined;
  let template: Entry | undefined;
  const isTemplate = isTemplateOf(service, address);
  await scanTable(context, { service: service.id }, (line) => {
    if (isTemplate(line)) template = entryOf(line, 'template');
    else if (port !== undefined && line.client.port === port && line.client.address === address) {
      connection = entryOf(line, 'connection');
    }
  }).catch((error: unknown) => {
    // A kernel that has no connections to show has none that decide.
    if (!(error instanceof UnavailableError)) throw error;
  });
  return [connection, template].filter((entry) => entry !== undefined);
}

const entryOf = (
  { destination: { address, port }, state, expires }: ConnectionLine,
  kind: Entry['kind'],
): Entry => ({ kind, server: { address, port }, state, expires });

async function judge(context: Context, entry: Entry, servers: ServerTable): Promise<Verdict> {
  const { kind, server: at, expires } = entry;
  const of = kind === 'connection' ? 'its connection' : 'its persistence template';
  if (isUnspecified(at.address)) return unknown(`${of} passes the servers by (cache bypass)`);
  const [server, ...others] = servers.at(at);
  if (server === undefined) return removed(context, entry);
  if (others.length > 0) return unknown(`${of} names ${at.address}, where the service has several servers`);
  const name = destinationKey(server.id);
  if (kind === 'connection') {
    return { server: name, reason: kind, text: `it has a connection: ${entry.state}, ${expires} s left` };
  }
  if (server.weight === 0 && (await isSet(context, 'expire_quiescent_template'))) {
    return `${of} ends: ${name} is at weight 0 (net.ipv4.vs.expire_quiescent_template)`;
  }
  return { server: name, reason: kind, text: `${of} names this server, for ${expires} s more` };
}

/** The kernel drops the packets of a connection to a removed server, or forgets the connection, and always forgets the template. */
async function removed(context: Context, { kind, server, expires }: Entry): Promise<Verdict> {
  const name = server.port === 0 ? server.address : destinationKey(server);
  if (kind === 'template') return `its persistence template ends: ${name} was removed`;
  if (await isSet(context, 'expire_nodest_conn')) return `its connection ends: ${name} was removed`;
  return refused(
    `its connection is to ${name}, which was removed: packets are dropped for ${expires} s more`,
  );
}

/** Whether a setting of IPVS is on; a kernel without it is one where it is off. @throws HostError */
async function isSet({ readFile }: Context, name: string): Promise<boolean> {
  const path = `/proc/sys/${vsSetting(name)}`;
  try {
    return (await wholeText(readFile(path))).trim() !== '0';
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw cannot(`read ${path}`, error);
  }
}
