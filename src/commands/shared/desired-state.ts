/** What the subcommands about desired state share: their options, and reading documents. */
import type { Options } from 'yargs';
import type { Context } from '../../context.js';
import { readTexts } from '../../document/files.js';
import { parseDocuments } from '../../document/load.js';
import { UsageError } from '../../errors.js';
import type { IpvsClient } from '../../ipvs/client.js';
import { type ServiceId, serviceKey } from '../../model/service.js';
import { formatService } from '../../model/service-uri.js';
import type { DesiredState } from '../../model/state.js';
import { type Compared, readState } from '../../plan/current.js';
import { diff } from '../../plan/diff.js';
import type { Plan } from '../../plan/plan.js';
import { only, withoutPruning } from '../../plan/policy.js';
import { SystemNames } from '../../system/names.js';
import { serviceArgument } from './service-arg.js';

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
  readonly prune: boolean;
  readonly only: readonly ServiceId[];
  /** All that the documents say. */
  readonly desired: DesiredState;
}

/** @throws DocumentError, UsageError */
export async function readWish(context: Context, values: Readonly<Record<string, unknown>>): Promise<Wish> {
  const only = await Promise.all(words(values['only']).map((text) => serviceArgument(text, context)));
  const texts = await readTexts(words(values['file']), context);
  const desired = await parseDocuments(texts, new SystemNames(context));
  return { prune: values['prune'] === true, only, desired };
}

/** The table and the wish, as far as they are about each other. */
export async function readTable(client: IpvsClient, { prune, desired }: Wish): Promise<Compared> {
  const current = await readState(client, { desired: desired.services, nothingElse: !prune });
  return { current, desired };
}

/** The plan that makes the wish true. @throws UsageError for a chosen service that there is nothing to do with */
export function planFor({ current, desired }: Compared, wish: Wish): Plan {
  const whole = diff(current, desired);
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
