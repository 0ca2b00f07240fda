/** Results of checks: a row for each check of each server. */
import type { Context } from '../../context.js';
import type { CheckResult } from '../../health/run-check.js';
import type { PlacedCheck } from '../../health/run-checks.js';
import { formatEndpoint } from '../../model/address.js';
import { shown } from '../../output/columns.js';
import type { Json } from '../../output/json.js';
import { type Row, renderTable } from '../../output/table.js';
import { type Theme, themeFor } from '../../output/theme.js';
import type { ServerCheck } from './server-checks.js';

/** A check and its result; undefined for a server without a check. */
export interface Checked extends ServerCheck {
  readonly result: CheckResult | undefined;
}

type Outcome = 'up' | 'down' | 'unchecked';

const outcomeOf = ({ result }: Checked): Outcome =>
  result === undefined ? 'unchecked' : result.ok ? 'up' : 'down';

/** Numbers of rows by their outcome. */
export const countOutcomes = (rows: readonly Checked[]): Readonly<Record<Outcome, number>> => {
  const counts = { up: 0, down: 0, unchecked: 0 };
  for (const row of rows) counts[outcomeOf(row)]++;
  return counts;
};

/** `198.51.100.7:8081`; the address alone where there is no port. */
const targetText = ({ target: { address, port } }: PlacedCheck): string =>
  port === 0 ? address : formatEndpoint(address, port);

export const reportJson = (rows: readonly Checked[]): Json => ({
  ...countOutcomes(rows),
  checks: rows.map(checkJson),
});

function checkJson(row: Checked): Json {
  const { service, server, placed, result } = row;
  return {
    service,
    server,
    result: outcomeOf(row),
    check: placed?.check.kind ?? null,
    target: placed === undefined ? null : targetText(placed),
    ms: result === undefined ? null : Number(result.ms.toFixed(1)),
    reason: result?.reason ?? null,
    weight: result?.weight,
    admin: result?.admin,
    ...result?.detail,
  };
}

const columns = [
  { heading: 'SERVICE' },
  { heading: 'SERVER' },
  { heading: 'CHECK' },
  { heading: 'RESULT' },
  { heading: 'MS', align: 'right' },
] as const;

/** The table, and a line of counts. Reasons that do not fit the terminal stand below their rows. */
export async function reportText(rows: readonly Checked[], { out, env }: Context): Promise<string> {
  const theme = await themeFor(out, env);
  const cells = rows.map((row) => cellsOf(row, theme));
  const wide = renderTable(
    [...columns, { heading: 'REASON' }],
    rows.map(({ result }, index) => ({ cells: [...(cells[index] ?? []), result?.reason ?? ''] })),
    theme,
  );
  const { columns: width = Number.POSITIVE_INFINITY } = out;
  const fits = wide.split('\n').every((line) => shown(line) <= width);
  const { up, down, unchecked } = countOutcomes(rows);
  const counts = [`${up} up`, `${down} down`, ...(unchecked > 0 ? [`${unchecked} not checked`] : [])];
  const table = fits ? wide : renderTable(columns, notedRows(rows, cells), theme, width);
  return `${table}${counts.join(', ')}\n`;
}

const notedRows = (rows: readonly Checked[], cells: readonly string[][]): Row[] =>
  rows.map(({ result }, index) => ({ cells: cells[index] ?? [], note: result?.reason }));

function cellsOf(row: Checked, theme: Theme): string[] {
  const { service, server, placed, result } = row;
  const outcome = outcomeOf(row);
  const target = placed && targetText(placed);
  const elsewhere = target === undefined || target === server ? '' : ` ${target}`;
  return [
    service,
    server,
    placed === undefined ? '-' : `${placed.check.kind}${elsewhere}`,
    outcome === 'down' ? theme.error(outcome) : outcome,
    result === undefined ? '-' : result.ms.toFixed(1),
  ];
}
