/** `lvsadm probe`: whether servers answer as the virtual address, on the way that packets of the director take. */
import type { Context } from '../context.js';
import { modelValues } from '../document/option-shapes.js';
import { UsageError } from '../errors.js';
import { Prober } from '../health/path/prober.js';
import { within } from '../health/path/probers.js';
import { type Check, type CheckKind, type Leg, optionsOfKind, pathOptions } from '../model/check.js';
import { type Destination, destinationKey } from '../model/destination.js';
import { destinationOrder, sortedBy } from '../model/order.js';
import { lackOf, pathTo } from '../model/server-path.js';
import { isFwmark, type ServiceId } from '../model/service.js';
import { formatService } from '../model/service-uri.js';
import { toJson } from '../output/json.js';
import { nearest } from '../suggest.js';
import { defineCommand } from './command.js';
import { isSound, type Probed, probedJson, probedText } from './probe/report.js';
import { proberPorts } from './shared/agent/path-probers.js';
import { findServer, findService, jsonOption, serverPositionals } from './shared/server.js';

const { link: links } = pathOptions.leg.options;

/** Milliseconds to explain a failure of a server, and the most steps of it that take as long as a check: the size of packets is halved each time. */
const EXPLAINING = 30_000;
const STEPS = 24;

const ANSWERED = 0;
const NOT_ANSWERED = 1;

export const command = defineCommand({
  positionals: {
    service: serverPositionals.service,
    server: {
      ...serverPositionals.server,
      optional: true,
      describe: 'this real server alone: 198.51.100.7:80',
    },
  },
  options: {
    address: {
      type: 'addressOnNetwork',
      required: true,
      many: true,
      describe:
        'free address in the network of the servers to probe from; one for each family that is needed',
    },
    device: {
      type: 'interface',
      describe: 'interface of this machine in that network',
      defaultText: 'the one that leads to the servers',
    },
    gateway: {
      type: 'address',
      describe: 'gateway to servers outside of that network, behind tunnels',
      defaultText: 'none',
    },
    link: {
      choices: links.words,
      default: links.default,
      describe: 'kind of the link to probe from; ipvlan has the MAC address of the interface',
    },
    size: {
      type: 'count',
      describe:
        'also send an echo request of this many bytes that may not be fragmented: 1472 fill a packet of 1500 (IPv4)',
      defaultText: 'none',
    },
    timeout: { type: 'seconds', default: 1, describe: 'time to wait for each answer' },
    ...jsonOption,
  },
  notes:
    'A server with direct routing or a tunnel has to answer as the virtual address, which a connection to its own address does not show. This ' +
    'makes a network namespace in which the virtual address is not local, with a link of its own beside the interface, and connects to the ' +
    'virtual address by way of the server. The namespace ends with the command, whatever ends it, and nothing else is changed. TCP services are ' +
    'probed by a connection, UDP services on port 53 by a DNS query, others by an echo request. It takes root, and unshare from util-linux.',
  exitStatuses: {
    [ANSWERED]: 'every server that was probed answered as the virtual address',
    [NOT_ANSWERED]:
      'a server did not, answers ARP for the virtual address, or did not answer the echo request of --size',
  },
  examples: [
    ['lvsadm probe tcp://192.0.2.10:80 --address 198.51.100.250/24', 'all servers of the service'],
    ['lvsadm probe tcp://192.0.2.10:80 198.51.100.7 --address 198.51.100.250/24', 'one server'],
    ['lvsadm probe tcp://192.0.2.10:80 --address 198.51.100.250/24 --size 1472', 'with full packets'],
  ],
  async run(context, { service, server, address, device, gateway, link, size, timeout, json }) {
    const { id, destinations } = await findTargets(context, service, server);
    const targets = destinations.map((destination) => ({ destination, ...pathTo(id, destination) }));
    const first = targets.find(({ path }) => path !== undefined)?.path;
    if (first === undefined) {
      throw new UsageError(targets[0]?.reason ?? 'it has no servers', server ?? formatService(id));
    }
    const leg: Leg = { address, device, gateway, link };
    for (const { path } of targets) {
      const lack = path && lackOf(leg, path);
      if (lack !== undefined) throw new UsageError(lack, '--address');
    }
    const check = checkFor(id, timeout * 1000);
    const probed: Probed[] = [];
    const ports = proberPorts(context);
    const patience = EXPLAINING + STEPS * check.timeout;
    const prober = await Prober.start(leg, first.server, ports);
    try {
      for (const { destination, path, reason } of targets) {
        const port = check.kind === 'icmp' ? 0 : destination.id.port;
        const question = path && { path, check, port, size };
        const facts = question && (await within(patience, prober, () => prober.ask('explain', question)));
        const found = path && facts && { path, facts };
        const one: Probed = { server: destinationKey(destination.id), found, skipped: reason };
        probed.push(one);
        if (!json) await context.out.write(probedText(one));
      }
    } finally {
      prober.end();
      await ports.machine.close();
    }
    if (json) {
      await context.out.write(toJson({ service: formatService(id), servers: probed.map(probedJson) }));
    }
    return probed.every(isSound) ? ANSWERED : NOT_ANSWERED;
  },
});

type AddressedService = Exclude<ServiceId, { readonly fwmark: number }>;

/** The servers that a command line names, in their order. @throws UsageError if the table has none of them, KernelError */
async function findTargets(
  context: Context,
  service: string,
  server: string | undefined,
): Promise<{ readonly id: AddressedService; readonly destinations: readonly Destination[] }> {
  const id = await findId(context, service);
  if (isFwmark(id)) {
    throw new UsageError('a service of a mark has no address that its servers could answer as', service);
  }
  if (server !== undefined) {
    const { destination } = await findServer(context, { service, server });
    return { id, destinations: [destination] };
  }
  const all = await (await context.client()).destinations(id);
  return { id, destinations: sortedBy(all, (each) => destinationOrder(each.id)) };
}

/** @throws UsageError if the table has no such service, with the one that was probably meant; KernelError */
async function findId(context: Context, service: string): Promise<ServiceId> {
  try {
    return (await findService(context, service)).id;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const known = await (await context.client()).services();
    const meant = nearest(
      service,
      known.map(({ id }) => formatService(id)),
    );
    throw meant === undefined ? error : error.suggesting(meant);
  }
}

/** @param timeout in milliseconds */
function checkFor({ protocol, port }: AddressedService, timeout: number): Check {
  const kind: CheckKind =
    protocol === 'tcp' && port !== 0 ? 'tcp' : protocol === 'udp' && port === 53 ? 'dns' : 'icmp';
  return { kind, ...modelValues(optionsOfKind(kind), {}), timeout } as Check;
}
