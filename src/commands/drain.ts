/** `lvsadm drain`: takes a server out of service without breaking connections. */
import type { Context } from '../context.js';
import type { ChangeCounts } from '../history/change-record.js';
import type { IpvsClient } from '../ipvs/client.js';
import { type Hold, noHolds } from '../model/hold.js';
import type { ServiceId } from '../model/service.js';
import type { Json } from '../output/json.js';
import { heldJson } from '../output/plan.js';
import { Progress } from '../output/progress.js';
import { quiesce } from '../plan/drain.js';
import { connectionsLeft, waitUntilEmpty } from '../plan/wait-until-empty.js';
import { defineCommand } from './command.js';
import { type TableBefore, withTableBefore } from './shared/change/change-history.js';
import { Interruption, interruptOption } from './shared/change/interruption.js';
import { beginHold, keptForChange } from './shared/holds/begin-hold.js';
import { DrainedWeights } from './shared/holds/drained-weights.js';
import { Fallbacks, forceOption } from './shared/holds/fallbacks.js';
import { HoldStore, heldOf, holdOptions, holdTerms, readableHolds } from './shared/holds/holds.js';
import { undoHolds } from './shared/holds/release.js';
import {
  allServicesOption,
  describeServer,
  type Found,
  isGone,
  jsonOption,
  nameOf,
  present,
  serverSearch,
  serversJson,
  serversPositionals,
  setWeight,
} from './shared/server.js';
import { openStore, runDirOption } from './shared/store.js';

const DRAINED = 0;
const NOT_DRAINED = 1;

export const command = defineCommand({
  positionals: serversPositionals,
  options: {
    timeout: { type: 'seconds', default: 300, describe: 'time to wait for connections to end' },
    delete: { type: 'flag', describe: 'remove the server once it has no connections left' },
    hold: {
      type: 'flag',
      conflicts: 'delete',
      describe: 'keep the weight at 0, over documents, checks and reboots, until lvsadm undrain',
    },
    ...holdOptions,
    ...allServicesOption,
    ...forceOption,
    ...interruptOption,
    ...runDirOption,
    ...jsonOption,
  },
  notes:
    'Sets the weight to 0, so that the server gets no new connections, and waits until its current connections have ' +
    'ended. `lvsadm undrain` restores the weight. Services with the schedulers sh and mh have the flag sh-fallback or ' +
    'mh-fallback while one of their servers has weight 0. While an agent (lvsadm run) sets the weight of the server, --hold is needed.',
  exitStatuses: {
    0: 'no connections are left',
    1:
      'connections are left after the timeout, and the server stays at weight 0; or another program removed the ' +
      'server, or gave it a weight, meanwhile',
    130: 'interrupted by SIGINT (143: by SIGTERM); a line on standard error tells the state of each server',
  },
  examples: [
    ['lvsadm drain tcp://192.0.2.10:80 198.51.100.7', 'a server of one service'],
    ['lvsadm drain 198.51.100.7 --timeout 10m', 'a host, in all services'],
    [
      'lvsadm drain 198.51.100.7 --hold --until 18:00 --reason disk',
      'out of service, whatever documents and checks say',
    ],
  ],
  async run(context, values) {
    const terms = holdTerms(values, context);
    const search = await serverSearch(context, values);
    const client = await context.client();
    const store = openStore(context, values.runDir);
    const weights = new DrainedWeights(store);
    const fallbacks = new Fallbacks(client, store, context.err);
    const servers = await search(client).catch(async (error) => {
      // A run with --delete that was killed when the server had gone left the flag set.
      await fallbacks.giveBack();
      throw error;
    });
    const interruption = new Interruption(context);
    const kept = await keptForChange(servers, terms, store);
    const ofAgent = servers.filter((each) => kept.some(({ server }) => server === each));
    const others = servers.filter((each) => !ofAgent.includes(each));
    if (!values.force) {
      await fallbacks.requireFallback(
        servicesOf(others.filter(isActive)),
        servicesOf(ofAgent.filter(isActive)),
      );
    }
    const holds = new HoldStore(context, values.stateDir);
    const request = terms && { servers, weight: 0, terms, force: values.force };
    const changes = values.delete || servers.some(isActive);
    const begin = async (before?: TableBefore) => {
      const replaced = request ? await beginHold(request, holds, store, context) : [];
      await before?.keepIfPossible(countsOf(servers, values.delete));
      const taken = await fallbacks.whileSet(servicesOf(others), () => takeOut(servers, client, weights));
      return { before, replaced, taken };
    };
    const recording = { context, client, store, stateDir: values.stateDir };
    const { before, replaced, taken } = await (changes ? withTableBefore(recording, begin) : begin());
    await waitFor(servers, client, values.timeout * 1000, interruption, context);
    const interrupted = interruption.requested;
    const isUndone = interrupted && values.onInterrupt === 'restore';
    if (isUndone && terms !== undefined) await undoHolds(servers, terms, replaced, client, holds, store);
    // A drain without --hold asks for the holds only to restore no weight over one of another user.
    const ofOthers = () => (isUndone ? readableHolds(context, values.stateDir) : noHolds);
    const held = terms === undefined ? ofOthers() : holds.read();
    const ends: End[] = [];
    for (const server of servers) {
      const end = { server, now: await present(client, server), interrupted };
      const [hold] = heldOf([server], held);
      if (values.delete && isDrained(end)) ends.push(await removed(end, client, weights));
      else if (isUndone && hold?.weight !== 0) ends.push(await restored(end, taken, client, weights));
      else ends.push({ ...end, hold });
    }
    await fallbacks.giveBack();
    // Others have removed the servers, or taken them out, before.
    if (!request && taken.length === 0 && !ends.some((end) => end.removed)) await before?.forget();
    if (interrupted) await context.err.write(ends.map((end) => adviceAfter(end, weights)).join(''));
    await context.out.write(values.json ? serversJson(values, ends.map(json)) : ends.map(line).join(''));
    if (interrupted) return interruption.status;
    return ends.every(isDrained) ? DRAINED : NOT_DRAINED;
  },
});

