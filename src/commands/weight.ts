/** `lvsadm weight`: changes a server's share, at once or gradually. */
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import type { IpvsClient } from '../ipvs/client.js';
import { destinationNumbers } from '../model/fields.js';
import { toJson } from '../output/json.js';
import { Progress } from '../output/progress.js';
import { defineCommand, labelOf, type Options, type Positionals, usageOf, type Values } from './command.js';
import { type TableBefore, withTableBefore } from './shared/change/change-history.js';
import { Interruption, interruptOption } from './shared/change/interruption.js';
import { beginHold, keptForChange } from './shared/holds/begin-hold.js';
import { DrainedWeights } from './shared/holds/drained-weights.js';
import { Fallbacks, forceOption } from './shared/holds/fallbacks.js';
import { HoldStore, holdOptions, holdsNamed, holdTerms } from './shared/holds/holds.js';
import {
  describeServer,
  type Found,
  findServer,
  jsonOption,
  nameOf,
  present,
  serverPositionals,
  setWeight,
} from './shared/server.js';
import { openStore, runDirOption } from './shared/store.js';
import { command as undrain } from './undrain.js';

const REACHED = 0;
const NOT_REACHED = 1;

/** Milliseconds between two steps of a ramp. */
const STEP = 1000;

const needed = {
  ...serverPositionals,
  weight: {
    type: 'weight',
    describe: `new weight: 0 (no new connections) to ${destinationNumbers.weight.max}; +5: 5 more; 50%: of the present weight`,
  },
} as const satisfies Positionals;

/** With --release there is no weight. */
const positionals = {
  ...needed,
  weight: { ...needed.weight, optional: true },
} as const satisfies Positionals;

const options = {
  over: {
    type: 'seconds',
    default: 0,
    describe: 'time in which to reach the weight, in steps of a second',
  },
  hold: {
    type: 'flag',
    describe: 'keep the weight, over documents, checks and reboots, until lvsadm undrain',
  },
  release: {
    type: 'flag',
    conflicts: 'hold',
    describe: 'end the hold of the server, as lvsadm undrain does',
  },
  ...holdOptions,
  ...forceOption,
  ...interruptOption,
  ...runDirOption,
  ...jsonOption,
} as const satisfies Options;

export const command = defineCommand({
  positionals,
  options,
  exitStatuses: {
    0: 'the server has the weight',
    1: 'another program removed the server, or changed its weight, meanwhile',
    130: 'interrupted by SIGINT (143: by SIGTERM); a line on standard error tells the weight',
  },
  examples: [
    ['lvsadm weight tcp://192.0.2.10:80 198.51.100.7 50 --over 5m', 'a new server warms up'],
    ['lvsadm weight tcp://192.0.2.10:80 198.51.100.7 50%', 'half of the present weight'],
  ],
  async run(context, values) {
    const terms = holdTerms(values, context);
    const weight = weightOf(values);
    if (weight === undefined) return releaseHold(context, values);
    const found = await findServer(context, values);
    const client = await context.client();
    const from = found.destination.weight;
    const wanted = weight(from);
    const store = openStore(context, values.runDir);
    const fallbacks = new Fallbacks(client, store, context.err);
    const kept = await keptForChange([found], terms, store);
    if (from > 0 && wanted === 0 && !values.force) {
      await fallbacks.requireFallback([found.of], kept.length > 0 ? [found.of] : []);
    }
    let record: TableBefore | undefined;
    const begin = async (before?: TableBefore) => {
      record = before;
      if (terms !== undefined) {
        const request = { servers: [found], weight: wanted, terms, force: values.force };
        await beginHold(request, new HoldStore(context, values.stateDir), store, context);
      }
      await before?.keepIfPossible({ added: 0, changed: 1, removed: 0 });
    };
    const recording = { context, client, store, stateDir: values.stateDir };
    await (from === wanted ? begin() : withTableBefore(recording, begin));
    const weights = new DrainedWeights(store);
    // Once the hold has expired, lvsadm undrain restores the weight, as after a drain.
    const isTakenOut = terms !== undefined && wanted === 0 && kept.length === 0;
    if (isTakenOut && from > 0) await weights.remember([found]);
    const interruption = new Interruption(context);
    let isSet = false;
    const set: SetWeight = async (server, weight) => {
      if (weight > 0) await setWeight(client, server, weight);
      else {
        await fallbacks.whileSet([server.of], async () => {
          // Another program may have changed it while this one waited for its turn.
          await setWeight(client, (await present(client, server)) ?? server, weight);
        });
      }
      isSet = true;
    };
    const reach = async () => {
      const start = terms === undefined ? found : await present(client, found);
      return start && ramp(client, start, wanted, values.over * 1000, interruption, context, set);
    };
    const end = await reach().finally(async () => {
      if (!isSet && terms === undefined) await record?.forget();
    });
    const interrupted = interruption.requested && end !== undefined && end.destination.weight !== wanted;
    if (interrupted && values.onInterrupt === 'restore') await set(end, from);
    const reached = interrupted && values.onInterrupt === 'restore' ? from : end?.destination.weight;
    await fallbacks.giveBack();
    if (reached !== wanted) {
      await context.err.write(`lvsadm: ${describeServer(found)}: ${stopped(reached, interrupted)}\n`);
    } else if (!isTakenOut) await weights.forget([found]);
    const { service, server } = nameOf(found);
    if (values.json) await context.out.write(toJson({ service, server, from, weight: reached ?? null }));
    else if (reached !== undefined) {
      await context.out.write(`${describeServer(found)}: weight ${from} -> ${reached}\n`);
    }
    if (interrupted) return interruption.status;
    return reached === wanted ? REACHED : NOT_REACHED;
  },
});

