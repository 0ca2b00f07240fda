/** `lvsadm fleet status`, `nodes`, `history` and `forget`. */
import type { Context } from '../../context.js';
import { type Fleet, forgetMember, readFleet } from '../../fleet/operator.js';
import type { NodeReport, Target } from '../../fleet/records.js';
import { findTarget, listReleases } from '../../fleet/releases.js';
import type { FleetStore } from '../../fleet/store.js';
import { printable } from '../../foreign-text.js';
import { inForce } from '../../model/hold.js';
import { type Json, toJson, toJsonLine } from '../../output/json.js';
import { type Row, renderTable } from '../../output/table.js';
import { themeFor } from '../../output/theme.js';
import { Interruption } from '../shared/change/interruption.js';
import { otherOrderLines, otherOrders } from './hashing.js';
import { heldJson, heldLines, reportedHolds } from './held.js';
import { targetJson, targetText, waveNumber } from './rollouts.js';

const WELL = 0;
const ILL = 1;

/** Milliseconds between two looks of --watch. */
const POLL = 1000;

/** @returns 1 if a director is lost, differs from its release or refused one, or the rollout is halted */
export async function status(
  store: FleetStore,
  json: boolean,
  watch: boolean,
  context: Context,
): Promise<number> {
  const interruption = new Interruption(context);
  let told = '';
  for (;;) {
    const fleet = await readFleet(store);
    const { target, members, reports, holds } = fleet;
    const essence = JSON.stringify([target.target, [...members.keys()], [...reports], [...holds]]);
    if (essence !== told) {
      const time = watch ? `${context.date().toISOString()}\n` : '';
      await context.out.write(
        json
          ? (watch ? toJsonLine : toJson)(statusJson(fleet, context.date().getTime()))
          : time + (await statusText(fleet, context)),
      );
    }
    told = essence;
    if (!watch) return isWell(fleet) ? WELL : ILL;
    await interruption.sleep(POLL);
    if (interruption.requested) return interruption.status;
  }
}

const isWell = ({ target: { target, problem }, members, reports }: Fleet): boolean =>
  problem === undefined &&
  target?.state !== 'halted' &&
  [...members.keys()].every((name) => {
    const report = reports.get(name);
    const runsIt = target?.state !== 'done' || report?.target === target.id;
    return report?.converged === true && runsIt && (report.result === 'applied' || report.result === 'none');
  });

const columns = [
  { heading: 'DIRECTOR' },
  { heading: 'WAVE', align: 'right', leaves: 1 },
  { heading: 'RELEASE', align: 'right' },
  { heading: 'STATE' },
  { heading: 'UP', align: 'right' },
  { heading: 'DOWN', align: 'right' },
  { heading: 'VERSION', leaves: 2 },
] as const;

async function statusText(fleet: Fleet, { out, env, date }: Context): Promise<string> {
  const { target: entry, members, reports } = fleet;
  const { target, problem } = entry;
  const theme = await themeFor(out, env);
  const rows = [...members.keys()].map((name) => rowOf(name, reports.get(name), target));
  const heading =
    problem !== undefined
      ? printable(problem.message)
      : target === undefined
        ? 'nothing has been released'
        : headingOf(target);
  const lost = [...members.keys()].filter((name) => !reports.has(name)).length;
  const counts = [
    `${rows.length} ${rows.length === 1 ? 'director' : 'directors'}`,
    ...(lost > 0 ? [`${lost} lost`] : []),
  ];
  const table = rows.length > 0 ? renderTable(columns, rows, theme, out.columns) : '';
  return [
    `${heading}\n`,
    table,
    `${counts.join(', ')}\n`,
    ...heldLines(fleet, date().getTime()),
    ...otherOrderLines(fleet),
  ].join('');
}

const headingOf = (target: Target): string => {
  const { author, time, comment } = target;
  return `${targetText(target)}\n${printable(`by ${author}, ${time}${comment === undefined ? '' : `: ${comment}`}`)}`;
};

function rowOf(name: string, report: NodeReport | undefined, target: Target | undefined): Row {
  const wave = target === undefined ? '-' : String(waveNumber(target, name));
  if (report === undefined) return { cells: [printable(name), wave, '-', 'lost', '-', '-', '-'] };
  const { release, health, version } = report;
  return {
    cells: [
      printable(name),
      wave,
      release === undefined ? '-' : String(release),
      stateOf(report),
      String(health.up),
      String(health.down),
      printable(version),
    ],
    note: noteOf(report),
  };
}

