/** Changes that were done, and are taken back. */
import { Errno, HostError, type KernelError } from '../errors.js';
import type { IpvsClient } from '../ipvs/client.js';
import type { Change } from '../model/change.js';
import { serviceKey } from '../model/service.js';
import type { timeoutNames } from '../model/table.js';
import { memberKey } from './losses.js';
import { changing, type Difference, type Plan, subject } from './plan.js';

/** A change of the table, or a setting of IPVS with its value before, that was to take another change back. */
export interface TakenBack {
  readonly change: Change | { readonly setting: string; readonly value: string };
  /** Why it was refused. */
  readonly error?: KernelError | HostError | undefined;
}

/** @returns what takes a change back that `stagesOf` made of the plan: in the order in which to do it */
export function inversesIn(plan: Plan): (change: Change) => readonly Change[] {
  const services = new Map(changing(plan).map((service) => [serviceKey(subject(service).id), service]));
  const servers = new Map(
    changing(plan).flatMap((service) =>
      service.destinations.map((server) => [
        memberKey({ of: subject(service).id, destination: subject(server) }),
        server.before,
      ]),
    ),
  );
  const daemonBefore = (state: string) => plan.daemons.find(({ before }) => before?.state === state)?.before;
  return (change) => {
    switch (change.do) {
      case 'addService':
        return [{ do: 'deleteService', id: change.service.id }];
      case 'editService': {
        const before = services.get(serviceKey(change.service.id))?.before;
        return before ? [{ do: 'editService', service: before }] : [];
      }
      case 'deleteService': {
        const { before: service, destinations = [] } = services.get(serviceKey(change.id)) ?? {};
        if (!service) return [];
        const lost = destinations.flatMap(({ before }) => before ?? []);
        return [
          { do: 'addService', service },
          ...lost.map((destination): Change => ({ do: 'addDestination', of: change.id, destination })),
        ];
      }
      case 'addDestination':
        return [{ do: 'deleteDestination', of: change.of, id: change.destination.id }];
      case 'editDestination': {
        const before = servers.get(memberKey(change));
        return before ? [{ do: 'editDestination', of: change.of, destination: before }] : [];
      }
      case 'deleteDestination': {
        const before = servers.get(memberKey({ of: change.of, destination: change }));
        return before ? [{ do: 'addDestination', of: change.of, destination: before }] : [];
      }
      case 'startDaemon':
        return [{ do: 'stopDaemon', daemon: { state: change.daemon.state } }];
      case 'stopDaemon': {
        const before = daemonBefore(change.daemon.state);
        return before ? [{ do: 'startDaemon', daemon: before }] : [];
      }
      case 'setTimeouts': {
        const { before = {} } = plan.timeouts ?? {};
        const value = (name: (typeof timeoutNames)[number]): number =>
          change.timeouts[name] === 0 ? 0 : (before[name] ?? 0);
        return [
          { do: 'setTimeouts', timeouts: { tcp: value('tcp'), tcpFin: value('tcpFin'), udp: value('udp') } },
        ];
      }
      default:
        return [];
    }
  };
}

/** Refusals that mean that there is nothing left to take back. */
const settled: Readonly<Partial<Record<Change['do'], readonly number[]>>> = {
  deleteService: [Errno.ESRCH],
  deleteDestination: [Errno.ENOENT, Errno.ESRCH],
  editDestination: [Errno.ENOENT, Errno.ESRCH],
  startDaemon: [Errno.EEXIST],
  stopDaemon: [Errno.ESRCH],
};

/** Makes the changes, all of them whatever becomes of the others. */
export async function takeBack(
  changes: readonly Change[],
  client: Pick<IpvsClient, 'applyAll'>,
): Promise<TakenBack[]> {
  if (changes.length === 0) return [];
  const errors = await client.applyAll(changes);
  return changes.map((change, index) => {
    const error = errors[index];
    const isSettled = error !== undefined && settled[change.do]?.includes(error.errno);
    return isSettled ? { change } : { change, error };
  });
}

/** Sets the settings that were done to their values before, the last one first. */
export async function takeSettingsBack(
  outcomes: readonly { readonly difference: Difference; readonly result: string }[],
  set: ((name: string, value: string) => Promise<void>) | undefined,
): Promise<TakenBack[]> {
  const taken: TakenBack[] = [];
  for (const { difference, result } of outcomes.toReversed()) {
    if (result !== 'done') continue;
    const change = { setting: difference.field, value: String(difference.from) };
    try {
      await set?.(change.setting, change.value);
      taken.push({ change });
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      taken.push({ change, error });
    }
  }
  return taken;
}
