/** `lvsadm history`: the last changes that can be rolled back. */
import { printable } from '../foreign-text.js';
import type { ChangeRecord } from '../history/change-record.js';
import type { PendingChange } from '../history/pending-change.js';
import { localTime } from '../model/local-time.js';
import type { Column } from '../output/columns.js';
import { type Json, toJson } from '../output/json.js';
import { renderTable } from '../output/table.js';
import { themeFor } from '../output/theme.js';
import { defineCommand } from './command.js';
import { openHistory } from './shared/change/change-history.js';
import { deadlineText, pendingChange, whyStill } from './shared/change/confirmation.js';
import { jsonOption } from './shared/server.js';
import { openStore, runDirOption, stateDirOption } from './shared/store.js';

export const command = defineCommand({
  options: { ...stateDirOption, ...runDirOption, ...jsonOption },
  onlyReads: true,
  notes:
    'The last 20 changes by apply, drain, undrain, weight and rollback, the newest first, if the tables before them take at most 64 MiB ' +
    "together. `lvsadm rollback N` brings back the table before change N. Changes by ipvsadm's commands and by other programs are not " +
    'recorded.',
  examples: [
    ['lvsadm history', 'who changed the table, when and how'],
    ['lvsadm rollback 17 --dry-run', 'what the table before change 17 would change now'],
  ],
  async run(context, { stateDir, runDir, json }) {
    const records = openHistory(context, stateDir).records().toReversed();
    const pending = pendingChange(openStore(context, runDir));
    const now = context.date().getTime();
    await context.out.write(
      json
        ? toJson({ changes: records.map((record) => recordJson(record, pending)) })
        : records.length === 0
          ? 'no changes\n'
          : renderTable(
              columns,
              records.map((record) => ({ cells: cells(record), note: note(record, pending, now) })),
              await themeFor(context.out, context.env),
              context.out.columns,
            ),
    );
    return 0;
  },
});

const columns: readonly Column[] = [
  { heading: 'N' },
  { heading: 'TIME' },
  { heading: 'USER' },
  { heading: 'FROM', leaves: 2 },
  { heading: 'ADDED', align: 'right', leaves: 1 },
  { heading: 'CHANGED', align: 'right', leaves: 1 },
  { heading: 'REMOVED', align: 'right', leaves: 1 },
  { heading: 'COMMAND' },
];

const cells = (record: ChangeRecord): string[] => [
  String(record.number),
  localTime(record.time),
  printable(record.user),
  printable(record.client ?? record.terminal ?? ''),
  ...[record.added, record.changed, record.removed].map(String),
  printable(record.cause),
];

function note({ number }: ChangeRecord, pending: PendingChange | undefined, now: number): string | undefined {
  if (pending?.number !== number) return undefined;
  const waits = `waits for 'lvsadm confirm'; without that it is taken back at ${deadlineText(pending)}`;
  return whyStill(pending, now) ?? waits;
}

const recordJson = (record: ChangeRecord, pending: PendingChange | undefined): Json => {
  const { number, time, user, client, terminal, cause, added, changed, removed, settings } = record;
  return {
    number,
    time: new Date(time).toISOString(),
    user,
    client: client ?? null,
    terminal: terminal ?? null,
    command: cause,
    added,
    changed,
    removed,
    settings: settings && { ...settings },
    confirm: pending?.number === number ? confirmJson(pending) : undefined,
  };
};

const confirmJson = ({ deadline, problem }: PendingChange): Json => ({
  until: new Date(deadline).toISOString(),
  problem,
});
