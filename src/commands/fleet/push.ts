/** `lvsadm fleet push`: checks documents for every director of the fleet, and makes a release of them. */
import { basename } from 'node:path';
import type { Context } from '../../context.js';
import { readTexts } from '../../document/files.js';
import type { NamedText } from '../../document/load.js';
import { StoreError, UsageError } from '../../errors.js';
import { readMembers } from '../../fleet/operator.js';
import { pruneReleases } from '../../fleet/pruning.js';
import { type FleetDocument, pushRelease } from '../../fleet/releases.js';
import type { FleetStore } from '../../fleet/store.js';
import { toJson } from '../../output/json.js';
import { authorship } from './author.js';
import { checkForAll, needsDirector } from './directors.js';

export interface PushOptions {
  readonly file: readonly string[];
  readonly comment: string | undefined;
  /** How many of the newest releases stay in the store. */
  readonly keep: number | undefined;
  readonly json: boolean;
}

const KEPT = 50;

export async function push(
  store: FleetStore,
  { file, comment, keep = KEPT, json }: PushOptions,
  context: Context,
): Promise<number> {
  if (file.length === 0) throw new UsageError('missing', '--file');
  const texts = await readTexts(file, context);
  const members = await readMembers(store);
  await checkForAll(texts, [...members]);
  if (members.size === 0 && texts.some(needsDirector))
    await context.err.write(
      'lvsadm: the fleet has no directors yet: documents with variables or peers were not checked\n',
    );
  const { release, isNew } = await pushRelease(store, documentsOf(texts), authorship(context, comment));
  const { id, digest, documents } = release;
  const removed = await pruned(store, Math.max(keep, 1), context);
  await context.out.write(
    json
      ? toJson({
          release: id,
          new: isNew,
          digest,
          documents: documents.map(({ name, size }) => ({ name, size })),
          removed,
        })
      : isNew
        ? `release ${id}: ${documents.length} ${documents.length === 1 ? 'document' : 'documents'}; lvsadm fleet release ${id} makes the directors run it\n`
        : `nothing has changed since release ${id}\n`,
  );
  return 0;
}

/** The release is made, whatever becomes of old ones. */
async function pruned(store: FleetStore, keep: number, { date, err }: Context): Promise<readonly number[]> {
  try {
    return await pruneReleases(store, keep, date().toISOString());
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    await err.write(`lvsadm: old releases stay in the store: ${error.message}\n`);
    return [];
  }
}

/** @throws UsageError for two files of one name */
function documentsOf(texts: readonly NamedText[]): FleetDocument[] {
  const documents = texts.map(({ file, text }) => ({
    name: file === '-' ? 'stdin.yaml' : basename(file),
    text,
  }));
  const names = documents.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new UsageError(`two documents are called ${twice}`, '--file');
  return documents;
}
