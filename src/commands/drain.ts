/** `lvsadm drain`: takes a server out of service without breaking connections. */
import { toJson } from '../output/json.js';
import { Progress } from '../output/progress.js';
import { drainsByRefusing, waitUntilEmpty } from '../plan/drain.js';
import type { Command } from './command.js';
import { seconds } from './shared/seconds.js';
import {
  describeServer,
  findServer,
  jsonOption,
  nameOf,
  positionals,
  setWeight,
  Weights,
} from './shared/server.js';

const EMPTY = 0;
const CONNECTIONS_LEFT = 1;

export const command: Command = {
  positionals,
  options: {
    timeout: {
      type: 'string',
      requiresArg: true,
      default: '300',
      describe: 'seconds to wait for connections to leave',
    },
    delete: { type: 'boolean', default: false, describe: 'remove the server once no connections are left' },
    ...jsonOption,
  },
  build: (yargs) =>
    describeServer(yargs).epilogue(
      'Sets the weight to 0, which keeps new connections away, and waits for those that are there. `undrain` gives the ' +
        'weight back. Exit status: 0 no connections are left, 1 some are after the time, and the server stays at weight 0.',
    ),
  async run(context, values) {
    const limit = seconds('timeout', values['timeout']) * 1000;
    const client = await context.client();
    const found = await findServer(client, context, values);
    const { destination } = found;
    if (destination.weight > 0) {
      const refusing = drainsByRefusing(await client.service(found.of));
      if (refusing !== undefined) await context.err.write(`lvsadm: ${refusing}\n`);
      const weights = await Weights.open(context);
      // Remembered first: a weight that is lost in between could not be given back.
      await weights.remember(found, destination.weight);
      await setWeight(client, found, 0);
    }
    const progress = new Progress(context.err);
    const { service, server } = nameOf(found);
    const left = await waitUntilEmpty([found], {
      client,
      limit,
      now: context.now,
      sleep: context.sleep,
      progress: (count) => progress.line(`draining ${server} of ${service}: ${count} connections left`),
    });
    progress.clear();
    const removed = left === 0 && values['delete'] === true;
    if (removed) {
      await client.apply({ do: 'deleteDestination', of: found.of, id: destination.id });
      await (await Weights.open(context)).forget(found);
    }
    await context.out.write(
      values['json']
        ? toJson({ service, server, connectionsLeft: left, removed })
        : `${server} of ${service}: ${removed ? 'drained and removed' : left === 0 ? 'drained' : `${left} connections left, at weight 0`}\n`,
    );
    return left === 0 ? EMPTY : CONNECTIONS_LEFT;
  },
};
