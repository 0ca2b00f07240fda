/** -L -c: the connection table, line by line as the kernel shows it, in memory that does not grow with it. */

import { type Context, WithStatus } from '../../context.js';
import { cannot, ProtocolError } from '../../errors.js';
import { masked } from '../../foreign-text.js';
import {
  type ConnectionLine,
  connectionTablePath,
  type EndpointView,
  scanConnections,
} from '../../ipvs/connections/proc.js';
import type { Protocol } from '../../model/service.js';
import type { Command } from '../grammar/command.js';
import type { Labels } from '../grammar/endpoint-format.js';
import type { Session } from '../name-lookup.js';
import { LineWriter } from './line-writer.js';

type Options = Extract<Command, { do: 'connections' }>;

const heading = 'pro expire state       source             virtual            destination';
const engineHeading = '        pe name          pe_data';

export async function listConnections({ context, names }: Session, options: Options): Promise<void> {
  // Loads IPVS if the kernel does not have it yet, and reports a missing permission.
  await context.client();
  const labels = options.numeric ? undefined : await names.labels(await addresses());
  const lines = new LineWriter();
  lines.text(`IPVS connection entries\n${heading}${options.engineData ? engineHeading : ''}\n`);
  const write = connectionWriter(lines, labels, options.engineData);
  await scanConnections(table(), write, () => lines.flush(context.out));

  /** A first pass, so that all names are looked up together. Connections made after it are shown by number. */
  async function addresses(): Promise<Set<string>> {
    const seen = new Set<string>();
    await scanConnections(table(), (line) => {
      for (const { address } of [line.client, line.virtual, line.destination]) seen.add(address);
    });
    return seen;
  }

  function table(): AsyncIterable<Uint8Array> {
    return connectionTable(context);
  }
}

/**
 * The connection table. The kernel's always has a heading.
 * @throws WithStatus in ipvsadm's words where there is no table, or an empty one
 */
async function* connectionTable({ readFile }: Context): AsyncGenerator<Uint8Array> {
  let empty = true;
  try {
    for await (const chunk of readFile(connectionTablePath)) {
      empty = false;
      yield chunk;
    }
  } catch (error) {
    if (empty) throw noTable(cannot(`open file ${connectionTablePath}`, error));
    throw error;
  }
  if (empty) throw noTable(new ProtocolError(`unexpected input from ${connectionTablePath}: it is empty`));
}

/** ipvsadm's exit status without a connection table. */
const NO_TABLE = 1;

const noTable = (error: Error): WithStatus => new WithStatus(NO_TABLE, error);

const protocols: Readonly<Record<string, Protocol>> = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' };

/**
 * Writes a connection as a line. Numeric lines (no labels) are made without a string or an object: there may be half a million.
 */
export function connectionWriter(
  to: LineWriter,
  labels: Labels | undefined,
  engineData: boolean,
): (line: ConnectionLine) => void {
  function putEndpoint(view: EndpointView, protocol: Protocol | undefined): void {
    if (labels) to.text(labels.endpoint(view.address, view.port, protocol));
    else to.endpoint(view.bytes, 0, view.family, view.port);
  }
  return (line) => {
    const protocol = labels && protocols[line.protocol];
    const engine = engineData ? line.engineName : undefined;
    to.begin(3);
    to.copy(line.bytes, line.protocolStart, line.protocolEnd);
    to.cell(6);
    to.minutes(line.expires);
    to.cell(11);
    to.copy(line.bytes, line.stateStart, line.stateEnd);
    to.cell(18);
    putEndpoint(line.client, protocol);
    to.cell(18);
    putEndpoint(line.virtual, protocol);
    to.cell(engine === undefined ? 0 : 16);
    putEndpoint(line.destination, protocol);
    if (engine !== undefined) {
      to.cell(18);
      to.text(engine);
      to.cell();
      to.text(masked(utf8.decode(line.engineBytes)));
    }
    to.end();
  };
}

const utf8 = new TextDecoder();
