/** Settings of servers: a server's own, else those of its service, else those of the document, else the defaults. */
import type { Destination, ForwardingMethod } from '../model/destination.js';
import { type DestinationNumber, destinationNumberNames, destinationNumbers } from '../model/fields.js';
import type { ServerSettings, ServerValue } from './schema.js';

/** What a server has without settings of its own; its tunnel may have none. */
export interface InheritedSettings extends Readonly<Record<DestinationNumber, number>> {
  readonly method: ForwardingMethod;
  readonly tunnel?: ServerSettings['tunnel'];
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
