/** Changes of a server from top: the commands drain, undrain and weight make them, with their locks and remembered weights. */
import type { Context } from '../../context.js';
import { destinationKey } from '../../model/destination.js';
import { outputTo } from '../../output/deferred-output.js';
import { command as drain } from '../drain.js';
import { keptByAgent } from '../shared/holds/kept-servers.js';
import { withOwnClient } from '../shared/own-client.js';
import { findServer } from '../shared/server.js';
import { openStore } from '../shared/store.js';
import { command as undrain } from '../undrain.js';
import { valueTypes } from '../value-types.js';
import { command as weight } from '../weight.js';
import type { Action } from './state.js';

/** @returns what the command said, in one line. @throws what the command throws */
export async function carryOut(
  action: Action,
  context: Context,
  runDir: string | undefined,
): Promise<string> {
  const said: string[] = [];
  const output = outputTo((text) => said.push(text));
  await withOwnClient({ ...context, out: output, err: output }, {}, (own) => run(action, own, runDir));
  return said.join('').trim().replaceAll('\n', '; ');
}

async function run(action: Action, context: Context, runDir: string | undefined): Promise<number> {
  const { service, server } = action.line;
  const common = {
    service: service.name,
    server: destinationKey(server.id),
    runDir,
    stateDir: undefined,
    json: false,
  };
  if (action.do === 'undrain')
    return undrain.run(context, { ...common, allServices: undefined, force: false });
  // An agent would undo a change that is no hold.
  const found = await findServer(context, common);
  const hold = (await keptByAgent([found], openStore(context, runDir))).length > 0;
  const terms = { hold, reason: hold ? 'top' : undefined, until: undefined };
  const everyday = { ...terms, force: false, onInterrupt: 'keep' } as const;
  if (action.do === 'weight') {
    const to = valueTypes.weight.read(action.weight ?? '');
    return weight.run(context, { ...common, ...everyday, weight: to, over: 0, release: false });
  }
  // The screen shows how its connections end.
  return drain.run(context, { ...common, ...everyday, allServices: undefined, delete: false, timeout: 0 });
}