const isActive = ({ destination }: Found): boolean => destination.weight > 0;

const servicesOf = (servers: readonly Found[]): ServiceId[] => [...new Set(servers.map(({ of }) => of))];

const countsOf = (servers: readonly Found[], isDelete: boolean): ChangeCounts => ({
  added: 0,
  changed: isDelete ? 0 : servers.filter(isActive).length,
  removed: isDelete ? servers.length : 0,
});

/**
 * Keeps new connections from the servers, with their weights remembered.
 * @returns the servers whose weight it set to 0, as they were before
 */
async function takeOut(
  servers: readonly Found[],
  client: IpvsClient,
  weights: DrainedWeights,
): Promise<Found[]> {
  // Before the change: a run that ends in between must not lose the weights.
  const quiesced = await quiesce(servers, client, (active) => weights.remember(active));
  const refused = quiesced.filter(({ error }) => error !== undefined);
  await weights.forget(refused.map(({ server }) => server));
  // One that somebody removed meanwhile is told at the end.
  const fault = refused.find(({ error }) => !isGone(error));
  if (fault !== undefined) throw fault.error;
  return quiesced.filter((each) => !refused.includes(each)).map(({ server }) => server);
}

async function waitFor(
  servers: readonly Found[],
  client: IpvsClient,
  limit: number,
  interruption: Interruption,
  { now, err }: Context,
): Promise<void> {
  const progress = new Progress(err);
  const [first] = servers;
  const what = servers.length === 1 && first ? describeServer(first) : `${servers.length} servers`;
  await waitUntilEmpty(servers, {
    client,
    limit,
    now,
    sleep: interruption.sleep,
    progress: (left) => progress.line(`draining ${what}: ${left} connections left`),
    concerns: ({ weight }) => weight === 0,
    stopRequested: () => interruption.requested,
  });
  progress.clear();
}

/** A server after its drain. */
interface End {
  /** As it was before. */
  readonly server: Found;
  /** Undefined where another program removed it meanwhile. */
  readonly now: Found | undefined;
  /** Whether the drain was interrupted: then no connections may be left for less than it takes one to be established. */
  readonly interrupted: boolean;
  readonly removed?: boolean;
  /** The hold that keeps its weight. */
  readonly hold?: Hold | undefined;
}

const leftOf = ({ now }: End): number => (now === undefined ? 0 : connectionsLeft(now.of, now.destination));

const isDrained = (end: End): boolean =>
  end.removed === true || (!end.interrupted && end.now?.destination.weight === 0 && leftOf(end) === 0);

async function removed(end: End, client: IpvsClient, weights: DrainedWeights): Promise<End> {
  const { of, destination } = end.server;
  const [error] = await client.applyAll([{ do: 'deleteDestination', of, id: destination.id }]);
  if (error !== undefined && !isGone(error)) throw error;
  await weights.forget([end.server]);
  return error === undefined ? { ...end, removed: true } : { ...end, now: undefined };
}

/**
 * The weight that this run took comes back, unless another program gave the server one, or added it again.
 * @param taken servers as they were before this run set their weight to 0
 */
async function restored(
  end: End,
  taken: readonly Found[],
  client: IpvsClient,
  weights: DrainedWeights,
): Promise<End> {
  const { server, now } = end;
  const weight = taken.find((each) => describeServer(each) === describeServer(server))?.destination.weight;
  if (now?.destination.weight !== 0 || weight === undefined || !weights.of(now)?.same) return end;
  await setWeight(client, now, weight);
  await weights.forget([server]);
  return { ...end, now: { of: now.of, destination: { ...now.destination, weight } } };
}

function stateOf(end: End): string {
  if (end.removed) return 'drained and removed';
  if (end.now === undefined) return 'not drained: another program removed it';
  const { weight } = end.now.destination;
  if (isDrained(end)) return 'drained';
  if (weight === 0 || end.interrupted) return `${leftOf(end)} connections left, at weight ${weight}`;
  return `not drained: another program set its weight to ${weight}`;
}

const line = (end: End): string => `${describeServer(end.server)}: ${stateOf(end)}\n`;

/** How to go on after an interruption. */
function adviceAfter(end: End, weights: DrainedWeights): string {
  const { service, server } = nameOf(end.server);
  const state = `lvsadm: interrupted: ${line(end).trimEnd()}`;
  const names = `${service} ${server}`;
  if (end.hold !== undefined) return `${state}; it stays held: 'lvsadm undrain ${names}' ends the hold\n`;
  const before = end.now && weights.of(end.now);
  if (end.now?.destination.weight !== 0 || !before?.same) return `${state}\n`;
  return `${state}; 'lvsadm drain ${names}' goes on, 'lvsadm undrain ${names}' restores weight ${before.weight}\n`;
}

const json = (end: End): Json => ({
  ...nameOf(end.server),
  drained: isDrained(end),
  connectionsLeft: leftOf(end),
  weight: end.removed ? null : (end.now?.destination.weight ?? null),
  removed: end.removed ?? false,
  held: heldJson(end.hold),
});
