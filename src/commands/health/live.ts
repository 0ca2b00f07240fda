/** The health of services as the agent of this network namespace knows it. */
import type { CheckHealth, HealthReport, ServerHealth } from '../../agent/reports/health-report.js';
import type { Context } from '../../context.js';
import { UsageError } from '../../errors.js';
import { holdFrom, holdText } from '../../model/hold.js';
import { shown } from '../../output/columns.js';
import { type Json, toJson, toJsonLine } from '../../output/json.js';
import { renderTable } from '../../output/table.js';
import { type Theme, themeFor } from '../../output/theme.js';
import { askAgent } from '../shared/agent/running-agent.js';
import { Interruption } from '../shared/change/interruption.js';

const UP = 0;
const DOWN = 1;

/** Milliseconds between two questions of --watch. */
const POLL = 1000;

export interface LiveOptions {
  /** As documents write it; all services if left out. */
  readonly service: string | undefined;
  readonly json: boolean;
  readonly watch: boolean;
}

/**
 * Writes the health once, or whenever a state or a weight changes. @returns 1 if a server is down, or has a check that does not run
 * @throws HostError if no agent answers
 */
export async function showHealth(path: string, options: LiveOptions, context: Context): Promise<number> {
  const { service, json, watch } = options;
  const interruption = new Interruption(context);
  let told: string | undefined;
  while (true) {
    const report = await ask(path, service);
    const { out } = context;
    const known = JSON.stringify(essence(report));
    if (known !== told) {
      const value = report as unknown as Json;
      const time = watch ? `${context.date().toISOString()}\n` : '';
      await out.write(
        json ? (watch ? toJsonLine : toJson)(value) : time + (await healthText(report, context)),
      );
    }
    told = known;
    if (!watch) return report.services.some(({ servers }) => servers.some(isInDoubt)) ? DOWN : UP;
    await interruption.sleep(POLL);
    if (interruption.requested) return interruption.status;
  }
}

async function ask(path: string, service: string | undefined): Promise<HealthReport> {
  const answer = await askAgent<HealthReport>(path, { service });
  if (service !== undefined && answer.services.length === 0)
    throw new UsageError('not a service that the agent checks', service);
  return answer;
}

/** What --watch tells changes of: times pass with every look. */
const essence = ({ services, problems }: HealthReport): unknown => [
  problems,
  ...services.map(({ servers, sorry }) => [
    sorry,
    servers.map(({ server, weight, held, suspect, checks }) => [
      server,
      weight,
      held,
      suspect,
      checks.map(({ state, count, notRun }) => [state, count, notRun?.reason]),
    ]),
  ]),
];

const isDown = ({ factors, kept }: ServerHealth): boolean => factors.health === 0 || kept;

/** An agent of an earlier version has no member `notRun`. */
const isNotRun = ({ notRun }: CheckHealth): boolean => Boolean(notRun);

/** Down, or in a state that nothing confirms. */
const isInDoubt = (server: ServerHealth): boolean => isDown(server) || server.checks.some(isNotRun);

const columns = [
  { heading: 'SERVICE' },
  { heading: 'SERVER' },
  { heading: 'CHECK', leaves: 2 },
  { heading: 'STATE' },
  { heading: 'SINCE', align: 'right', leaves: 1 },
  { heading: 'MS', align: 'right', leaves: 3 },
  { heading: 'WEIGHT' },
] as const;

/** An agent of an earlier version has no member `problems`. */
type Answered = Omit<HealthReport, 'problems'> & Partial<Pick<HealthReport, 'problems'>>;

