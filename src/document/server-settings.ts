/** Settings of servers: a server's own, else those of its service, else those of the document, else the defaults. */
import {
  type Destination,
  type ForwardingMethod,
  plainTunnel,
  type Tunnel,
  tunnelTypes,
} from '../model/destination.js';
import { type DestinationNumber, destinationNumberNames, destinationNumbers } from '../model/fields.js';
import { InvalidValue } from './invalid-value.js';
import type { ServerSettings, ServerValue } from './schema.js';

type TunnelValue = ServerSettings['tunnel'];

/** What a server has without settings of its own; its tunnel may have none. */
export interface InheritedSettings extends Readonly<Record<DestinationNumber, number>> {
  readonly method: ForwardingMethod;
  readonly tunnel?: TunnelValue;
  readonly agent?: ServerSettings['agent'];
}

const defaults = Object.fromEntries(
  destinationNumberNames.map((name) => [name, destinationNumbers[name].default]),
) as Record<DestinationNumber, number>;

/** @param layers settings of the document, then of the service */
export const inheritedSettings = (...layers: readonly (ServerSettings | undefined)[]): InheritedSettings =>
  Object.assign({ method: 'dr', ...defaults }, ...layers);

/** The address and port of a server, as they are written. */
export const addressOf = (value: ServerValue): string => (typeof value === 'string' ? value : value.server);

/** A server's own settings. */
export const settingsOf = (value: ServerValue): ServerSettings => (typeof value === 'string' ? NONE : value);

const NONE: ServerSettings = {};

export function numbersOf(
  own: ServerSettings,
  inherited: InheritedSettings,
): Pick<Destination, DestinationNumber> {
  const numbers = {} as Record<DestinationNumber, number>;
  for (const name of destinationNumberNames) numbers[name] = own[name] ?? inherited[name];
  return numbers;
}

/** An inherited tunnel is for servers with method tun only. @throws InvalidValue */
export function tunnelOf(own: TunnelValue, inherited: TunnelValue, method: ForwardingMethod): Tunnel {
  if (method !== 'tun') {
    if (own !== undefined) throw new InvalidValue(`a tunnel is for method tun, not for ${method}`);
    return plainTunnel;
  }
  const {
    type = plainTunnel.type,
    port = plainTunnel.port,
    checksum = plainTunnel.checksum,
  } = own ?? inherited ?? {};
  const { port: hasPort, checksums } = tunnelTypes[type];
  if (hasPort && port === 0) throw new InvalidValue(`type ${type} needs a port: {type: ${type}, port: 6080}`);
  if (!hasPort && port !== 0) throw new InvalidValue(`a port is for type gue, not for ${type}`);
  if (!checksums.includes(checksum)) {
    throw new InvalidValue(
      `checksum ${checksum} is not for type ${type}, which knows ${checksums.join(', ')}`,
    );
  }
  return { type, port, checksum };
}
