/** `lvsadm undrain`: restores the weight that a server had before its drain. */
import { UsageError } from '../errors.js';
import type { IpvsClient } from '../ipvs/client.js';
import type { Json } from '../output/json.js';
import { defineCommand } from './command.js';
import { DrainedWeights } from './shared/drained-weights.js';
import { Fallbacks } from './shared/fallbacks.js';
import {
  allServicesOption,
  describeServer,
  type Found,
  jsonOption,
  nameOf,
  serverSearch,
  serversJson,
  serversPositionals,
  setWeight,
} from './shared/server.js';
import { openStore, runDirOption } from './shared/store.js';

const RESTORED = 0;
const NOT_DRAINED = 1;

export const command = defineCommand({
  positionals: serversPositionals,
  options: { ...allServicesOption, ...runDirOption, ...jsonOption },
  notes:
    'Without a service it restores all servers of the host that `lvsadm drain` drained. A weight that was set since the ' +
    'drain stays, and so does that of a server that was removed and added again.',
  exitStatuses: {
    0: 'the weight is restored',
    1: 'the server is not drained: its weight is above 0, or it was added again since',
  },
  async run(context, values) {
    const search = await serverSearch(context, values);
    const client = await context.client();
    const store = openStore(context, values.runDir);
    const fallbacks = new Fallbacks(client, store, context.err);
    const ends: End[] = [];
    try {
      const weights = new DrainedWeights(store);
      for (const server of await search(client)) ends.push(await undrain(server, client, weights));
    } finally {
      // Also where the server is gone.
      await fallbacks.giveBack();
    }
    const [first] = ends;
    if (ends.length === 1 && first?.unknown) throw unknownWeight(first.server);
    // A host's servers in other services need not have been drained.
    const told = ends.some(isRestored) ? ends.filter(isRestored) : ends;
    await context.out.write(values.json ? serversJson(values, told.map(json)) : told.map(line).join(''));
    return told.every(isRestored) ? RESTORED : NOT_DRAINED;
  },
});

interface End {
  readonly server: Found;
  /** The weight that it has now. */
  readonly weight: number;
  /** Why the weight was not restored. */
  readonly refusal?: string;
  /** Whether its weight is 0 and the one before that is not known. */
  readonly unknown?: boolean;
}

const isRestored = ({ refusal }: End): boolean => refusal === undefined;

async function undrain(server: Found, client: IpvsClient, weights: DrainedWeights): Promise<End> {
  const { weight } = server.destination;
  const before = weights.of(server);
  if (weight > 0) {
    await weights.forget([server]);
    return { server, weight, refusal: `not drained: its weight is ${weight}` };
  }
  if (before === undefined) {
    return { server, weight, refusal: 'lvsadm did not drain it, so its weight is unknown', unknown: true };
  }
  if (before.same) await setWeight(client, server, before.weight);
  await weights.forget([server]);
  if (before.same) return { server, weight: before.weight };
  const refusal = `not drained: it was added again, or its counters were zeroed, since its drain at weight ${before.weight}`;
  return { server, weight, refusal };
}

function unknownWeight(found: Found): UsageError {
  const { service, server } = nameOf(found);
  return new UsageError(
    `lvsadm did not drain it, so its weight is unknown; set one: lvsadm weight ${service} ${server} N`,
    server,
  );
}

const line = ({ server, weight, refusal }: End): string =>
  `${describeServer(server)}: ${refusal ?? `weight ${weight}`}\n`;

const json = ({ server, weight, refusal }: End): Json => ({
  ...nameOf(server),
  weight,
  restored: refusal === undefined,
  reason: refusal,
});
