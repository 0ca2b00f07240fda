/** Servers whose connections stay in SYN_RECV. */
import type { Context } from '../../context.js';
import { ConnectionGroups } from '../../observe/connections/groups.js';
import {
  allStuckText,
  areAllStuck,
  type StuckServer,
  stuckServers,
  verdictTexts,
} from '../../observe/connections/stuck.js';
import type { Column } from '../../output/columns.js';
import { wrap } from '../../output/definition-list.js';
import { toJson } from '../../output/json.js';
import { renderTable } from '../../output/table.js';
import { type Theme, themeFor } from '../../output/theme.js';
import type { Scan } from '../shared/connection-table.js';
import { boundText, namedGroups } from './groups.js';

const columns: readonly Column[] = [
  { heading: 'SERVER' },
  { heading: 'CONNECTIONS', align: 'right' },
  { heading: 'SYN_RECV', align: 'right' },
  { heading: 'SHARE', align: 'right' },
];

const paints: Readonly<Record<StuckServer['verdict'], keyof Theme | undefined>> = {
  ok: undefined,
  few: undefined,
  slow: 'warning',
  stuck: 'error',
};

interface Layout {
  readonly json: boolean;
  readonly resolve: boolean;
}

/** @param groups by server, empty */
export async function writeStuck(
  context: Context,
  scan: Scan,
  { json, resolve }: Layout,
  groups = new ConnectionGroups({ by: 'server' }),
): Promise<void> {
  const { out, env } = context;
  await scan((line) => groups.add(line));
  const servers = stuckServers(await namedGroups(context, groups, { resolve }));
  const allStuck = areAllStuck(servers);
  if (json) {
    const { errorBound } = groups;
    await out.write(toJson({ errorBound, servers: servers.map((server) => ({ ...server })), allStuck }));
    return;
  }
  const theme = await themeFor(out, env);
  const rows = servers.map((server) => ({ cells: cellsOf(server, theme), note: noteOf(server) }));
  await out.write(renderTable(columns, rows, theme, out.columns) + boundText(groups));
  if (allStuck) await out.write(`\n${wrap(allStuckText, out.columns ?? 100).join('\n')}\n`);
}

function cellsOf({ server, connections, synReceived, share, verdict }: StuckServer, theme: Theme): string[] {
  const percent = `${Math.round(100 * share)} %`;
  const paint = paints[verdict];
  return [
    server,
    String(connections),
    String(synReceived),
    paint === undefined ? percent : theme[paint](percent),
  ];
}

/** What the share means, where it is not as it should be. */
const noteOf = ({ verdict }: StuckServer): string | undefined =>
  verdict === 'ok' ? undefined : verdictTexts[verdict];
