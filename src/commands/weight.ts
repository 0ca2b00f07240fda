/** `lvsadm weight`: changes a server's share, at once or gradually. */
import type { Context } from '../context.js';
import type { IpvsClient } from '../ipvs/client.js';
import { destinationNumbers } from '../model/fields.js';
import { toJson } from '../output/json.js';
import { Progress } from '../output/progress.js';
import { defineCommand } from './command.js';
import { DrainedWeights } from './shared/drained-weights.js';
import { type Found, findServer, jsonOption, nameOf, serverPositionals, setWeight } from './shared/server.js';

/** Milliseconds between two steps of a ramp. */
const STEP = 1000;

export const command = defineCommand({
  positionals: {
    ...serverPositionals,
    weight: {
      type: 'weight',
      describe: `new weight: 0 (no new connections) to ${destinationNumbers.weight.max}`,
    },
  },
  options: {
    over: {
      type: 'seconds',
      default: 0,
      describe: 'time in which to reach the weight, in steps of a second',
    },
    ...jsonOption,
  },
  async run(context, values) {
    const { weight } = values;
    const client = await context.client();
    const found = await findServer(context, values);
    await ramp(client, found, weight, values.over * 1000, context);
    await (await DrainedWeights.open(context)).forget(found);
    const { service, server } = nameOf(found);
    const from = found.destination.weight;
    await context.out.write(
      values.json
        ? toJson({ service, server, from, weight })
        : `${server} of ${service}: weight ${from} -> ${weight}\n`,
    );
    return 0;
  },
});

/** A step a second, in a straight line over time; steps that would change nothing are left out. */
async function ramp(
  client: IpvsClient,
  found: Found,
  to: number,
  duration: number,
  { now, sleep, err }: Context,
): Promise<void> {
  const from = found.destination.weight;
  const start = now();
  const progress = new Progress(err);
  let at = from;
  while (at !== to) {
    const elapsed = now() - start;
    const next = elapsed >= duration ? to : from + Math.round(((to - from) * elapsed) / duration);
    if (next !== at) await setWeight(client, found, next);
    at = next;
    if (at === to) break;
    progress.line(`${nameOf(found).server}: weight ${at} of ${to}`);
    await sleep(Math.min(STEP, duration - elapsed));
  }
  progress.clear();
}
