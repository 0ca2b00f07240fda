/** A process that reads a release as a director does that starts. Its parent says where the store is, and what the kernel answers. */
import { once } from 'node:events';
import type { Change } from '../../../src/model/change.js';
import type { DesiredState } from '../../../src/model/state.js';
import { type Recording, ReplayedSocket } from './recorded-socket.js';

export interface Task {
  readonly endpoints: readonly { readonly host: string; readonly port: number }[];
  readonly prefix: string;
  /** Readings of two tables: one that is empty, and one that is as the release says. */
  readonly empty: Recording;
  readonly equal: Recording;
}

/** Milliseconds of processor time. */
export interface Reading {
  readonly read: number;
  readonly check: number;
  readonly planEmpty: number;
  readonly planEqual: number;
  /** Of a director that starts with an empty table, and of one whose table is as the release says: each plans once. */
  readonly allEmpty: number;
  readonly allEqual: number;
}

async function timed<T>(part: () => Promise<T>): Promise<[T, number]> {
  const before = process.cpuUsage();
  const result = await part();
  const { user, system } = process.cpuUsage(before);
  return [result, (user + system) / 1000];
}

// What the parts need is loaded in them, as it is in a director's first minute.

async function readRelease({ endpoints, prefix }: Task) {
  const { EtcdStore } = await import('../../../src/fleet/etcd/etcd-store.js');
  const { findRelease, readDocuments } = await import('../../../src/fleet/releases.js');
  const store = new EtcdStore('etcd:', prefix, { endpoints });
  const documents = await readDocuments(store, await findRelease(store, 1));
  store.close();
  return documents.map(({ name, text }) => ({ file: name, text }));
}

async function planFor(desired: DesiredState, recording: Recording): Promise<Change[]> {
  const { IpvsClient } = await import('../../../src/ipvs/client.js');
  const { readState } = await import('../../../src/plan/current.js');
  const { diff } = await import('../../../src/plan/diff.js');
  const { stagesOf } = await import('../../../src/plan/stages.js');
  const client = await IpvsClient.open(() => new ReplayedSocket(recording));
  const current = await readState(client, { desired: desired.services });
  return stagesOf(diff(current, desired)).flat();
}

async function measure(task: Task): Promise<Reading> {
  const [texts, read] = await timed(() => readRelease(task));
  const [state, check] = await timed(async () => {
    const { parseDocuments } = await import('../../../src/document/load.js');
    return parseDocuments(texts, undefined, { labels: { node: 'd1' }, variables: { node: 'd1' } });
  });
  const [additions, planEmpty] = await timed(() => planFor(state, task.empty));
  const [none, planEqual] = await timed(() => planFor(state, task.equal));
  const services = state.services?.length ?? 0;
  if (services === 0 || additions.length < services || none.length > 0)
    throw new Error(`${additions.length} changes of an empty table, ${none.length} of an equal one`);
  const both = read + check;
  return { read, check, planEmpty, planEqual, allEmpty: both + planEmpty, allEqual: both + planEqual };
}

const [task] = (await once(process, 'message')) as [Task];
process.send?.(await measure(task));
process.disconnect();
