/** Encodes changes as requests to the kernel. */
import type { Change } from '../model/change.js';
import type { Batch } from '../netlink/batch.js';
import { addCall, type Call } from '../netlink/genl.js';
import {
  daemonBody,
  destinationBody,
  destinationIdBody,
  serviceBody,
  serviceIdBody,
  timeoutsBody,
} from './convert.js';
import { type IpvsOperations, ipvsSchema } from './schema.js';

/** Adds a change to a batch. @throws ValueError for a value that its attribute cannot hold, and adds nothing */
export const addChange = (batch: Batch, change: Change): void => addCall(batch, ipvsSchema, callOf(change));

/** The request that carries a change. */
export function callOf(change: Change): Call<IpvsOperations> {
  switch (change.do) {
    case 'addService':
    case 'editService':
      return { operation: change.do, body: { service: serviceBody(change.service) } };
    case 'deleteService':
    case 'zeroService':
      return { operation: change.do, body: { service: serviceIdBody(change.id) } };
    case 'addDestination':
    case 'editDestination':
      return {
        operation: change.do,
        body: { service: serviceIdBody(change.of), destination: destinationBody(change.destination) },
      };
    case 'deleteDestination':
      return {
        operation: change.do,
        body: { service: serviceIdBody(change.of), destination: destinationIdBody(change.id) },
      };
    case 'startDaemon':
    case 'stopDaemon':
      return { operation: change.do, body: { daemon: daemonBody(change.daemon) } };
    case 'setTimeouts':
      return { operation: change.do, body: timeoutsBody(change.timeouts) };
    case 'flush':
    case 'zeroAll':
      return { operation: change.do, body: {} };
  }
}