function noteOf({ error, unsaved }: NodeReport): string | undefined {
  const lost = unsaved === undefined ? undefined : `the release is not kept for a restart: ${unsaved}`;
  const notes = [error, lost].filter((note) => note !== undefined);
  return notes.length === 0 ? undefined : printable(notes.join('; '));
}

/** `refused`: it did not take the release; `differs`: its table is not as its release says. */
function stateOf({ result, converged, release }: NodeReport): string {
  if (result === 'refused' || result === 'failed') return result;
  if (release === undefined) return 'waiting';
  return converged ? 'applied' : 'differs';
}

const statusJson = (
  { id, target: { target }, members, reports, holds, problems }: Fleet,
  now: number,
  current = inForce(holds, now),
): { readonly [key: string]: Json } => ({
  fleet: id,
  target: target === undefined ? null : targetJson(target),
  holds: heldJson(current.values()),
  problems: problems.map(({ message }) => message),
  hashing: otherOrders({ members, reports }).map(({ service, directors }) => ({ service, directors })),
  directors: [...members].map(([name, { labels, variables, joined }]) => {
    const report = reports.get(name);
    return {
      name,
      wave: target === undefined ? null : waveNumber(target, name),
      state: report === undefined ? 'lost' : stateOf(report),
      release: report?.release ?? null,
      converged: report?.converged ?? null,
      up: report?.health.up ?? null,
      down: report?.health.down ?? null,
      error: report?.error ?? null,
      drift: report === undefined ? null : (report.drift ?? 0),
      unsaved: report?.unsaved ?? null,
      holds: report === undefined ? null : heldJson(reportedHolds(report, current)),
      held: report === undefined ? null : (report.held ?? 0),
      version: report?.version ?? null,
      reported: report?.time ?? null,
      labels,
      variables,
      joined,
    };
  }),
});

/** The directors of the fleet with their labels and variables. */
export async function nodes(store: FleetStore, json: boolean, context: Context): Promise<number> {
  const fleet = await readFleet(store);
  if (json) {
    await context.out.write(toJson(statusJson(fleet, context.date().getTime())['directors'] ?? []));
    return WELL;
  }
  const theme = await themeFor(context.out, context.env);
  const pairs = (record: Readonly<Record<string, string>>): string =>
    printable(
      Object.entries(record)
        .map(([name, value]) => `${name}=${value}`)
        .join(' '),
    ) || '-';
  const rows = [...fleet.members].map(([name, { labels, variables }]) => ({
    cells: [
      printable(name),
      fleet.reports.has(name) ? 'reports' : 'lost',
      pairs(labels),
      pairs(variables),
      String(fleet.reports.get(name)?.held ?? 0),
    ],
  }));
  const headings = ['DIRECTOR', 'STATE', 'LABELS', 'VARIABLES', 'HELD'].map((heading) => ({ heading }));
  await context.out.write(rows.length > 0 ? renderTable(headings, rows, theme, context.out.columns) : '');
  return WELL;
}

/** The releases, the newest first. */
export async function history(
  store: FleetStore,
  limit: number | undefined,
  json: boolean,
  context: Context,
): Promise<number> {
  const [releases, { target }] = await Promise.all([listReleases(store, limit), findTarget(store)]);
  const newestFirst = releases.toReversed();
  if (json) {
    const value = newestFirst.map(({ id, digest, author, time, comment, documents }) => ({
      release: id,
      target: id === target?.release,
      digest,
      author,
      time,
      comment: comment ?? null,
      documents: documents.map(({ name, size }) => ({ name, size })),
    }));
    await context.out.write(toJson(value));
    return WELL;
  }
  const theme = await themeFor(context.out, context.env);
  const headings = [
    { heading: 'RELEASE', align: 'right' },
    { heading: '' },
    { heading: 'TIME' },
    { heading: 'AUTHOR' },
    { heading: 'DOCUMENTS', align: 'right', leaves: 1 },
  ] as const;
  const rows = newestFirst.map(
    ({ id, time, author, documents, comment }): Row => ({
      cells: [
        String(id),
        id === target?.release ? 'target' : '',
        time,
        printable(author),
        String(documents.length),
      ],
      note: comment === undefined ? undefined : printable(comment),
    }),
  );
  await context.out.write(rows.length > 0 ? renderTable(headings, rows, theme, context.out.columns) : '');
  return WELL;
}

export async function forget(store: FleetStore, name: string): Promise<number> {
  await forgetMember(store, name);
  return WELL;
}
