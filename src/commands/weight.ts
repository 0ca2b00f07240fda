/** `lvsadm weight`: changes a server's share, at once or little by little. */
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import type { IpvsClient } from '../ipvs/client.js';
import { toJson } from '../output/json.js';
import { Progress } from '../output/progress.js';
import type { Command } from './command.js';
import { seconds } from './shared/seconds.js';
import {
  describeServer,
  type Found,
  findServer,
  jsonOption,
  nameOf,
  positionals,
  setWeight,
  Weights,
} from './shared/server.js';

const LARGEST = 2147483647;

/** Milliseconds between two steps of a ramp. */
const STEP = 1000;

export const command: Command = {
  positionals: `${positionals} <weight>`,
  options: {
    over: { type: 'string', requiresArg: true, default: '0', describe: 'seconds in which to get there' },
    ...jsonOption,
  },
  build: (yargs) =>
    describeServer(yargs).positional('weight', { type: 'string', describe: `0 to ${LARGEST}` }),
  async run(context, values) {
    const text = String(values['weight']);
    const weight = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (!(weight <= LARGEST)) throw new UsageError(`'${text}' is not a weight from 0 to ${LARGEST}`, text);
    const client = await context.client();
    const found = await findServer(client, context, values);
    await ramp(client, found, weight, seconds('over', values['over']) * 1000, context);
    await (await Weights.open(context)).forget(found);
    const { service, server } = nameOf(found);
    const from = found.destination.weight;
    await context.out.write(
      values['json']
        ? toJson({ service, server, from, weight })
        : `${server} of ${service}: weight ${from} -> ${weight}\n`,
    );
    return 0;
  },
};

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
