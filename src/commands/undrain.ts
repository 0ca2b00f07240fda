/** `lvsadm undrain`: restores the weight that a server had before its drain. */
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import type { IpvsClient } from '../ipvs/client.js';
import { type Hold, holdKey, holdText } from '../model/hold.js';
import type { Json } from '../output/json.js';
import { defineCommand, type Options } from './command.js';
import { type TableBefore, withTableBefore } from './shared/change/change-history.js';
import { userName } from './shared/change/origin.js';
import { DrainedWeights } from './shared/holds/drained-weights.js';
import { Fallbacks } from './shared/holds/fallbacks.js';
import { HoldStore, holdsNamed, whileHoldsStay } from './shared/holds/holds.js';
import { keptByAgent } from './shared/holds/kept-servers.js';
import { type Released, release } from './shared/holds/release.js';
import {
  allServicesOption,
  type Found,
  jsonOption,
  nameOf,
  serverSearch,
  serversJson,
  serversPositionals,
  setWeight,
} from './shared/server.js';
import { openStore, runDirOption, stateDirOption } from './shared/store.js';

const forceOption = {
  force: { type: 'flag', describe: 'also end the hold of another user' },
} as const satisfies Options;

const RESTORED = 0;
const NOT_DRAINED = 1;

export const command = defineCommand({
  positionals: serversPositionals,
  options: { ...allServicesOption, ...forceOption, ...stateDirOption, ...runDirOption, ...jsonOption },
  notes:
    'Without a service it restores all servers of the host that `lvsadm drain` drained. A weight that was set since the ' +
    'drain stays, and so does that of a server that was removed and added again. A hold of the server ends, also if the table lacks ' +
    'the server; while an agent (lvsadm run) sets its weight, that is the weight that it gets.',
  exitStatuses: {
    0: 'the weight is restored',
    1: 'the server is not drained: its weight is above 0, or it was added again since',
  },
  async run(context, values) {
    const search = await serverSearch(context, values);
    const client = await context.client();
    const store = openStore(context, values.runDir);
    const fallbacks = new Fallbacks(client, store, context.err);
    let ends: readonly End[];
    try {
      const weights = new DrainedWeights(store);
      const holds = new HoldStore(context, values.stateDir);
      const judged = async () => {
        const named = await holdsNamed(values, holds.read(), context);
        const held = named.filter(({ ofFleet }) => !ofFleet);
        if (!values.force) refuseForeign(held, context);
        return { named, held };
      };
      const first = await judged();
      // A hold ends also if its server is gone.
      const servers = await search(client).catch((error) =>
        first.named.length > 0 ? [] : Promise.reject(error),
      );
      const restored = servers.filter(
        (server) => server.destination.weight === 0 && weights.of(server)?.same,
      );
      const changed = Math.max(first.held.length, restored.length);
      const end = (before?: TableBefore) =>
        // The holds that end are those that are judged: another user may have begun one meanwhile.
        whileHoldsStay(store, async (): Promise<End[]> => {
          const { named, held } = await judged();
          await before?.keepIfPossible({ added: 0, changed, removed: 0 });
          const ended = (await release(held, servers, client, holds, store)).map(releasedEnd);
          const ofFleet = named.filter((hold) => hold.ofFleet);
          ended.push(...ofFleet.map((hold) => stillHeldEnd(hold, servers, context.date().getTime())));
          const keys = named.map(holdKey);
          const others = servers.filter((server) => !keys.includes(holdKey(nameOf(server))));
          const kept = new Map((await keptByAgent(others, store)).map(({ server, pid }) => [server, pid]));
          for (const server of others) ended.push(await undrain(server, kept.get(server), client, weights));
          if (held.length === 0 && !ended.some(isRestored)) await before?.forget();
          return ended;
        });
      const recording = { context, client, store, stateDir: values.stateDir };
      ends = await (changed > 0 ? withTableBefore(recording, end) : end());
    } finally {
      // Also where the server is gone.
      await fallbacks.giveBack();
    }
    const [first] = ends;
    if (ends.length === 1 && first?.unknown) throw unknownWeight(first);
    // A host's servers in other services need not have been drained.
    const told = ends.some(isRestored) ? ends.filter(isRestored) : ends;
    await context.out.write(values.json ? serversJson(values, told.map(json)) : told.map(line).join(''));
    return told.every(isRestored) ? RESTORED : NOT_DRAINED;
  },
});

/** @throws UsageError for the hold of another user */
function refuseForeign(held: readonly Hold[], { env, date }: Context): void {
  const foreign = held.find(({ by }) => by !== userName(env));
  if (foreign === undefined) return;
  const text = `${holdText(foreign, date().getTime())}; --force ends the hold`;
  throw new UsageError(text, `${foreign.server} of ${foreign.service}`);
}

interface End {
  readonly service: string;
  readonly server: string;
  /** The weight that it has now; null if the table lacks it. */
  readonly weight: number | null;
  /** Why the weight was not restored. */
  readonly refusal?: string;
  /** Whether its weight is 0 and the one before that is not known. */
  readonly unknown?: boolean;
  /** More about the weight. */
  readonly note?: string;
}

const isRestored = ({ refusal }: End): boolean => refusal === undefined;

/** @param agent process of the agent that sets its weight */
async function undrain(
  found: Found,
  agent: number | undefined,
  client: IpvsClient,
  weights: DrainedWeights,
): Promise<End> {
  const { weight } = found.destination;
  const names = nameOf(found);
  const before = weights.of(found);
  if (weight > 0) {
    await weights.forget([found]);
    return { ...names, weight, refusal: `not drained: its weight is ${weight}` };
  }
  if (agent !== undefined) {
    return { ...names, weight, refusal: `not held: the agent (process ${agent}) sets its weight` };
  }
  if (before === undefined) {
    return { ...names, weight, refusal: 'lvsadm did not drain it, so its weight is unknown', unknown: true };
  }
  if (before.same) await setWeight(client, found, before.weight);
  await weights.forget([found]);
  if (before.same) return { ...names, weight: before.weight };
  const refusal = `not drained: it was added again, or its counters were zeroed, since its drain at weight ${before.weight}`;
  return { ...names, weight, refusal };
}

function releasedEnd({ hold: { service, server }, weight, agent }: Released): End {
  const note =
    agent === undefined
      ? 'the hold has ended'
      : `the hold has ended; the agent (process ${agent}) sets the weight`;
  return { service, server, weight: weight ?? null, note };
}

/** The fleet's holds are in its store: a director that ended one for itself would have it again. */
function stillHeldEnd(hold: Hold, servers: readonly Found[], now: number): End {
  const { service, server } = hold;
  const found = servers.find((each) => holdKey(nameOf(each)) === holdKey(hold));
  const refusal = `${holdText(hold, now)}; lvsadm fleet undrain ends the hold`;
  return { service, server, weight: found?.destination.weight ?? null, refusal };
}

function unknownWeight({ service, server }: End): UsageError {
  return new UsageError(
    `lvsadm did not drain it, so its weight is unknown; set one: lvsadm weight ${service} ${server} N`,
    server,
  );
}

function line({ service, server, weight, refusal, note }: End): string {
  const result = refusal ?? (weight === null ? 'not in the table' : `weight ${weight}`);
  return `${server} of ${service}: ${result}${note === undefined ? '' : ` (${note})`}\n`;
}

const json = ({ service, server, weight, refusal }: End): Json => ({
  service,
  server,
  weight,
  restored: refusal === undefined,
  reason: refusal,
});
