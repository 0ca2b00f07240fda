/** What `apply` and `diff` share: options, reading documents and the table, and the plan. */
import type { Context } from '../../../context.js';
import { readTexts, readTextsAgain } from '../../../document/files.js';
import { type NamedText, parseDocuments } from '../../../document/load.js';
import type { Lookup } from '../../../document/names.js';
import { UsageError } from '../../../errors.js';
import type { IpvsClient } from '../../../ipvs/client.js';
import { type Holds, noHolds } from '../../../model/hold.js';
import { type ServiceId, serviceKey } from '../../../model/service.js';
import { formatService } from '../../../model/service-uri.js';
import type { DesiredState, State } from '../../../model/state.js';
import { readState } from '../../../plan/current.js';
import { diff } from '../../../plan/diff.js';
import { withHolds } from '../../../plan/holds.js';
import { type Plan, subject } from '../../../plan/plan.js';
import { withinOwned, withOnly, withoutPruning } from '../../../plan/policy.js';
import { SystemNames } from '../../../system/network/names.js';
import { Sysctls, sysctlName } from '../../../system/sysctl.js';
import { readSettings, vsSetting } from '../../../system/vs-settings.js';
import type { Options, Values } from '../../command.js';
import { directorOf, directorOptions } from '../fleet/audience.js';
import { HoldStore } from '../holds/holds.js';
import { serviceArgument } from '../service-arg.js';
import type { stateDirOption } from '../store.js';

export const fileOption = {
  file: {
    alias: 'f',
    type: 'path',
    required: true,
    many: true,
    describe: 'document, directory of documents, or - for standard input',
  },
} as const satisfies Options;

/** The options that say what is desired. */
export const desiredOptions = {
  ...fileOption,
  prune: { type: 'flag', describe: 'remove services and sync daemons that are not in the document' },
  only: {
    type: 'service',
    many: true,
    describe: 'change only this service, such as tcp://192.0.2.10:80',
    defaultText: 'all services',
  },
  ...directorOptions,
} as const satisfies Options;

type HeldValues = Values<typeof desiredOptions & typeof stateDirOption>;

/** Desired state, and the options that limit what a plan may do. */
export interface Desired {
  readonly prune: boolean;
  readonly only: readonly ServiceId[];
  /** As the documents have it. */
  readonly state: DesiredState;
  /** They come before the documents; those of the agent are in its state already. */
  readonly holds: Holds;
  /** The documents that say so. */
  readonly texts: readonly NamedText[];
}

/** @throws DocumentError, UsageError, HostError */
export async function readDesired(context: Context, values: HeldValues): Promise<Desired> {
  return { ...(await readDocuments(context, values)), holds: readHolds(context, values) };
}

/** Desired state without the holds. @throws DocumentError, UsageError */
export async function readDocuments(
  context: Context,
  values: Values<typeof desiredOptions>,
  names: Lookup = new SystemNames(context),
): Promise<Desired> {
  const only = await Promise.all(values.only.map((text) => serviceArgument(text, context)));
  const texts = await readTexts(values.file, context);
  const state = await parseDocuments(texts, names, directorOf(values));
  return { prune: values.prune, only, state, holds: noHolds, texts };
}

const readHolds = (context: Context, { stateDir }: HeldValues): Holds =>
  new HoldStore(context, stateDir).read();

/** What the documents and operators say now, after a wait for other processes. @throws DocumentError, HostError */
export async function readDesiredAgain(
  context: Context,
  values: HeldValues,
  before: Desired,
): Promise<Desired> {
  const texts = await readTextsAgain(values.file, before.texts, context);
  const holds = readHolds(context, values);
  const isUnchanged = ({ file, text }: NamedText, index: number): boolean =>
    file === before.texts[index]?.file && text === before.texts[index]?.text;
  if (texts.length === before.texts.length && texts.every(isUnchanged)) return { ...before, holds };
  return {
    ...before,
    holds,
    texts,
    state: await parseDocuments(texts, new SystemNames(context), directorOf(values)),
  };
}

/** The table and the settings, as far as a plan needs them. @throws UsageError for a setting that the kernel does not have */
export async function readCurrent(
  client: IpvsClient,
  { prune, only, state, holds }: Desired,
  { files }: Pick<Context, 'files'>,
): Promise<State> {
  const desired = withHolds(state, holds).services;
  const table = await readState(client, { desired, onlyDesired: !prune });
  // Plans of --only have no settings.
  if (state.settings === undefined || only.length > 0) return table;
  const names = Object.keys(state.settings);
  const settings = await readSettings(names, new Sysctls(files));
  const missing = names.find((name) => !Object.hasOwn(settings, name));
  if (missing === undefined) return { ...table, settings };
  throw new UsageError(`this kernel has no setting ${sysctlName(vsSetting(missing))}`, `settings.${missing}`);
}

/** Sets settings of IPVS. */
export function settingWriter({ files }: Pick<Context, 'files'>) {
  const sysctls = new Sysctls(files);
  return (name: string, value: string): Promise<void> => sysctls.write(vsSetting(name), value);
}

/** The plan that makes the table as desired. @throws UsageError for a service of `--only` that is in neither */
export function planFor(current: State, { prune, only, state, holds }: Desired): Plan {
  const whole = withinOwned(diff(current, withHolds(state, holds)), state.owns);
  const plan = prune ? whole : withoutPruning(whole);
  if (only.length === 0) return plan;
  const known = new Set(whole.services.map((service) => serviceKey(subject(service).id)));
  const unknown = only.find((id) => !known.has(serviceKey(id)));
  if (unknown !== undefined)
    throw new UsageError('neither in the document nor in the table', formatService(unknown));
  return withOnly(plan, only);
}
