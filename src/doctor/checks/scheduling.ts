/** Servers that the scheduler passes over, clients that are refused for it, and tables that differ between directors. */
import { describeDestination, destinationKey } from '../../model/destination.js';
import { choosesByHash, fallbackOf, refusesAtZero, schedulerFlagWords } from '../../model/schedulers.js';
import { describeService } from '../../model/service.js';
import { type DestinationEntry, isOverloaded } from '../../model/table.js';
import type { ServiceFacts } from '../facts/facts.js';
import { addServer, type Check, editServer, editService, removeServer, seen, serverCheck } from './check.js';
import { servicesOf } from './table.js';

export const hashedAtZero = serverCheck({
  id: 'hashed-at-zero',
  severity: 'error',
  find(entry) {
    const { service, server } = entry;
    if (server.weight !== 0 || !refusesAtZero(service)) return undefined;
    // all-quiesced says so: then there is no server to fall back to.
    if (service.destinations.every(({ weight }) => weight === 0)) return undefined;
    const { scheduler, schedulerFlags } = service;
    const word = fallbackOf(scheduler);
    return {
      observed: [seen('weight', 0), seen('scheduler', scheduler)],
      why:
        `${scheduler} keeps a server at weight 0 in its hash table: the new clients that hash to it are refused` +
        (word ? `, unless the flag ${word} sends them to other servers.` : '. It has no flag against that.'),
      fixes: [
        word
          ? editService(service, { schedulerFlags: [...schedulerFlags, schedulerFlagWords[word].flag] })
          : removeServer(entry),
      ],
    };
  },
});

export const hashOrder: Check = {
  id: 'hash-order',
  severity: 'note',
  *find(facts, scope) {
    for (const service of servicesOf(facts, scope).filter(({ scheduler }) => choosesByHash(scheduler))) {
      const { destinations } = service;
      const inOrder = countInOrder(service);
      const [last, next] = [destinations[inOrder - 1], destinations[inOrder]];
      if (last === undefined || next === undefined) continue;
      yield {
        subject: describeService(service.id),
        observed: [
          seen('order of addition', `${describeDestination(next.id)} before ${describeDestination(last.id)}`),
        ],
        why:
          `${service.scheduler} fills its hash table in the order in which servers were added. apply adds the servers of a new service by ` +
          'address and port: a director that was set up so sends some clients to other servers than this one. The commands restore that ' +
          'order. Each server loses packets, and may lose connections, until it is added again: run them while this director has no traffic.',
        fixes: destinations
          .slice(inOrder)
          .flatMap((server) => [removeServer({ service, server }), addServer({ service, server })]),
      };
    }
  },
};

/** Servers, from the first by address and port on, that were added in this order. All later ones have to follow them. */
function countInOrder({ destinations, additions }: ServiceFacts): number {
  const turns = new Map(additions.map((id, turn) => [destinationKey(id), turn]));
  const added = destinations.map(({ id }) => turns.get(destinationKey(id)) ?? 0);
  const late = added.findIndex((turn, index) => index > 0 && turn < (added[index - 1] as number));
  return late === -1 ? destinations.length : late;
}

/** The connections that the kernel compares with the thresholds. */
const totalOf = ({ activeConnections, inactiveConnections }: DestinationEntry): number =>
  activeConnections + inactiveConnections;

const seenConnections = (server: DestinationEntry) =>
  seen(
    describeDestination(server.id),
    `${totalOf(server)} connections, upper threshold ${server.upperThreshold}`,
  );

export const allOverloaded: Check = {
  id: 'all-overloaded',
  severity: 'error',
  *find(facts, scope) {
    for (const service of servicesOf(facts, scope)) {
      const serving = service.destinations.filter(({ weight }) => weight > 0);
      if (serving.length === 0 || !serving.every(isOverloaded)) continue;
      yield {
        subject: describeService(service.id),
        observed: serving.map(seenConnections),
        why: 'Every server has reached its upper threshold and gets no new connections: the service refuses new clients.',
        fixes: serving.map((server) =>
          editServer({ service, server }, { upperThreshold: 2 * server.upperThreshold }),
        ),
      };
    }
  },
};

/** Schedulers that give every server its turn, however many connections it has. */
const takingTurns: ReadonlySet<string> = new Set(['rr', 'wrr']);

export const thresholdStuck = serverCheck({
  id: 'threshold-stuck',
  severity: 'warning',
  find(entry) {
    const { service, server } = entry;
    const { upperThreshold, lowerThreshold, weight } = server;
    if (upperThreshold === 0 || weight === 0 || totalOf(server) === 0 || isOverloaded(server))
      return undefined;
    if (server.stats.connectionRate > 0n) return undefined;
    const load = (one: DestinationEntry): number => totalOf(one) / one.weight;
    const isPassedOver = service.destinations.some(
      (other) =>
        other.weight > 0 &&
        other.stats.connectionRate > 0n &&
        (takingTurns.has(service.scheduler) || load(other) >= load(server)),
    );
    if (!isPassedOver) return undefined;
    return {
      observed: [
        seenConnections(server),
        seen(
          'lower threshold',
          lowerThreshold === 0 ? '0 (three quarters of the upper one)' : lowerThreshold,
        ),
        seen('new connections per second', '0, while other servers of the service get some'),
      ],
      why:
        'A server that has reached its upper threshold gets new connections again when it is below the lower one. The kernel looks ' +
        'only when one of its connections ends: after a change of thresholds the server may wait for that in vain. Raising the ' +
        'upper threshold ends the wait.',
      fixes: [
        editServer(entry, { upperThreshold: upperThreshold + 1 }),
        editServer(entry, { upperThreshold }),
      ],
    };
  },
});
