/** -L -c: the connection table, line by line as the kernel shows it, in memory that does not grow with it. */

import { type ConnectionLine, connectionTablePath, scanConnections } from '../../ipvs/connections/proc.js';
import type { Protocol } from '../../model/service.js';
import type { Command } from '../grammar/command.js';
import type { Session } from '../name-lookup.js';
import { ConnectionPage } from './connection-page.js';
import { type Labels, numericLabels } from './endpoint-format.js';
import { printable } from './printable.js';

type Options = Extract<Command, { do: 'connections' }>;

const plainHeading = 'pro expire state       source             virtual            destination\n';
const engineHeading =
  'pro expire state       source             virtual            destination        pe name          pe_data\n';

export async function listConnections({ context, names }: Session, options: Options): Promise<void> {
  // Loads IPVS where it is not, and says who may not.
  await context.client();
  const labels = options.numeric ? numericLabels : await names.labels(await addresses());
  const page = new ConnectionPage(context.out);
  page.text(`IPVS connection entries\n${options.engineData ? engineHeading : plainHeading}`);
  const format = options.engineData ? withEngine : plain;
  const asText = (line: ConnectionLine) => page.text(format(line, labels));
  const asBytes = (line: ConnectionLine) => {
    const odd = options.engineData && line.hasEngine;
    if (odd || !page.connection(line)) asText(line);
  };
  await scanConnections(context.readFile(connectionTablePath), options.numeric ? asBytes : asText, () =>
    page.flush(),
  );

  /** A first pass: names are asked for all together. Connections that come after it are shown by number. */
  async function addresses(): Promise<Set<string>> {
    const seen = new Set<string>();
    await scanConnections(context.readFile(connectionTablePath), (line) => {
      for (const { address } of [line.client, line.virtual, line.destination]) seen.add(address);
    });
    return seen;
  }
}

const protocols: Readonly<Record<string, Protocol>> = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' };

/** The columns before the last: strings put together and nothing else, as there may be half a million lines. */
function beginning(line: ConnectionLine, { endpoint }: Labels, protocol: Protocol | undefined): string {
  const { client, virtual } = line;
  return `${line.protocol.padEnd(3)} ${remaining(line.expires).padEnd(6)} ${line.state.padEnd(11)} ${endpoint(
    client.address,
    client.port,
    protocol,
  ).padEnd(18)} ${endpoint(virtual.address, virtual.port, protocol).padEnd(18)} `;
}

export function plain(line: ConnectionLine, labels: Labels): string {
  const protocol = protocols[line.protocol];
  const { address, port } = line.destination;
  return `${beginning(line, labels, protocol)}${labels.endpoint(address, port, protocol)}\n`;
}

function withEngine(line: ConnectionLine, labels: Labels): string {
  const { engineName } = line;
  if (engineName === undefined) return plain(line, labels);
  const protocol = protocols[line.protocol];
  const destination = labels.endpoint(line.destination.address, line.destination.port, protocol);
  const data = printable(utf8.decode(line.engineBytes));
  return `${beginning(line, labels, protocol)}${destination.padEnd(16)} ${engineName.padEnd(18)} ${data}\n`;
}

const utf8 = new TextDecoder();

/** Minutes and seconds: `01:57`. */
const remaining = (seconds: number): string =>
  `${twoDigits(Math.floor(seconds / 60))}:${twoDigits(seconds % 60)}`;

const twoDigits = (value: number): string => (value < 10 ? `0${value}` : String(value));
