/**
 * Whether a service is in the table as it is wanted. What is told apart here and counts as no difference elsewhere
 * (src/plan/differences.ts: servers whose address is the machine's own) is not settled, and is compared there.
 */

import { Area } from './area.ts';
import { PERSISTENT, SETTINGS, TUNNEL } from './codes.ts';
import { Server, Service, serverAt } from './entries.ts';
import { isEqual, sort } from './order.ts';
import { serverOrder, Wanted, wantedServerAt } from './wanted.ts';

const order: Area = new Area(1024);

export function isSettled(service: Service, wanted: Wanted): bool {
  return isSetSo(service, wanted) && (!wanted.saysServers || hasJust(service, wanted));
}

function isSetSo(service: Service, wanted: Wanted): bool {
  if ((service.flags & SETTINGS) !== wanted.flags) return false;
  if (service.scheduler0 !== wanted.scheduler0 || service.scheduler1 !== wanted.scheduler1) return false;
  if ((wanted.flags & PERSISTENT) === 0) return true;
  return (
    service.timeout === wanted.timeout &&
    service.netmask === wanted.netmask &&
    service.engine0 === wanted.engine0 &&
    service.engine1 === wanted.engine1
  );
}

/** Both in order, and the wanted ones are all different. */
function hasJust(service: Service, wanted: Wanted): bool {
  const count = service.count;
  if (count !== wanted.count) return false;
  order.clear();
  const sorted = order.room(count * 4);
  sort(sorted, count, changetype<usize>(serverAt(service.first)), offsetof<Server>());
  const wantedSorted = serverOrder.start + <usize>wanted.first * 4;
  for (let i: u32 = 0; i < count; i++) {
    const server = serverAt(service.first + load<u32>(sorted + i * 4));
    if (!isServer(server, wantedServerAt(wanted.first + load<u32>(wantedSorted + i * 4)))) return false;
  }
  return true;
}

function isServer(server: Server, wanted: Server): bool {
  if (!isEqual(server, wanted)) return false;
  if (server.method !== wanted.method || server.weight !== wanted.weight) return false;
  if (server.upperThreshold !== wanted.upperThreshold) return false;
  if (server.lowerThreshold !== wanted.lowerThreshold) return false;
  // The other methods encapsulate nothing, whatever the kernel remembers of an earlier tunnel.
  if (wanted.method !== TUNNEL) return true;
  return (
    server.tunnelType === wanted.tunnelType &&
    server.tunnelPort === wanted.tunnelPort &&
    server.tunnelFlags === wanted.tunnelFlags
  );
}
