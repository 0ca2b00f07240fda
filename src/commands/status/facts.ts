/** The facts of `lvsadm status`: those of doctor, and what only an administrator asks for. */
import type { Context } from '../../context.js';
import type { Finding } from '../../doctor/checks/check.js';
import { examine } from '../../doctor/examine.js';
import type { MachineFacts } from '../../doctor/facts/facts.js';
import { takeSnapshot } from '../../doctor/facts/snapshot.js';
import { cannot } from '../../errors.js';
import type { Info } from '../../model/table.js';
import { ifThere } from '../../system/files.js';
import { Machine } from '../../system/machine.js';
import { loadedModules, moduleParameters } from '../../system/modules.js';
import { type NetlinkUsers, netlinkUsers } from '../../system/netlink-users.js';
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
  /** /proc/net/ip_vs_status by its own names; undefined before Linux 7.1. */
  readonly table?: Readonly<Record<string, string>> | undefined;
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
  const reachable = new Machine(context.openSocket);
  try {
    const machine = await takeSnapshot({
      machine: reachable,
      openSocket: context.openSocket,
      client: () => context.client(),
      readFile: (path) => context.readFile(path),
      probe: false,
    });
    return {
      machine,
      info: machine.ipvs && (await (await context.client()).info()),
      parameters: await moduleParameters('ip_vs'),
      modules: await loadedModules('ip_vs_'),
      table: await readTable(context),
      stateFiles: openStore(context).paths(),
      netlink: await netlinkUsers(),
      findings: machine.ipvs === undefined ? [] : examine(machine, { roles: ['director'], vips: [] }),
    };
  } finally {
    await reachable.close();
  }
}

const TABLE = '/proc/net/ip_vs_status';

async function readTable({ files }: Context): Promise<Record<string, string> | undefined> {
  try {
    const text = ifThere(() => files.readFileSync(TABLE, 'utf8'));
    return text === undefined ? undefined : parseTable(text);
  } catch (error) {
    throw cannot(`read ${TABLE}`, error);
  }
}

/** `Conn buckets:\t524288 (19 bits, lfactor -5)` */
export const parseTable = (text: string): Record<string, string> =>
  Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const [, name, value] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value.trim()]];
    }),
  );
