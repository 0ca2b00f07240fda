/** `lvsadm undrain`: restores the weight that a server had before its drain. */
import { UsageError } from '../errors.js';
import { toJson } from '../output/json.js';
import { defineCommand } from './command.js';
import { DrainedWeights } from './shared/drained-weights.js';
import { findServer, jsonOption, nameOf, serverPositionals, setWeight } from './shared/server.js';

export const command = defineCommand({
  positionals: serverPositionals,
  options: jsonOption,
  async run(context, values) {
    const client = await context.client();
    const found = await findServer(context, values);
    const weights = await DrainedWeights.open(context);
    const weight = weights.of(found);
    const { service, server } = nameOf(found);
    if (weight === undefined) {
      throw new UsageError(
        `lvsadm did not drain it, so its weight is unknown; set one: lvsadm weight ${service} ${server} N`,
        server,
      );
    }
    await setWeight(client, found, weight);
    await weights.forget(found);
    await context.out.write(
      values.json ? toJson({ service, server, weight }) : `${server} of ${service}: weight ${weight}\n`,
    );
    return 0;
  },
});
