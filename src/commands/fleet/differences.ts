/** `lvsadm fleet diff`: what a release changes on each director, compared with the one that it runs. */
import type { Context } from '../../context.js';
import type { Director } from '../../document/audience.js';
import { parseDocuments } from '../../document/load.js';
import { UsageError } from '../../errors.js';
import { type Fleet, readFleet } from '../../fleet/operator.js';
import { type FleetDocument, findRelease, namedOrNewest, readDocuments } from '../../fleet/releases.js';
import type { FleetStore } from '../../fleet/store.js';
import type { DesiredState, State } from '../../model/state.js';
import { toJson } from '../../output/json.js';
import { changesAnything, planJson, renderPlan } from '../../output/plan.js';
import { themeFor } from '../../output/theme.js';
import { diff } from '../../plan/diff.js';
import { directorFor } from './directors.js';

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
  const texts = new Texts(store);
  const theme = await themeFor(context.out, context.env);
  const outcomes = new Map<string, { readonly names: string[]; readonly plan: ReturnType<typeof diff> }>();
  for (const name of names) {
    const member = fleet.members.get(name) as Director;
    const { release } = fleet.reports.get(name) ?? {};
    const before = release === undefined ? [] : await texts.of(release);
    const plan = diff(
      stateOf(await desired(before, name, member)),
      await desired(await texts.of(chosen), name, member),
    );
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

/** The documents of releases, each read once. */
class Texts {
  private readonly known = new Map<number, Promise<FleetDocument[]>>();

  constructor(private readonly store: FleetStore) {}

  of(id: number): Promise<FleetDocument[]> {
    const { store, known } = this;
    const texts = known.get(id) ?? findRelease(store, id).then((release) => readDocuments(store, release));
    known.set(id, texts);
    return texts;
  }
}

const desired = (
  documents: readonly FleetDocument[],
  name: string,
  director: Director,
): Promise<DesiredState> =>
  parseDocuments(
    documents.map(({ name, text }) => ({ file: name, text })),
    undefined,
    directorFor(name, director),
  );

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
