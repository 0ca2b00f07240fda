/** The changes that a batch asks for, read back from its bytes. */
import { readDaemon, readDestination, readService, readTimeouts } from '../../src/ipvs/convert.js';
import {
  CommandAttributes,
  type CommandBody,
  type DestinationBody,
  ipvsSchema,
  type ServiceBody,
} from '../../src/ipvs/schema.js';
import type { Change } from '../../src/model/change.js';
import type { Destination, DestinationId } from '../../src/model/destination.js';
import { type Service, type ServiceId, serviceFamily } from '../../src/model/service.js';
import type { Batch } from '../../src/netlink/batch.js';
import { Reader } from '../../src/netlink/bytes.js';
import { GENL_HEADER } from '../../src/netlink/genl.js';
import { HEADER } from '../../src/netlink/message.js';

export const changesOf = (batch: Batch): Change[] =>
  Array.from({ length: batch.count }, (_, index) => changeOf(batch.operation(index), batch.message(index)));

function changeOf(operation: string, message: Uint8Array): Change {
  const command = message[HEADER];
  const name = operation as Change['do'];
  if (ipvsSchema.operations[name].command !== command) throw new Error(`${operation} in command ${command}`);
  return readers[name](CommandAttributes.get(new Reader(message), HEADER + GENL_HEADER, message.length));
}

const readers: { readonly [D in Change['do']]: (body: CommandBody) => Change } = {
  addService: ({ service }) => ({ do: 'addService', service: settings(service) }),
  editService: ({ service }) => ({ do: 'editService', service: settings(service) }),
  deleteService: ({ service }) => ({ do: 'deleteService', id: serviceId(service) }),
  zeroService: ({ service }) => ({ do: 'zeroService', id: serviceId(service) }),
  addDestination: (body) => ({ do: 'addDestination', ...server(body) }),
  editDestination: (body) => ({ do: 'editDestination', ...server(body) }),
  deleteDestination: ({ service, destination }) => {
    const of = serviceId(service);
    return { do: 'deleteDestination', of, id: serverSettings(of, { ...unset, ...destination }).id };
  },
  startDaemon: ({ daemon }) => ({ do: 'startDaemon', daemon: readDaemon(daemon ?? {}) }),
  stopDaemon: ({ daemon }) => ({ do: 'stopDaemon', daemon: readDaemon({ interface: '', ...daemon }) }),
  setTimeouts: (body) => ({ do: 'setTimeouts', timeouts: readTimeouts(body) }),
  flush: () => ({ do: 'flush' }),
  zeroAll: () => ({ do: 'zeroAll' }),
};

function settings(body: ServiceBody | undefined): Service {
  const { stats, ...service } = readService(body ?? {});
  return service;
}

const serviceId = (body: ServiceBody | undefined): ServiceId => readService({ scheduler: '', ...body }).id;

function server({ service, destination }: CommandBody): { of: ServiceId; destination: Destination } {
  const of = serviceId(service);
  return { of, destination: serverSettings(of, destination ?? {}) };
}

/** What an identity alone does not say. */
const unset: DestinationBody = { method: 0, weight: 0 };

function serverSettings(of: ServiceId, body: DestinationBody): Destination & { readonly id: DestinationId } {
  const { stats, activeConnections, inactiveConnections, persistentConnections, ...destination } =
    readDestination(body, serviceFamily(of));
  return destination;
}
