/** Ports by their names in services(5). */
import type { Protocol } from './service.js';

export interface PortNames {
  port(name: string, protocol: Protocol): number | undefined;
}

/** The protocols that a port may be for; a mark chooses packets whatever their protocol. */
export const portProtocols = (protocol: Protocol | undefined): readonly Protocol[] =>
  protocol === undefined ? ['tcp', 'udp', 'sctp'] : [protocol];

/** The port of this name, for the first of those protocols that has one. */
export function portNamed(
  name: string,
  protocol: Protocol | undefined,
  known: PortNames,
): number | undefined {
  for (const candidate of portProtocols(protocol)) {
    const port = known.port(name, candidate);
    if (port !== undefined) return port;
  }
  return undefined;
}
