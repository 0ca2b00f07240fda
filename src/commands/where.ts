/** `lvsadm where`: which server a client gets, and why. */
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import { addressLength, type Family, familyOf, formatEndpoint } from '../model/address.js';
import { destinationKey } from '../model/destination.js';
import { parseNetwork } from '../model/network.js';
import { serviceFamily } from '../model/service.js';
import { formatService, parseServer } from '../model/service-uri.js';
import type { DestinationEntry, ServiceEntry } from '../model/table.js';
import { Placements } from '../observe/placement/placements.js';
import { toJson } from '../output/json.js';
import { renderTable } from '../output/table.js';
import { themeFor } from '../output/theme.js';
import { percent } from '../output/units.js';
import { defineCommand } from './command.js';
import {
  betweenThresholds,
  guessedServers,
  hashServersOf,
  ServerTable,
  writeAssumption,
} from './shared/hash-servers.js';
import { DrainedWeights } from './shared/holds/drained-weights.js';
import { findService, jsonOption } from './shared/server.js';
import { openStore, runDirOption } from './shared/store.js';
import type { Answer, Client } from './where/answer.js';
import { computed, unknowable } from './where/computed.js';
import { verdicts } from './where/existing.js';
import { sharesOf } from './where/shares.js';

const SERVED = 0;
const NOT_SERVED = 1;

export const command = defineCommand({
  positionals: {
    client: {
      type: 'client',
      describe: 'address of a client, with its port if that counts; or a network: 203.0.113.0/24',
    },
    service: { type: 'service', describe: 'virtual service: tcp://192.0.2.10:80, fwmark://7' },
  },
  options: { ...runDirOption, ...jsonOption },
  notes:
    'An existing connection decides first, then a persistence template, then the scheduler. What mh, sh and dh choose is computed from ' +
    'addresses, the port flag, weights, thresholds and the order of servers, as kernels with 64 bits do since 4.18. Other schedulers choose ' +
    'by what came before, which cannot be told in advance. Of a network only the hash is computed, and shares are written.',
  exitStatuses: {
    [SERVED]: 'the server is known',
    [NOT_SERVED]: 'the connection would be refused, or the server cannot be told in advance',
  },
  examples: [
    ['lvsadm where 203.0.113.9 tcp://192.0.2.10:80', 'the server of this client'],
    ['lvsadm where 203.0.113.0/24 tcp://192.0.2.10:80', 'how a network is spread over the servers'],
  ],
  onlyReads: true,
  async run(context, { client: text, service: named, runDir, json }) {
    const service = await findService(context, named);
    const client = await context.client();
    const drained = new DrainedWeights(openStore(context, runDir)).snapshot();
    const servers = new ServerTable(service, await client.destinations(service.id), drained);
    const status = text.includes('/')
      ? await writeShares(context, text, service, servers, json)
      : await writeAnswer(context, clientOf(text, serviceFamily(service.id)), service, servers, json);
    const guessed = service.scheduler === 'mh' ? guessedServers(servers) : [];
    await writeAssumption(context, 'lastWeight', guessed.map(nameOf));
    return status;
  },
});

const nameOf = ({ id }: DestinationEntry): string => destinationKey(id);

async function writeAnswer(
  context: Context,
  client: Client,
  service: ServiceEntry,
  servers: ServerTable,
  json: boolean,
): Promise<number> {
  const { server, reason, text, slot, slots } = await answerFor(context, service, client, servers);
  const name = client.port === undefined ? client.address : formatEndpoint(client.address, client.port);
  const facts = {
    client: name,
    service: formatService(service.id),
    server: server ?? null,
    reason,
    text,
    slot,
    slots,
  };
  const ending = server ?? (reason === 'refused' ? 'refused' : 'cannot be told');
  await context.out.write(json ? toJson(facts) : `${name} -> ${ending}\n  ${text}\n`);
  return server === undefined ? NOT_SERVED : SERVED;
}

/** Entries of the connection table decide before the scheduler. */
async function answerFor(
  context: Context,
  service: ServiceEntry,
  client: Client,
  servers: ServerTable,
): Promise<Answer> {
  const found = await verdicts(context, service, client, servers);
  const passedOver = found.filter((verdict) => typeof verdict === 'string');
  const answer = found.find((verdict) => typeof verdict !== 'string') ?? computed(service, client, servers);
  return { ...answer, text: [...passedOver, answer.text].join('; ') };
}

/** @throws UsageError if the scheduler does not tell */
async function writeShares(
  context: Context,
  text: string,
  service: ServiceEntry,
  servers: ServerTable,
  json: boolean,
): Promise<number> {
  const { out, env } = context;
  const network = parseNetwork(text, 'client');
  checkFamily(network.family, serviceFamily(service.id), text);
  const placements = Placements.of(service, hashServersOf(servers));
  if (placements === undefined)
    throw new UsageError(unknowable(service.scheduler), formatService(service.id));
  if (placements.input === 'source and port') {
    throw new UsageError(
      'the hash is of address and port, so that a network has no shares',
      formatService(service.id),
    );
  }
  await writeAssumption(context, 'overload', betweenThresholds(servers).map(nameOf));
  const shares = sharesOf(network, placements, 0);
  const total = 2 ** (8 * addressLength[network.family] - network.length);
  if (json) {
    const rows = shares.map(({ server, clients }) => ({
      server: server ?? null,
      clients,
      share: clients / total,
    }));
    await out.write(toJson({ service: formatService(service.id), clients: total, shares: rows }));
    return SERVED;
  }
  const rows = shares.map(({ server, clients }) => ({
    cells: [server ?? 'refused', String(clients), percent(clients / total)],
  }));
  const columns = [
    { heading: 'SERVER' },
    { heading: 'CLIENTS', align: 'right' },
    { heading: 'SHARE', align: 'right' },
  ] as const;
  await out.write(renderTable(columns, rows, await themeFor(out, env), out.columns));
  return SERVED;
}

/** @throws ValueError, UsageError */
function clientOf(text: string, family: Family): Client {
  const { host, family: own, port } = parseServer(text);
  if (own === undefined || typeof port === 'string') {
    throw new UsageError('a client is an address, with a number as its port', text);
  }
  checkFamily(familyOf(host), family, text);
  return { address: host, port };
}

function checkFamily(family: Family, of: Family, text: string): void {
  if (family !== of)
    throw new UsageError(`the service has clients of ${of === 'inet' ? 'IPv4' : 'IPv6'} alone`, text);
}
