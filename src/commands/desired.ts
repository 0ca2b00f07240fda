/** What the subcommands about desired state share: their options, and reading documents. */
import type { Options } from 'yargs';
import type { Context } from '../context.js';
import { type ReadText, readTexts } from '../document/files.js';
import { parseDocuments, parseRests } from '../document/load.js';
import type { Lookup } from '../document/names.js';
import { UsageError } from '../errors.js';
import { addressesOf, portNames } from '../host/lookup.js';
import type { IpvsClient } from '../ipvs/client.js';
import { formatService } from '../model/notation.js';
import { type ServiceId, serviceKey } from '../model/service.js';
import type { DesiredState } from '../model/state.js';
import { CompiledComparison } from '../plan/compiled.js';
import { diff } from '../plan/diff.js';
import type { Plan } from '../plan/plan.js';
import { only, withoutPruning } from '../plan/policy.js';
import { type Compared, readState } from '../plan/read.js';
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
  readonly prune: boolean;
  readonly only: readonly ServiceId[];
  /** All that the documents say. Asked for again, the same. */
  desired(): Promise<DesiredState>;
  /** Where all services are plain: they are compared without a look at each, and the rest is what else is wanted. */
  readonly plain: { readonly services: CompiledComparison; readonly rest: DesiredState } | undefined;
}

/**
 * @param each whether somebody looks at what is as it should be
 * @throws DocumentError, UsageError
 */
export async function readWish(
  context: Context,
  values: Readonly<Record<string, unknown>>,
  each: boolean,
): Promise<Wish> {
  const only = await Promise.all(words(values['only']).map(serviceArgument));
  const texts = await readTexts(words(values['file']), context);
  const plain = each || only.length > 0 ? undefined : await plainWish(texts);
  let known: Promise<DesiredState> | undefined;
  const desired = () => {
    known ??= parseDocuments(texts, lookup);
    return known;
  };
  // What is wrong is told before anything else is done.
  if (plain === undefined) await desired();
  return { prune: values['prune'] === true, only, desired, plain };
}

async function plainWish(texts: readonly ReadText[]): Promise<Wish['plain']> {
  const services = CompiledComparison.of(texts.map(({ bytes }) => bytes));
  if (services === undefined) return undefined;
  const rests = texts.map(({ file }, index) => ({ file, text: services.rests[index] as string }));
  const rest = await parseRests(rests, lookup);
  return rest && { services, rest };
}

/** @throws DocumentError */
export const readDocuments = async (context: Context, files: readonly string[]): Promise<DesiredState> =>
  parseDocuments(await readTexts(files, context), lookup);

const lookup: Lookup = { addresses: addressesOf, ports: portNames };

/** The table and the wish, as far as they are about each other. */
export async function readTable(client: IpvsClient, { prune, plain, desired }: Wish): Promise<Compared> {
  if (plain !== undefined) {
    const unsettled = await plain.services.read(client, !prune);
    if (unsettled !== undefined) {
      const { services, desired: wanted, kept } = unsettled;
      return {
        current: { services, daemons: await client.daemons(), timeouts: await client.timeouts() },
        desired: { ...plain.rest, services: plain.rest.services && wanted },
        kept,
      };
    }
  }
  const whole = await desired();
  const current = await readState(client, { desired: whole.services, nothingElse: !prune });
  return { current, desired: whole, kept: 0 };
}

/** The plan that makes the wish true. @throws UsageError for a chosen service that there is nothing to do with */
export function planFor({ current, desired, kept }: Compared, wish: Wish): Plan {
  const whole: Plan = { ...diff(current, desired), kept };
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
