/** Connections counted by what they have in common. */
import type { Context } from '../../context.js';
import { masked } from '../../foreign-text.js';
import { type ConnectionGroup, ConnectionGroups } from '../../observe/connections/groups.js';
import type { Grouping } from '../../observe/connections/keys.js';
import type { Column } from '../../output/columns.js';
import { type Json, toJson } from '../../output/json.js';
import { RowStream } from '../../output/row-stream.js';
import { themeFor } from '../../output/theme.js';
import { MOST_NAMES, namesOf } from '../shared/address-names.js';
import type { Scan } from '../shared/connection-table.js';

interface Layout {
  readonly json: boolean;
  readonly wide: boolean;
  readonly resolve: boolean;
  readonly grouping: Grouping;
  /** Undefined: all of them. */
  readonly top: number | undefined;
}

export async function writeGroups(context: Context, scan: Scan, layout: Layout): Promise<void> {
  const { out, env } = context;
  const groups = new ConnectionGroups(layout.grouping);
  await scan((line) => groups.add(line));
  const shown = await namedGroups(context, groups, layout);
  if (layout.json) {
    await out.write(toJson(groupsJson(groups, shown, layout.grouping)));
    return;
  }
  const theme = await themeFor(out, env);
  const rows = new RowStream(columnsOf(layout.grouping), theme, layout.wide ? undefined : out.columns);
  for (const group of shown) rows.add(cellsOf(group, layout.grouping));
  await rows.end(out);
  await out.write(boundText(groups));
}

/** The largest groups, with `resolve` by the names of their addresses. */
export async function namedGroups(
  context: Context,
  groups: ConnectionGroups,
  { resolve, top = groups.size }: Pick<Layout, 'resolve'> & Partial<Pick<Layout, 'top'>>,
): Promise<ConnectionGroup[]> {
  const addresses = resolve ? groups.addresses(Math.min(top, MOST_NAMES)) : [];
  return groups.top(top, resolve ? await namesOf(context, addresses) : undefined);
}

const hasServers = ({ by }: Grouping): boolean => by !== 'server';
const hasStates = ({ by }: Grouping): boolean => by !== 'state';

const columnsOf = (grouping: Grouping): Column[] => [
  { heading: grouping.by.toUpperCase() },
  { heading: 'ENTRIES', align: 'right' },
  ...(hasServers(grouping) ? [{ heading: 'SERVERS', align: 'right', leaves: 2 } as const] : []),
  ...(hasStates(grouping) ? [{ heading: 'STATES', leaves: 1 }] : []),
];

function cellsOf(
  { name, entries, servers, moreServers, states }: ConnectionGroup,
  grouping: Grouping,
): string[] {
  return [
    masked(name),
    String(entries),
    ...(hasServers(grouping) ? [`${servers}${moreServers ? '+' : ''}`] : []),
    ...(hasStates(grouping) ? [states.map(([state, count]) => `${masked(state)} ${count}`).join(', ')] : []),
  ];
}

/** A line about counts that are inexact; empty if all are exact. */
export const boundText = ({ size, errorBound }: ConnectionGroups): string =>
  errorBound === 0
    ? ''
    : `More than ${size} groups: counts may be too high by at most ${errorBound}, and groups with at most ${errorBound} entries may be missing.\n`;

function groupsJson(groups: ConnectionGroups, shown: readonly ConnectionGroup[], { by }: Grouping): Json {
  return {
    entries: groups.entries,
    errorBound: groups.errorBound,
    groups: shown.map(({ name, entries, error, servers, moreServers, states }) => ({
      [by]: name,
      entries,
      error,
      servers,
      moreServers,
      states: Object.fromEntries(states),
    })),
  };
}
