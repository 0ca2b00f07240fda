/** lvsadm as a library. */

import { IpvsClient as Client, type ClientOptions } from './ipvs/client.js';
import { openNodeSocket } from './netlink/transport/node.js';

export {
  KernelError,
  LvsadmError,
  ProtocolError,
  TransportError,
  UnavailableError,
  ValueError,
} from './errors.js';
export { type ClientOptions, IpvsClient } from './ipvs/client.js';
export { canonicalAddress, type Endpoint, type Family } from './model/address.js';
export type { Change } from './model/change.js';
export type { Daemon, DaemonState } from './model/daemon.js';
export * from './model/destination.js';
export type { SchedulerFlag } from './model/schedulers.js';
export * from './model/service.js';
export type { Stats } from './model/stats.js';
export type { DestinationEntry, Info, ServiceEntry, Timeouts } from './model/table.js';
export type { NetlinkSocket, OpenSocket } from './netlink/transport/socket.js';

/**
 * The IPVS of the process's network namespace.
 * @throws UnavailableError if the kernel has no IPVS, or this process lacks the permission
 */
export const openIpvs = (options: ClientOptions = {}): Promise<Client> =>
  Client.open(openNodeSocket, options);
