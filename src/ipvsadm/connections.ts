/** -L -c: the connection table, line by line as the kernel shows it, in memory that does not grow with it. */

import { type ConnectionLine, connectionTablePath, scanConnections } from '../ipvs/proc.js';
import type { Protocol } from '../model/service.js';
import { Chunks } from './chunks.js';
import type { Command } from './command.js';
import { type Labels, numericLabels } from './labels.js';
import { printable } from './printable.js';
import type { Session } from './session.js';

type Options = Extract<Command, { do: 'connections' }>;

const plainHeading = 'pro expire state       source             virtual            destination\n';
const engineHeading =
  'pro expire state       source             virtual            destination        pe name          pe_data\n';

export async function listConnections({ context, directory }: Session, options: Options): Promise<void> {
  // Loads IPVS where it is not, and says who may not.
  await context.client();
  const labels = options.numeric ? numericLabels : await directory.labels(await addresses());
  const out = new Chunks(context.out);
  out.add(`IPVS connection entries\n${options.engineData ? engineHeading : plainHeading}`);
  const format = options.engineData ? withEngine : plain;
  await scanConnections(
    context.readFile(connectionTablePath),
    (line) => out.add(format(line, labels)),
    () => (out.full ? out.flush() : undefined),
  );
  await out.flush();

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

/** The columns that every connection has; the last one is as wide as it is long. */
function columns(line: ConnectionLine, { endpoint }: Labels): string[] {
  const protocol = protocols[line.protocol];
  const [client, virtual, destination] = [line.client, line.virtual, line.destination].map(
    ({ address, port }) => endpoint(address, port, protocol),
  ) as [string, string, string];
  return [
    line.protocol.padEnd(3),
    remaining(line.expires).padEnd(6),
    line.state.padEnd(11),
    client.padEnd(18),
    virtual.padEnd(18),
    destination,
  ];
}

const plain = (line: ConnectionLine, labels: Labels): string => `${columns(line, labels).join(' ')}\n`;

function withEngine(line: ConnectionLine, labels: Labels): string {
  const cells = columns(line, labels);
  const { engineName } = line;
  if (engineName === undefined) return `${cells.join(' ')}\n`;
  const destination = cells.pop() ?? '';
  const data = printable(utf8.decode(line.engineBytes));
  return `${[...cells, destination.padEnd(16), engineName.padEnd(18), data].join(' ')}\n`;
}

const utf8 = new TextDecoder();

/** Minutes and seconds: `01:57`. */
function remaining(seconds: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`;
}
