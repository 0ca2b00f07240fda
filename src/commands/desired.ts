/** What the subcommands about desired state share: their options, and reading documents. */
import type { Options } from 'yargs';
import type { Context } from '../context.js';
import { readTexts } from '../document/files.js';
import { parseDocuments } from '../document/load.js';
import { UsageError } from '../errors.js';
import { addressesOf, portNames } from '../host/lookup.js';
import { formatService } from '../model/notation.js';
import { type ServiceId, serviceKey } from '../model/service.js';
import type { DesiredState, State } from '../model/state.js';
import { diff } from '../plan/diff.js';
import type { Plan } from '../plan/plan.js';
import { only, withoutPruning } from '../plan/policy.js';
import { type Reader, readState } from '../plan/read.js';
import { serviceArgument } from './arguments.js';

/** The options that say what is wanted. */
export const desiredOptions = {
  file: {
    alias: 'f',
    type: 'string',
    demandOption: true,
    requiresArg: true,
    describe: 'document, directory of documents, or - for standard input; may be given several times',
  },
  prune: {
    type: 'boolean',
    default: false,
    describe: 'remove services and sync daemons that are not in the document',
  },
  only: {
    type: 'string',
    requiresArg: true,
    describe: 'touch this service alone, such as tcp://192.0.2.10:80; may be given several times',
  },
} as const satisfies Record<string, Options>;

/** Those of them that may be given several times. */
export const desiredRepeatable = ['file', 'only'];

/** What is wanted, and how much of it counts. */
export interface Wish {
  readonly desired: DesiredState;
  readonly prune: boolean;
  readonly only: readonly ServiceId[];
}

/** @throws DocumentError, UsageError */
export async function readWish(context: Context, values: Readonly<Record<string, unknown>>): Promise<Wish> {
  const chosen = await Promise.all(words(values['only']).map(serviceArgument));
  const desired = await readDocuments(context, words(values['file']));
  return { desired, prune: values['prune'] === true, only: chosen };
}

/** @throws DocumentError */
export const readDocuments = async (context: Context, files: readonly string[]): Promise<DesiredState> =>
  parseDocuments(await readTexts(files, context), { addresses: addressesOf, ports: portNames });

/** The table, as far as the wish is about it. */
export const readTable = (client: Reader, { desired, prune }: Wish): Promise<State> =>
  readState(client, { desired: desired.services, nothingElse: !prune });

/** The plan that makes the wish true. @throws UsageError for a chosen service that there is nothing to do with */
export function planFor(current: State, wish: Wish): Plan {
  const whole = diff(current, wish.desired);
  const plan = wish.prune ? whole : withoutPruning(whole);
  if (wish.only.length === 0) return plan;
  const known = new Set(
    whole.services.map(({ before, after }) => serviceKey((after ?? before)?.id as ServiceId)),
  );
  const unknown = wish.only.find((id) => !known.has(serviceKey(id)));
  if (unknown !== undefined)
    throw new UsageError('neither in the document nor in the table', formatService(unknown));
  return only(plan, wish.only);
}

/** The values of an option that may be given several times. */
export const words = (value: unknown): string[] => (value === undefined ? [] : [value].flat().map(String));