/** A row for each check of each server. Reasons that do not fit the terminal stand below their rows. */
async function healthText(
  { services, problems = [] }: Answered,
  { out, env, date }: Context,
): Promise<string> {
  const now = date().getTime();
  const theme = await themeFor(out, env);
  const rows = services.flatMap(({ service, servers }) =>
    servers.flatMap((server) => checksOf(server).map((check) => rowOf(service, server, check, theme, now))),
  );
  const wide = renderTable(
    [...columns, { heading: 'REASON' }],
    rows.map(({ cells, note = '' }) => ({ cells: [...cells, note] })),
    theme,
  );
  const { columns: width = Number.POSITIVE_INFINITY } = out;
  const fits = wide.split('\n').every((line) => shown(line) <= width);
  const servers = services.flatMap((each) => each.servers);
  const kept = servers.filter((server) => server.kept).length;
  const down = servers.filter(isDown).length;
  const notRun = servers.filter(({ checks }) => checks.some(isNotRun)).length;
  const held = servers.filter((server) => server.held !== null).length;
  const counts = [
    `${servers.length - down} up`,
    `${down} down`,
    ...(kept > 0 ? [`${kept} of these kept by the floor`] : []),
    ...(notRun > 0 ? [`${notRun} with a check that does not run`] : []),
    ...(held > 0 ? [`${held} held`] : []),
    ...services.filter(({ sorry }) => sorry).map(({ service }) => `${service} has its sorry server alone`),
  ];
  const lines = [counts.join(', '), ...problems.map((problem) => theme.warning(`the agent: ${problem}`))];
  return (fits ? wide : renderTable(columns, rows, theme, width)) + lines.map((line) => `${line}\n`).join('');
}

/** A server that is not checked has a row, too. */
const checksOf = ({ checks }: ServerHealth): readonly (CheckHealth | undefined)[] =>
  checks.length > 0 ? checks : [undefined];

function rowOf(
  service: string,
  server: ServerHealth,
  check: CheckHealth | undefined,
  theme: Theme,
  now: number,
) {
  const { state = 'unchecked', count = 0, of = 0 } = check ?? {};
  const counted = count > 0 ? `${state} ${count}/${of}` : state;
  const text = check?.notRun ? `${counted}, not run` : counted;
  return {
    cells: [
      service,
      server.server,
      check?.check ?? '-',
      state === 'down' ? theme.error(text) : count > 0 || check?.notRun ? theme.warning(text) : text,
      check === undefined ? '-' : ageText(check.age),
      check?.ms?.toFixed(1) ?? '-',
      weightText(server),
    ],
    note: noteOf(server, check, now),
  };
}

/** `held at 0 by root since 14:02: disk; suspect; not run for 3m: too many open files; before: status 200` */
function noteOf(
  { held, suspect }: ServerHealth,
  check: CheckHealth | undefined,
  now: number,
): string | undefined {
  const texts = [
    held === null ? undefined : holdText(holdFrom(held), now),
    suspect ? 'suspect' : undefined,
    check?.notRun ? `not run for ${ageText(check.notRun.age)}: ${check.notRun.reason}` : undefined,
    check?.notRun && check.reason ? `before: ${check.reason}` : (check?.reason ?? undefined),
  ];
  return texts.filter((text) => text !== undefined).join('; ') || undefined;
}

const units = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
] as const;

/** `42s`, `3m`, `2h`, `5d` */
function ageText(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const [unit, size] = units.find(([, size]) => seconds >= size) ?? ['s', 1];
  return `${Math.floor(seconds / size)}${unit}`;
}

/** `10`, `10 kept`, `0 = 10 x down`, `4 = 10 x start 40%`, `0 = 10 x operator 0`, `3 = operator 3` */
function weightText({ weight, factors, kept }: ServerHealth): string {
  const { base, health, slowStart, agent, operator } = factors;
  if (operator !== null)
    return operator === 0 ? `0 = ${base} x operator 0` : `${weight} = operator ${operator}`;
  const percent = (share: number): string => `${Math.round(share * 100)}%`;
  const others = [
    ...(health === 0 ? ['down'] : slowStart < 1 ? [`start ${percent(slowStart)}`] : []),
    ...(agent === 1 ? [] : [`agent ${percent(agent)}`]),
  ];
  const product = others.length === 0 ? '' : ` = ${[base, ...others].join(' x ')}`;
  return `${weight}${product}${kept ? ' kept' : ''}`;
}
