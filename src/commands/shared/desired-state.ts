/** What the subcommands about desired state share: their options, and reading documents. */
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
import type { Options, Values } from '../command.js';
import { serviceArgument } from './service-arg.js';

/** The options that say what is wanted. */
export const desiredOptions = {
  file: {
    alias: 'f',
    type: 'path',
    required: true,
    many: true,
    describe: 'document, directory of documents, or - for standard input',
  },
  prune: { type: 'flag', describe: 'remove services and sync daemons that are not in the document' },
  only: { type: 'service', many: true, describe: 'change only this service, such as tcp://192.0.2.10:80' },
} as const satisfies Options;

/** What is wanted, and how much of it counts. */
export interface Wish {
  readonly prune: boolean;
  readonly only: readonly ServiceId[];
  /** All that the documents say. */
  readonly desired: DesiredState;
}

/** @throws DocumentError, UsageError */
export async function readWish(context: Context, values: Values<typeof desiredOptions>): Promise<Wish> {
  const only = await Promise.all(values.only.map((text) => serviceArgument(text, context)));
  const texts = await readTexts(values.file, context);
  const desired = await parseDocuments(texts, new SystemNames(context));
  return { prune: values.prune, only, desired };
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
