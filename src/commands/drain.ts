/** `lvsadm drain`: takes a server out of service without breaking connections. */
import { toJson } from '../output/json.js';
import { Progress } from '../output/progress.js';
import { drainsByRefusing } from '../plan/drain-scheduling.js';
import { waitUntilEmpty } from '../plan/wait-until-empty.js';
import { defineCommand } from './command.js';
import { DrainedWeights } from './shared/drained-weights.js';
import { findServer, jsonOption, nameOf, serverPositionals, setWeight } from './shared/server.js';

const EMPTY = 0;
const CONNECTIONS_LEFT = 1;

export const command = defineCommand({
  positionals: serverPositionals,
  options: {
    timeout: { type: 'seconds', default: 300, describe: 'time to wait for connections to end' },
    delete: { type: 'flag', describe: 'remove the server once it has no connections left' },
    ...jsonOption,
  },
  notes:
    'Sets the weight to 0, so that the server gets no new connections, and waits until its current connections have ' +
    'ended. `lvsadm undrain` restores the weight.',
  exitStatuses: {
    0: 'no connections are left',
    1: 'connections are left after the timeout; the server stays at weight 0',
  },
  async run(context, values) {
    const client = await context.client();
    const found = await findServer(context, values);
    const { destination } = found;
    if (destination.weight > 0) {
      const refusing = drainsByRefusing(await client.service(found.of));
      if (refusing !== undefined) await context.err.write(`lvsadm: ${refusing}\n`);
      const weights = await DrainedWeights.open(context);
      // Before the change, so that an interrupted run does not lose the weight.
      await weights.remember(found, destination.weight);
      await setWeight(client, found, 0);
    }
    const progress = new Progress(context.err);
    const { service, server } = nameOf(found);
    const left = await waitUntilEmpty([found], {
      client,
      limit: values.timeout * 1000,
      now: context.now,
      sleep: context.sleep,
      progress: (count) => progress.line(`draining ${server} of ${service}: ${count} connections left`),
    });
    progress.clear();
    const removed = left === 0 && values.delete;
    if (removed) {
      await client.apply({ do: 'deleteDestination', of: found.of, id: destination.id });
      await (await DrainedWeights.open(context)).forget(found);
    }
    await context.out.write(
      values.json
        ? toJson({ service, server, connectionsLeft: left, removed })
        : `${server} of ${service}: ${removed ? 'drained and removed' : left === 0 ? 'drained' : `${left} connections left, at weight 0`}\n`,
    );
    return left === 0 ? EMPTY : CONNECTIONS_LEFT;
  },
});
