/** `lvsadm undrain`: gives a drained server the weight back that it had. */
import { UsageError } from '../errors.js';
import { toJson } from '../output/json.js';
import type { Command } from './command.js';
import {
  describeServer,
  findServer,
  jsonOption,
  nameOf,
  positionals,
  setWeight,
  Weights,
} from './shared/server.js';

export const command: Command = {
  positionals,
  options: jsonOption,
  build: describeServer,
  async run(context, values) {
    const client = await context.client();
    const found = await findServer(client, context, values);
    const weights = await Weights.open(context);
    const weight = weights.of(found);
    const { service, server } = nameOf(found);
    if (weight === undefined) {
      throw new UsageError(
        `nothing is known of a weight before a drain; give it one: lvsadm weight ${service} ${server} N`,
        server,
      );
    }
    await setWeight(client, found, weight);
    await weights.forget(found);
    await context.out.write(
      values['json'] ? toJson({ service, server, weight }) : `${server} of ${service}: weight ${weight}\n`,
    );
    return 0;
  },
};
