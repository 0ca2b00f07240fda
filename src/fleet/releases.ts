/** Releases: immutable sets of documents in the store, and the target that names the one to run. */
import { StoreError, UsageError } from '../errors.js';
import {
  documentKey,
  documentName,
  LAYOUT,
  LAYOUT_VERSION,
  nameIn,
  PRUNED,
  RELEASES,
  releaseKey,
  TARGET,
} from './layout.js';
import {
  layoutRecord,
  type Release,
  releaseRecord,
  requireLayout,
  type Target,
  targetRecord,
} from './records.js';
import { type Comparison, type FleetStore, LARGEST_VALUE, type Snapshot } from './store.js';

const { getBuiltinModule } = process;

/** A document, by the name of its file. */
export interface FleetDocument {
  readonly name: string;
  readonly text: string;
}

/** Who does something, and when: for people to read. */
export interface Authorship {
  readonly author: string;
  readonly time: string;
  readonly comment?: string | undefined;
}

/** What the target was when it was read: a change of it compares with this. */
export interface TargetEntry {
  /** 0: there is none. */
  readonly revision: number;
  readonly target: Target | undefined;
}

/** A target that cannot be read must not keep an operator from writing another one. */
export interface TargetFound extends TargetEntry {
  readonly problem: StoreError | undefined;
}

/**
 * Makes a release of documents, unless the newest one has the same. Its last write is the release: until then nobody sees any of it.
 * @throws UsageError for no documents, or one that is too large; ValueError for a name; StoreError
 */
export async function pushRelease(
  store: FleetStore,
  documents: readonly FleetDocument[],
  by: Authorship,
): Promise<{ readonly release: Release; readonly isNew: boolean }> {
  if (documents.length === 0)
    throw new UsageError('there are no documents: a release of none would empty every table');
  const listed = [...documents].sort((a, b) => (a.name < b.name ? -1 : 1)).map(describe);
  await ensureLayout(store);
  const digest = digestOf(listed);
  for (;;) {
    const pruned = (await store.read(PRUNED)).entries[0]?.revision ?? 0;
    const newest = await newestRelease(store);
    if (newest?.digest === digest) return { release: newest, isNew: false };
    await writeDocuments(store, listed);
    const release: Release = {
      id: (newest?.id ?? 0) + 1,
      digest,
      documents: listed.map(({ name, digest, size }) => ({ name, digest, size })),
      ...by,
    };
    const key = releaseKey(release.id);
    const revision = await store.commit({
      comparisons: [
        { key, revision: 0 },
        { key: PRUNED, revision: pruned },
      ],
      writes: [{ key, value: releaseRecord.format(release) }],
    });
    // Somebody else has made one meanwhile, or removed documents: this one comes after it.
    if (revision !== undefined) return { release, isNew: true };
  }
}

/** @throws StoreError */
export async function newestRelease(store: FleetStore): Promise<Release | undefined> {
  const key = (await store.keys(RELEASES)).at(-1);
  return key === undefined ? undefined : findRelease(store, releaseIn(key));
}

/** The number of a release that an operator names, or of the newest one. @throws UsageError if there is none; StoreError */
export async function namedOrNewest(store: FleetStore, id: number | undefined): Promise<number> {
  const chosen = id ?? (await newestRelease(store))?.id;
  if (chosen !== undefined) return chosen;
  throw new UsageError('there is no release; lvsadm fleet push makes one');
}

/** The newest ones, in the order of their numbers. @param limit how many (default: all). @throws StoreError */
export async function listReleases(store: FleetStore, limit?: number): Promise<Release[]> {
  const keys = await store.keys(RELEASES);
  const chosen = limit === undefined ? keys : keys.slice(Math.max(0, keys.length - limit));
  const releases: Release[] = [];
  for (let start = 0; start < chosen.length; start += AT_ONCE) {
    const some = await Promise.all(chosen.slice(start, start + AT_ONCE).map((key) => store.read(key)));
    // One that has just been removed is not there.
    for (const { entries } of some)
      releases.push(...entries.map((entry) => releaseRecord.parse(entry, store.name)));
  }
  return releases;
}

/** @throws UsageError if there is no such release; StoreError */
export const findRelease = async (store: FleetStore, id: number): Promise<Release> =>
  (await findReleaseEntry(store, id)).release;

/** The same with the revision of its key. */
export async function findReleaseEntry(
  store: FleetStore,
  id: number,
): Promise<{ readonly release: Release; readonly revision: number }> {
  const [entry] = (await store.read(releaseKey(id))).entries;
  if (entry === undefined)
    throw new UsageError(`there is no release ${id}; lvsadm fleet history lists those there are`);
  const release = releaseRecord.parse(entry, store.name);
  if (release.id === id && release.documents.length > 0 && digestOf(release.documents) === release.digest)
    return { release, revision: entry.revision };
  throw new StoreError(
    'invalid',
    `read ${entry.key}`,
    store.name,
    'its documents are not those that it was made of',
  );
}

