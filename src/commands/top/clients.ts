/** The clients of a line of top, from the connection table. */
import type { Context } from '../../context.js';
import { ConnectionGroups } from '../../observe/connections/groups.js';
import { scanTable } from '../shared/connection-table.js';
import { withOwnClient } from '../shared/own-client.js';
import type { Line } from './arrange.js';
import type { Clients } from './state.js';

/** More than a screen has lines. */
const SHOWN = 1000;

/** @throws what scanTable does */
export async function readClients(context: Context, { service, server }: Line): Promise<Clients> {
  const groups = new ConnectionGroups({ by: 'client' });
  const selection = { service: service.service.id, server: server?.id };
  await withOwnClient(context, { autoload: false }, (own) =>
    scanTable(
      own,
      selection,
      (line) => groups.add(line),
      // Keys are answered in between.
      () => context.sleep(0),
    ),
  );
  return { groups: groups.top(SHOWN), entries: groups.entries };
}
