/** Which connections a command is about. */
import type { ConnectionLine, EndpointView } from '../../ipvs/connections/proc.js';
import { addressBytes, type Endpoint, familyOf } from '../../model/address.js';
import { isInNetwork, type Network } from '../../model/network.js';
import { isFwmark, type ServiceId } from '../../model/service.js';
import type { KnownServers } from './known-servers.js';
import { templatePort } from './templates.js';
import { isOfMark, markOf } from './text.js';

/** Protocols by the words that the kernel has for them. */
export const connectionProtocols = {
  tcp: ['TCP'],
  udp: ['UDP'],
  sctp: ['SCTP'],
  ah: ['AH', 'IP_51'],
  esp: ['ESP', 'IP_50'],
  icmp: ['ICMP', 'ICMPv6'],
  fwmark: ['IP'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type ConnectionProtocol = keyof typeof connectionProtocols;

/** The states of TCP, UDP and SCTP, and of templates, as the kernel writes them. */
export const connectionStates: readonly string[] = [
  ...[
    'NONE',
    'ESTABLISHED',
    'SYN_SENT',
    'SYN_RECV',
    'FIN_WAIT',
    'TIME_WAIT',
    'CLOSE',
    'CLOSE_WAIT',
    'LAST_ACK',
  ],
  ...['LISTEN', 'SYNACK', 'UDP', 'INIT1', 'INIT', 'COOKIE_SENT', 'COOKIE_REPLIED', 'COOKIE_WAIT', 'COOKIE'],
  ...['COOKIE_ECHOED', 'SHUTDOWN_SENT', 'SHUTDOWN_RECEIVED', 'SHUTDOWN_ACK_SENT', 'REJECTED', 'CLOSED'],
  ...['ASSURED', 'ICMP', 'ERR!'],
];

/** Conditions that all have to be met; what is undefined is no condition. */
export interface Selection {
  readonly service?: ServiceId | undefined;
  /** Without a port: any. */
  readonly server?: { readonly address: string; readonly port?: number | undefined } | undefined;
  readonly client?: Network | undefined;
  readonly protocol?: ConnectionProtocol | undefined;
  /** The port that clients connect to. */
  readonly port?: number | undefined;
  readonly states?: ReadonlySet<string> | undefined;
  /** Whether so many seconds are left. */
  readonly expires?: ((seconds: number) => boolean) | undefined;
  /** Only templates, or only connections. */
  readonly templates?: boolean | undefined;
  /** Only those that a sync daemon received. */
  readonly synchronized?: true | undefined;
  /** Only those whose server is not in the table. */
  readonly gone?: true | undefined;
}

type Condition = (line: ConnectionLine) => boolean;

/**
 * @param known the table, if `needsTable`
 * @returns whether a connection is selected
 */
export function connectionFilter(selection: Selection, known?: KnownServers): Condition {
  const { service, server, client, protocol, port, states, expires, templates } = selection;
  const conditions: Condition[] = [];
  const words: readonly string[] | undefined = protocol && connectionProtocols[protocol];
  if (words !== undefined) conditions.push((line) => words.includes(line.protocol));
  if (states !== undefined) conditions.push((line) => states.has(line.state));
  if (expires !== undefined) conditions.push((line) => expires(line.expires));
  if (templates !== undefined) conditions.push((line) => line.isTemplate === templates);
  if (port !== undefined) conditions.push((line) => line.virtual.port === port && !isOfMark(line));
  if (client !== undefined) {
    conditions.push((line) => isInNetwork(client, line.client.family, line.client.bytes));
  }
  if (server !== undefined) {
    const isServer = endpointTest(server);
    conditions.push((line) => isServer(line.destination));
  }
  if (service !== undefined) conditions.push(ofService(service, known));
  if (selection.synchronized) conditions.push((line) => line.isSynchronized);
  if (selection.gone) conditions.push((line) => known !== undefined && !known.hasServerOf(line));
  // Called for every line: every() with a closure takes as long as reading the line.
  return (line) => {
    for (const condition of conditions) if (!condition(line)) return false;
    return true;
  };
}

/** Whether the table is needed: lines have no marks, and do not tell whether their server is still there. */
export const needsTable = ({ service, gone }: Selection): boolean =>
  gone === true || (service !== undefined && isFwmark(service));

/** A service with port 0 has the connections of all ports; the templates of one may have another port than its connections. */
function ofService(id: ServiceId, known: KnownServers | undefined): Condition {
  if (isFwmark(id)) {
    return (line) =>
      isOfMark(line)
        ? markOf(line.virtual) === id.fwmark && line.client.family === id.family
        : known?.isOfMark(line, id) === true;
  }
  const word = id.protocol.toUpperCase();
  const isVirtual = endpointTest({ address: id.address, port: id.port || undefined });
  const ofTemplates = templatePort(id.port);
  if (ofTemplates === id.port) return (line) => line.protocol === word && isVirtual(line.virtual);
  const isVirtualOfTemplates = endpointTest({ address: id.address, port: ofTemplates });
  return (line) =>
    line.protocol === word &&
    (isVirtual(line.virtual) || (line.isTemplate && isVirtualOfTemplates(line.virtual)));
}

function endpointTest({
  address,
  port,
}: Omit<Endpoint, 'port'> & { readonly port?: number | undefined }): (view: EndpointView) => boolean {
  const network: Network = { family: familyOf(address), bytes: addressBytes(address), length: 128 };
  const whole = { ...network, length: 8 * network.bytes.length };
  return (view) => (port === undefined || view.port === port) && isInNetwork(whole, view.family, view.bytes);
}