/** Whether a release has texts that are not among these. */
export function lacksDocuments({ documents }: Release, known: readonly FleetDocument[]): boolean {
  const digests = new Set(known.map(({ text }) => sha256(text)));
  return documents.some(({ digest }) => !digests.has(digest));
}

/** Documents, or releases, that are read at once. */
const AT_ONCE = 4;

/**
 * The texts of a release, all of them and each as it was pushed.
 * @param known texts that need not be read again
 * @throws StoreError, also for a text that is missing or another one
 */
export async function readDocuments(
  store: FleetStore,
  { id, documents }: Release,
  known: readonly FleetDocument[] = [],
): Promise<FleetDocument[]> {
  const texts = new Map(known.map(({ text }) => [sha256(text), text]));
  const missing = documents.filter(({ digest }) => !texts.has(digest));
  for (let start = 0; start < missing.length; start += AT_ONCE) {
    const some = missing.slice(start, start + AT_ONCE);
    await Promise.all(
      some.map(async ({ name, digest }) => {
        const [entry] = (await store.read(documentKey(name, digest))).entries;
        const problem = entry === undefined ? 'it is not there' : 'it is another text';
        if (entry === undefined || sha256(entry.value) !== digest)
          throw new StoreError('invalid', `read document ${name} of release ${id}`, store.name, problem);
        texts.set(digest, entry.value);
      }),
    );
  }
  return documents.map(({ name, digest }) => ({ name, text: texts.get(digest) ?? '' }));
}

/** @throws StoreError */
export async function readTarget(store: FleetStore): Promise<TargetEntry> {
  return targetIn(await store.read(TARGET), store.name);
}

/** @throws StoreError for a store that does not answer */
export async function findTarget(store: FleetStore): Promise<TargetFound> {
  const snapshot = await store.read(TARGET);
  try {
    return { ...targetIn(snapshot, store.name), problem: undefined };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { revision: snapshot.entries[0]?.revision ?? 0, target: undefined, problem: error };
  }
}

/** @throws StoreError */
export function targetIn({ entries }: Pick<Snapshot, 'entries'>, store: string): TargetEntry {
  const entry = entries.findLast(({ key }) => key === TARGET);
  return entry === undefined
    ? { revision: 0, target: undefined }
    : { revision: entry.revision, target: targetRecord.parse(entry, store) };
}

/**
 * Replaces the target that was read.
 * @param comparisons what else has to be as it was
 * @returns the new revision; undefined if somebody else has changed it meanwhile
 * @throws StoreError
 */
export const replaceTarget = (
  store: FleetStore,
  { revision }: TargetEntry,
  target: Target,
  comparisons: readonly Comparison[] = [],
): Promise<number | undefined> =>
  store.commit({
    comparisons: [{ key: TARGET, revision }, ...comparisons],
    writes: [{ key: TARGET, value: targetRecord.format(target) }],
  });

/** What a target that follows this one goes back to: the last release that all ran. */
export const lastGood = ({ target }: TargetEntry): Target['previous'] =>
  target === undefined
    ? undefined
    : target.state === 'done'
      ? { sequence: target.sequence, release: target.release, id: target.id }
      : target.previous;

interface Listed extends FleetDocument {
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

function describe({ name, text }: FleetDocument): Listed {
  const size = Buffer.byteLength(text);
  if (size > LARGEST_VALUE) {
    const limit = `${LARGEST_VALUE} bytes are the most that a store takes: split it`;
    throw new UsageError(`${name} has ${size} bytes, and ${limit}`);
  }
  return { name: documentName(name), text, digest: sha256(text), size };
}

/** The key of a document of a release. */
export const keyOfDocument = ({ name, digest }: { readonly name: string; readonly digest: string }): string =>
  documentKey(name, digest);

/** Texts that are there already are those of earlier releases: what is stored under a digest never changes. */
async function writeDocuments(store: FleetStore, documents: readonly Listed[]): Promise<void> {
  for (const { name, digest, text } of documents) {
    const key = documentKey(name, digest);
    await store.commit({ comparisons: [{ key, revision: 0 }], writes: [{ key, value: text }] });
  }
}

const digestOf = (documents: readonly { readonly name: string; readonly digest: string }[]): string =>
  sha256(documents.map(({ name, digest }) => `${name}\n${digest}\n`).join(''));

/** Gives a store that is empty the identity of a fleet. */
async function ensureLayout(store: FleetStore): Promise<void> {
  const [entry] = (await store.read(LAYOUT)).entries;
  if (entry !== undefined) return void requireLayout(entry, store.name);
  const fleet = getBuiltinModule('node:crypto').randomUUID();
  await store.commit({
    comparisons: [{ key: LAYOUT, revision: 0 }],
    writes: [{ key: LAYOUT, value: layoutRecord.format({ version: LAYOUT_VERSION, fleet }) }],
  });
}

export const sha256 = (text: string): string =>
  getBuiltinModule('node:crypto').createHash('sha256').update(text).digest('hex');

/** The number in the key of a release. */
export const releaseIn = (key: string): number => Number(nameIn(key));
