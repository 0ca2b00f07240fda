/** Services and servers as arguments of a command line: by address, because they are looked for in the table. */
import type { Context } from '../../context.js';
import { portFrom } from '../../document/addresses.js';
import { InvalidValue } from '../../document/invalid-value.js';
import { UsageError } from '../../errors.js';
import type { DestinationId } from '../../model/destination.js';
import { isFwmark, type Protocol, type ServiceId } from '../../model/service.js';
import { type Port, parseServer, parseService } from '../../model/service-uri.js';
import { SystemNames } from '../../system/network/names.js';

/** Where the names of ports are read. */
type Files = Pick<Context, 'readFile'>;

/** @throws ValueError, UsageError */
export async function serviceArgument(text: string, files: Files): Promise<ServiceId> {
  const notation = parseService(text);
  if ('fwmark' in notation) return { fwmark: notation.fwmark, family: notation.family ?? 'inet' };
  const { protocol, host, family, port } = notation;
  if (family === undefined) throw new UsageError('a service is named by its address here', text);
  return { protocol, address: host, port: await portOf(port, protocol, text, files) };
}

/** A server of the service (default port: the service's). @throws ValueError, UsageError */
export async function serverArgument(text: string, of: ServiceId, files: Files): Promise<DestinationId> {
  const { host, family, port } = parseServer(text);
  if (family === undefined) throw new UsageError('a server is named by its address here', text);
  if (isFwmark(of)) return { address: host, port: await portOf(port ?? 0, undefined, text, files) };
  return { address: host, port: await portOf(port ?? of.port, of.protocol, text, files) };
}

/** Whether a server is that of the argument: an address has all its ports. @throws ValueError, UsageError */
export function serversNamed(text: string): (id: DestinationId) => boolean {
  const { host, family, port } = parseServer(text);
  if (family === undefined) throw new UsageError('a server is named by its address here', text);
  if (typeof port === 'string')
    throw new UsageError('the port of a server of several services is a number', text);
  return (id) => id.address === host && (port === undefined || id.port === port);
}

async function portOf(
  port: Port,
  protocol: Protocol | undefined,
  argument: string,
  files: Files,
): Promise<number> {
  if (typeof port === 'number') return port;
  try {
    return portFrom(await new SystemNames(files).ports(), port, protocol);
  } catch (error) {
    throw error instanceof InvalidValue ? new UsageError(error.message, argument) : error;
  }
}
