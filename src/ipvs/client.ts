/** The IPVS of one network namespace, through one generic-netlink socket. */
import type { KernelError } from '../errors.js';
import type { Change } from '../model/change.js';
import type { Daemon } from '../model/daemon.js';
import type { ServiceId } from '../model/service.js';
import type { DestinationEntry, Info, ServiceEntry, Timeouts } from '../model/table.js';

export interface IpvsClient {
  info(): Promise<Info>;
  services(): Promise<ServiceEntry[]>;
  service(id: ServiceId): Promise<ServiceEntry>;
  destinations(of: ServiceId): Promise<DestinationEntry[]>;
  daemons(): Promise<Daemon[]>;
  timeouts(): Promise<Timeouts>;
  apply(change: Change): Promise<void>;
  applyAll(changes: readonly Change[]): Promise<(KernelError | undefined)[]>;
  close(): void;
}
