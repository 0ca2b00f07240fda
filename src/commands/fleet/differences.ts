/** `lvsadm fleet diff`: what a release changes on each director, compared with the one that it runs. */
import type { Context } from '../../context.js';
import type { Director } from '../../document/audience.js';
import { DocumentSet } from '../../document/load.js';
import { UsageError } from '../../errors.js';
import { type Fleet, readFleet } from '../../fleet/operator.js';
import { findRelease, namedOrNewest, readDocuments } from '../../fleet/releases.js';
import type { FleetStore } from '../../fleet/store.js';
import type { DesiredState, State } from '../../model/state.js';
import { toJson } from '../../output/json.js';
import { changesAnything, planJson, renderPlan } from '../../output/plan.js';
import { themeFor } from '../../output/theme.js';
import { diff } from '../../plan/diff.js';
import { kindsOf } from './directors.js';

const SAME = 0;
const DIFFERENT = 1;

export async function differences(
  store: FleetStore,
  id: number | undefined,
  node: string | undefined,
  json: boolean,
  context: Context,
): Promise<number> {
  const fleet = await readFleet(store);
  const chosen = await namedOrNewest(store, id);
  const names = node === undefined ? [...fleet.members.keys()] : [requireMember(node, fleet)];
  const releases = new Releases(
    store,
    names.map((name) => [name, fleet.members.get(name) as Director]),
  );
  const theme = await themeFor(context.out, context.env);
  const outcomes = new Map<string, { readonly names: string[]; readonly plan: ReturnType<typeof diff> }>();
  for (const name of names) {
    const { release } = fleet.reports.get(name) ?? {};
    const before = release === undefined ? {} : await releases.desired(release, name);
    const plan = diff(stateOf(before), await releases.desired(chosen, name));
    const text = renderPlan(plan, theme);
    const known = outcomes.get(text);
    if (known === undefined) outcomes.set(text, { names: [name], plan });
    else known.names.push(name);
  }
  const all = [...outcomes];
  await context.out.write(
    json
      ? toJson(
          all.map(([, { names, plan }]) => ({ release: chosen, directors: names, plan: planJson(plan) })),
        )
      : all.map(([text, { names }]) => `${names.join(', ')}:\n${text}`).join('\n'),
  );
  return all.some(([, { plan }]) => changesAnything(plan)) ? DIFFERENT : SAME;
}

/** What releases say to directors: each is read once, and once for each kind of directors. */
class Releases {
  private readonly known = new Map<number, Promise<ReadonlyMap<string, () => Promise<DesiredState>>>>();

  constructor(
    private readonly store: FleetStore,
    private readonly members: readonly (readonly [string, Director])[],
  ) {}

  async desired(id: number, name: string): Promise<DesiredState> {
    const states = this.known.get(id) ?? this.read(id);
    this.known.set(id, states);
    return (await states).get(name)?.() ?? {};
  }

  /** By the names of directors. */
  private async read(id: number): Promise<ReadonlyMap<string, () => Promise<DesiredState>>> {
    const documents = await readDocuments(this.store, await findRelease(this.store, id));
    const texts = documents.map(({ name, text }) => ({ file: name, text }));
    const set = new DocumentSet(texts);
    return new Map(
      kindsOf(texts, this.members).flatMap(({ names, director }) => {
        let state: Promise<DesiredState> | undefined;
        const once = () => (state ??= set.stateFor(director));
        return names.map((name) => [name, once] as const);
      }),
    );
  }
}

/** What a director has that runs these documents. */
const stateOf = ({ services = [], daemons = [], timeouts = {}, settings }: DesiredState): State => ({
  services: services.map(({ service, destinations = [] }) => ({ service, destinations })),
  daemons,
  timeouts: timeouts as State['timeouts'],
  settings,
});

function requireMember(name: string, { members }: Fleet): string {
  if (members.has(name)) return name;
  throw new UsageError(
    `${name} is no director of the fleet; it has ${[...members.keys()].slice(0, 10).join(', ')}`,
  );
}
