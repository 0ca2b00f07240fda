/** `lvsadm connections`: the connection table, filtered, counted and grouped, in memory that does not grow with it. */
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import { parseServer } from '../model/service-uri.js';
import { hasAddress } from '../observe/connections/keys.js';
import { connectionProtocols, type Selection } from '../observe/connections/selection.js';
import { toJson } from '../output/json.js';
import { defineCommand } from './command.js';
import { writeGroups } from './connections/groups.js';
import { writeRows } from './connections/rows.js';
import { writeStuck } from './connections/stuck.js';
import { type Scan, scanTable } from './shared/connection-table.js';
import { serviceArgument } from './shared/service-arg.js';

export const command = defineCommand({
  options: {
    service: {
      type: 'service',
      describe: 'only those of this virtual service: tcp://192.0.2.10:80, fwmark://7',
      defaultText: 'all',
    },
    server: {
      type: 'server',
      describe: 'only those of this real server; without a port, of all its ports',
      defaultText: 'all',
    },
    client: {
      type: 'network',
      describe: 'only those of this client, or of clients in this network',
      defaultText: 'all',
    },
    protocol: {
      choices: Object.keys(connectionProtocols) as (keyof typeof connectionProtocols)[],
      describe: "only this protocol; fwmark: the templates of marks' services",
      defaultText: 'all',
    },
    port: { type: 'port', describe: 'only those to this port of a service', defaultText: 'all' },
    state: {
      type: 'states',
      describe: 'only those in one of these states: SYN_RECV,FIN_WAIT',
      defaultText: 'all',
    },
    expires: {
      type: 'timeLeft',
      describe: "only those with so much time left: '<60', '>=5m'",
      defaultText: 'all',
    },
    templates: { type: 'flag', describe: 'only persistence templates, which hold a client at a server' },
    gone: { type: 'flag', describe: 'only those whose server is not in the table any more' },
    syncd: { type: 'flag', describe: 'only those that a sync daemon received from another director' },
    count: { type: 'flag', describe: 'write how many there are', conflicts: 'by' },
    by: {
      type: 'grouping',
      describe: 'count them by client, client/24, service, server, state or port',
      defaultText: 'list them one by one',
    },
    top: { type: 'count', describe: 'with --by: only this many groups, the largest', defaultText: 'all' },
    stuck: {
      type: 'flag',
      describe: 'show the share in SYN_RECV of each server, and what it means',
      conflicts: 'by',
    },
    resolve: {
      type: 'flag',
      describe: 'show names of clients, services and servers instead of addresses, where they have one',
    },
    output: {
      alias: 'o',
      choices: ['wide', 'json'],
      describe: 'wide: all columns; json: an object a line, or one object with --count, --by and --stuck',
      defaultText: 'a table that fits the terminal',
    },
    json: { type: 'flag', describe: 'the same as --output json', conflicts: 'output' },
  },
  notes:
    'All conditions have to be met. Connections and persistence templates are both listed, as by ipvsadm -Lc; a template has no client ' +
    'port, and the state NONE or ASSURED. The kernel prints the table while connections come and go: the output is no snapshot, and one ' +
    'may be missing or appear twice. Connections of a mark do not tell the mark: --service fwmark://7 selects those to its servers that no ' +
    'other service has. --by counts exactly up to 65536 groups; beyond, counts may be too high by a bound that is written with them.',
  examples: [
    ['lvsadm connections --by client --top 10', 'clients with the most connections'],
    [
      "lvsadm connections --server 198.51.100.7 --state ESTABLISHED --expires '<60'",
      'what a drain still waits for',
    ],
    ['lvsadm connections --gone --count', 'connections to servers that were removed'],
    ['lvsadm connections --stuck', 'servers that do not answer'],
  ],
  async run(context, values) {
    if (values.count && values.stuck) throw new UsageError('cannot be combined with --stuck', '--count');
    if (values.top !== undefined && values.by === undefined) throw new UsageError('goes with --by', '--top');
    if (values.resolve && values.by !== undefined && !hasAddress(values.by)) {
      throw new UsageError(
        'goes with --by client, service and server, whose groups have addresses',
        '--resolve',
      );
    }
    const selection = await selectionOf(values, context);
    const scan: Scan = (visit, afterChunk) => scanTable(context, selection, visit, afterChunk);
    const json = values.json || values.output === 'json';
    const layout = { json, wide: values.output === 'wide', resolve: values.resolve };
    if (values.count) await writeCount(context, scan, json);
    else if (values.stuck) await writeStuck(context, scan, layout);
    else if (values.by !== undefined)
      await writeGroups(context, scan, { ...layout, grouping: values.by, top: values.top });
    else await writeRows(context, scan, layout);
    return 0;
  },
});

interface Conditions extends Pick<Selection, 'client' | 'protocol' | 'port'> {
  readonly service?: string | undefined;
  readonly server?: string | undefined;
  readonly state?: ReadonlySet<string> | undefined;
  readonly expires?: ((seconds: number) => boolean) | undefined;
  readonly templates: boolean;
  readonly gone: boolean;
  readonly syncd: boolean;
  readonly stuck: boolean;
}

/** @throws ValueError, UsageError */
async function selectionOf(values: Conditions, context: Context): Promise<Selection> {
  const { service, server, client, protocol, port, state, expires, templates, gone, syncd, stuck } = values;
  if (templates && stuck) throw new UsageError('cannot be combined with --stuck', '--templates');
  return {
    service: service === undefined ? undefined : await serviceArgument(service, context),
    server: server === undefined ? undefined : serverOf(server),
    client,
    protocol,
    port,
    states: state,
    expires,
    // A template is in no state of a connection.
    templates: templates ? true : stuck ? false : undefined,
    gone: gone || undefined,
    synchronized: syncd || undefined,
  };
}

function serverOf(text: string): NonNullable<Selection['server']> {
  const { host, family, port } = parseServer(text);
  if (family === undefined) throw new UsageError('a server is named by its address here', text);
  if (typeof port === 'string') throw new UsageError('the port of a server is a number here', text);
  return { address: host, port };
}

async function writeCount({ out }: Context, scan: Scan, json: boolean): Promise<void> {
  let count = 0;
  await scan(() => count++);
  await out.write(json ? toJson({ count }) : `${count}\n`);
}