type Given = Values<typeof options, typeof positionals>;

/** @returns undefined with --release. @throws UsageError */
function weightOf({ weight, release, hold, over }: Given): Given['weight'] {
  if (release && weight !== undefined) throw new UsageError('cannot be combined with a weight', '--release');
  if (hold && over > 0) throw new UsageError('cannot be combined with --hold', '--over');
  if (weight === undefined && !release) {
    throw new UsageError(`missing; it takes ${usageOf(needed)}`, labelOf('weight', needed.weight));
  }
  return weight;
}

async function releaseHold(context: Context, values: Given): Promise<number> {
  const named = { ...values, allServices: undefined };
  const held = await holdsNamed(named, new HoldStore(context, values.stateDir).read(), context);
  if (held.length === 0) throw new UsageError('not held', `${values.server} of ${values.service}`);
  return undrain.run(context, named);
}

/** Why the weight was not reached. @param weight at the end; undefined if the server was removed */
function stopped(weight: number | undefined, interrupted: boolean): string {
  if (interrupted) return `interrupted at weight ${weight}; the same command goes on from there`;
  return weight === undefined
    ? 'another program removed it meanwhile'
    : `another program set its weight to ${weight} meanwhile`;
}

type SetWeight = (server: Found, weight: number) => Promise<void>;

/**
 * A step a second, in a straight line over time; steps that would change nothing are left out. Ends early on a request to stop, and
 * where another program changes the weight or removes the server.
 * @returns the server as it is at the end; undefined if it was removed
 */
async function ramp(
  client: IpvsClient,
  found: Found,
  to: number,
  duration: number,
  interruption: Interruption,
  { now, err }: Context,
  set: SetWeight,
): Promise<Found | undefined> {
  const from = found.destination.weight;
  const start = now();
  const progress = new Progress(err);
  let server: Found | undefined = found;
  let at = from;
  while (at !== to && server?.destination.weight === at && !interruption.requested) {
    const elapsed = now() - start;
    const next = elapsed >= duration ? to : from + Math.round(((to - from) * elapsed) / duration);
    if (next !== at) await set(server, next);
    at = next;
    if (at === to) return { of: found.of, destination: { ...server.destination, weight: to } };
    progress.line(`${nameOf(found).server}: weight ${at} of ${to}`);
    await interruption.sleep(Math.min(STEP, duration - elapsed));
    server = await present(client, found);
  }
  progress.clear();
  return server;
}
