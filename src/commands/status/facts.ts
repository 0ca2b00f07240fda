/** The facts of `lvsadm status`: those of doctor, and what only an administrator asks for. */
import type { Context } from '../../context.js';
import type { Finding } from '../../doctor/checks/check.js';
import { examine } from '../../doctor/examine.js';
import type { MachineFacts } from '../../doctor/facts/facts.js';
import { takeSnapshot } from '../../doctor/facts/snapshot.js';
import type { PendingChange } from '../../history/pending-change.js';
import type { Holds } from '../../model/hold.js';
import type { Info } from '../../model/table.js';
import { Machine } from '../../system/machine.js';
import { loadedModules, moduleParameters } from '../../system/modules.js';
import { type NetlinkUsers, netlinkUsers } from '../../system/network/netlink-users.js';
import { readTableStatus, type TableStatus } from '../../system/table-status.js';
import { pendingChange } from '../shared/change/confirmation.js';
import { readableHolds } from '../shared/holds/holds.js';
import { openStore } from '../shared/store.js';
import type { Heard } from './probe.js';

export interface StatusFacts {
  readonly machine: MachineFacts;
  /** Undefined if the kernel has no IPVS. */
  readonly info?: Info | undefined;
  /** Values by name, of the module ip_vs. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Names of the loaded modules of schedulers, protocols and persistence engines: `ip_vs_wrr`. */
  readonly modules: readonly string[];
  /** /proc/net/ip_vs_status by its own names; undefined before Linux 7.1, and where it cannot be read. */
  readonly table?: TableStatus | undefined;
  /** In force. */
  readonly holds: Holds;
  /** The change that waits for `lvsadm confirm`. */
  readonly pending?: PendingChange | undefined;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Paths. */
  readonly stateFiles: readonly string[];
  readonly netlink: NetlinkUsers;
  /** Of doctor, for a director. */
  readonly findings: readonly Finding[];
  /** Undefined without --probe. */
  readonly heard?: Heard | undefined;
}

/** @throws UnavailableError, HostError and the client's errors */
export async function readStatus(context: Context): Promise<StatusFacts> {
  const reachable = new Machine(context.openSocket, context.files);
  try {
    const machine = await takeSnapshot({
      machine: reachable,
      openSocket: context.openSocket,
      client: () => context.client(),
      readFile: (path) => context.readFile(path),
      probe: false,
    });
    const unknown = [...machine.unknown];
    const table = await readTableStatus((path) => context.readFile(path), unknown);
    return {
      machine: { ...machine, unknown },
      info: machine.ipvs && (await (await context.client()).info()),
      parameters: await moduleParameters('ip_vs'),
      modules: await loadedModules('ip_vs_'),
      table,
      holds: readableHolds(context),
      pending: pendingChange(openStore(context)),
      time: context.date().getTime(),
      stateFiles: openStore(context).paths(),
      netlink: await netlinkUsers(),
      findings: machine.ipvs === undefined ? [] : examine(machine, { roles: ['director'], vips: [] }),
    };
  } finally {
    await reachable.close();
  }
}
