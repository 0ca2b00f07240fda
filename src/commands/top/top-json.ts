/** A reading of top as JSON. */
import { destinationKey } from '../../model/destination.js';
import { type Overload, overloadOf } from '../../model/table.js';
import type { RatedServer, RatedService, RatedTable, Rates } from '../../observe/table/rates.js';
import type { Json } from '../../output/json.js';
import { type HealthMark, type HealthMarks, serverKey } from '../shared/agent/agent-health.js';
import type { Line } from './arrange.js';

/** The services and servers of the lines, in their order. */
export function topJson(table: RatedTable, lines: readonly Line[], health: HealthMarks, date: Date): Json {
  const services: { readonly [name: string]: Json; readonly servers: Json[] }[] = [];
  for (const { service, server } of lines) {
    if (server === undefined) services.push(serviceJson(service));
    else services.at(-1)?.servers.push(serverJson(service, server, health));
  }
  return { time: date.toISOString(), seconds: rounded(table.seconds), services };
}

const serviceJson = ({ name, service, rates }: RatedService) => ({
  service: name,
  scheduler: service.scheduler,
  rates: ratesJson(rates),
  servers: [],
});

/** Null: the kernel does not tell. */
const overloadedJson: Readonly<Record<Overload, boolean | null>> = { yes: true, no: false, unknown: null };

const serverJson = ({ name }: RatedService, server: RatedServer, health: HealthMarks): Json => ({
  server: destinationKey(server.id),
  method: server.method,
  weight: server.weight,
  health: healthJson(health.get(serverKey(name, destinationKey(server.id)))),
  activeConnections: server.activeConnections,
  inactiveConnections: server.inactiveConnections,
  persistentConnections: server.persistentConnections,
  overloaded: overloadedJson[overloadOf(server)],
  share: server.share === undefined ? null : rounded(server.share),
  rates: ratesJson(server.rates),
});

const healthJson = (mark: HealthMark | undefined): Json => (mark === undefined ? null : { ...mark });

const ratesJson = (rates: Rates | undefined): Json =>
  rates === undefined
    ? null
    : Object.fromEntries(Object.entries(rates).map(([name, rate]) => [name, rounded(rate)]));

/** To three decimals. */
const rounded = (value: number): number => Math.round(value * 1000) / 1000;
