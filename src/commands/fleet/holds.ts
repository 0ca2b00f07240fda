/** `lvsadm fleet drain`, `weight` and `undrain`: servers held on all directors. */
import type { Context } from '../../context.js';
import { DocumentSet } from '../../document/load.js';
import { UsageError } from '../../errors.js';
import { holdInFleet, readFleetHolds, releaseInFleet } from '../../fleet/fleet-holds.js';
import { type Fleet, readFleet } from '../../fleet/operator.js';
import { findRelease, lastGood, readDocuments } from '../../fleet/releases.js';
import type { FleetStore } from '../../fleet/store.js';
import { destinationKey } from '../../model/destination.js';
import { type Hold, holdKey, holdRecord, holdText } from '../../model/hold.js';
import { formatService } from '../../model/service-uri.js';
import { toJson } from '../../output/json.js';
import { SystemNames } from '../../system/network/names.js';
import { holdsNamed } from '../shared/holds/holds.js';
import { someNames } from '../shared/server.js';
import { authorship } from './author.js';
import { kindsOf } from './directors.js';

const DONE = 0;

export interface HoldOptions {
  readonly reason: string | undefined;
  readonly until: ((now: Date) => number) | undefined;
  readonly force: boolean;
  readonly json: boolean;
}

/** Holds servers at a weight. @param words `[SERVICE] SERVER` */
export async function hold(
  store: FleetStore,
  words: readonly string[],
  weight: number,
  options: HoldOptions,
  context: Context,
): Promise<number> {
  const { until, reason } = options;
  const date = context.date();
  const now = date.getTime();
  const terms = {
    by: authorship(context).author,
    since: now,
    until: until?.(date),
    reason,
    ofFleet: true,
  } as const;
  const servers = await serversNamed(store, words, context);
  const holds = servers.map((server): Hold => ({ ...server, weight, before: weight, ...terms }));
  await holdInFleet(store, holds, options.force, now);
  await context.out.write(
    options.json
      ? toJson(holds.map(holdJson))
      : holds.map((each) => `${each.server} of ${each.service}: ${holdText(each, now)}\n`).join(''),
  );
  return DONE;
}

/** Ends holds of the fleet. @throws UsageError if the fleet holds no such server */
export async function undrain(
  store: FleetStore,
  words: readonly string[],
  json: boolean,
  context: Context,
): Promise<number> {
  const { holds } = await readFleetHolds(store);
  const ended = await holdsNamed(namesOf(words), holds, context);
  if (ended.length === 0) {
    const known = Array.from(holds.values(), ({ service, server }) => `${server} of ${service}`);
    throw new UsageError(`not held in the fleet; held are ${someNames(known)}`, words.join(' of '));
  }
  await releaseInFleet(store, ended);
  await context.out.write(
    json
      ? toJson(ended.map(({ service, server }) => ({ service, server })))
      : ended.map(({ service, server }) => `${server} of ${service}: the hold has ended\n`).join(''),
  );
  return DONE;
}

const holdJson = (hold: Hold) => ({ service: hold.service, server: hold.server, ...holdRecord(hold) });

const namesOf = (words: readonly string[]) =>
  words.length === 2 ? { service: words[0], server: words[1] } : { service: words[0] };

type ServerName = Pick<Hold, 'service' | 'server'>;

/** The servers that words name, as documents that run, or are to run, have them. @throws UsageError if none has one */
async function serversNamed(
  store: FleetStore,
  words: readonly string[],
  context: Context,
): Promise<readonly ServerName[]> {
  const fleet = await readFleet(store);
  const documented = new Map<string, ServerName>();
  for (const release of releasesOf(fleet)) {
    for (const server of await serversOf(store, release, fleet, context))
      documented.set(holdKey(server), server);
  }
  // Servers are named as those of holds are.
  const asHolds = new Map(
    Array.from(documented, ([key, server]): [string, Hold] => [
      key,
      { ...server, weight: 0, before: 0, by: '', since: 0 },
    ]),
  );
  const found = await holdsNamed(namesOf(words), asHolds, context);
  if (found.length === 0)
    throw new UsageError('no release that is in force has such a server', words.join(' '));
  return found.map(({ service, server }) => ({ service, server }));
}

/** The target's, and the one that directors run whose wave is not open yet. */
function releasesOf({ target }: Fleet): ReadonlySet<number> {
  const { target: entry } = target;
  if (entry === undefined)
    throw new UsageError('nothing has been released: no director has a server to hold');
  const before = lastGood(target)?.release;
  return new Set([entry.release, ...(before === undefined ? [] : [before])]);
}

async function serversOf(
  store: FleetStore,
  release: number,
  { members }: Fleet,
  context: Context,
): Promise<ServerName[]> {
  const documents = await readDocuments(store, await findRelease(store, release));
  const texts = documents.map(({ name, text }) => ({ file: name, text }));
  const set = new DocumentSet(texts, new SystemNames(context));
  const servers: ServerName[] = [];
  for (const { director } of kindsOf(texts, members)) {
    const { services = [] } = await set.stateFor(director);
    for (const { service, destinations = [] } of services)
      for (const { id } of destinations)
        servers.push({ service: formatService(service.id), server: destinationKey(id) });
  }
  return servers;
}
