/** The checks of each role, in the order of docs/doctor.md. Findings of the same severity are shown in this order. */
import type { Role } from '../facts/facts.js';
import { noIpvs, vipNotLocal, vipShared } from './arrival.js';
import type { Check } from './check.js';
import {
  connectionLimit,
  draining,
  heldByPersistence,
  idleTimeout,
  removedServer,
  staleUdp,
} from './connections.js';
import { ipForward, notAdjacent, sendRedirects, serverSilent, serverUnreachable } from './forwarding.js';
import { lro, tunnelMtu } from './links.js';
import { conntrackFull, conntrackOff, fwmarkUnmarked, reuseDelay } from './netfilter.js';
import {
  arpAnnounce,
  arpIgnore,
  carrierDown,
  natReturnRoute,
  rpFilter,
  vipDuplicate,
  vipMissing,
  vipOnNetwork,
} from './real-server.js';
import { allOverloaded, hashedAtZero, hashOrder, thresholdStuck } from './scheduling.js';
import {
  allQuiesced,
  localNotListening,
  loopbackService,
  natPortShared,
  noServers,
  portMismatch,
} from './services.js';
import { backupLoop, sloppyTcp, syncFamily, syncId } from './sync.js';

const common: readonly Check[] = [conntrackFull, vipDuplicate];

export const checks: Readonly<Record<Role, readonly Check[]>> = {
  director: [
    noIpvs,
    vipNotLocal,
    vipShared,
    ipForward,
    sendRedirects,
    serverUnreachable,
    notAdjacent,
    serverSilent,
    tunnelMtu,
    lro,
    noServers,
    allQuiesced,
    hashedAtZero,
    hashOrder,
    allOverloaded,
    thresholdStuck,
    portMismatch,
    natPortShared,
    localNotListening,
    loopbackService,
    removedServer,
    heldByPersistence,
    draining,
    staleUdp,
    idleTimeout,
    connectionLimit,
    backupLoop,
    sloppyTcp,
    syncId,
    syncFamily,
    conntrackOff,
    reuseDelay,
    fwmarkUnmarked,
    ...common,
  ],
  'real-server': [
    ...common,
    vipMissing,
    vipOnNetwork,
    carrierDown,
    arpIgnore,
    arpAnnounce,
    rpFilter,
    natReturnRoute,
  ],
};
