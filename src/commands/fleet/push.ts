/** `lvsadm fleet push`: checks documents for every director of the fleet, and makes a release of them. */
import { basename } from 'node:path';
import type { Context } from '../../context.js';
import type { Director } from '../../document/audience.js';
import { readTexts } from '../../document/files.js';
import { type NamedText, parseDocuments } from '../../document/load.js';
import { DocumentError, UsageError } from '../../errors.js';
import { readMembers } from '../../fleet/operator.js';
import { type FleetDocument, pushRelease } from '../../fleet/releases.js';
import type { FleetStore } from '../../fleet/store.js';
import { toJson } from '../../output/json.js';
import { authorship } from './author.js';

export interface PushOptions {
  readonly file: readonly string[];
  readonly comment: string | undefined;
  readonly json: boolean;
}

export async function push(
  store: FleetStore,
  { file, comment, json }: PushOptions,
  context: Context,
): Promise<number> {
  if (file.length === 0) throw new UsageError('missing', '--file');
  const texts = await readTexts(file, context);
  const members = await readMembers(store);
  await checkForAll(texts, [...members]);
  if (members.size === 0 && texts.some(usesVariables))
    await context.err.write(
      'lvsadm: the fleet has no directors yet: documents with variables were not checked\n',
    );
  const { release, isNew } = await pushRelease(store, documentsOf(texts), authorship(context, comment));
  const { id, digest, documents } = release;
  await context.out.write(
    json
      ? toJson({
          release: id,
          new: isNew,
          digest,
          documents: documents.map(({ name, size }) => ({ name, size })),
        })
      : isNew
        ? `release ${id}: ${documents.length} ${documents.length === 1 ? 'document' : 'documents'}; lvsadm fleet release ${id} makes the directors run it\n`
        : `nothing has changed since release ${id}\n`,
  );
  return 0;
}

/** A director as documents see it: its name is a label, too. */
export const directorFor = (name: string, { labels, variables }: Director): Director => ({
  labels: { ...labels, node: name },
  variables: { ...variables, node: name },
});

/** @throws DocumentError with the name of the first director that the documents are wrong for */
export async function checkForAll(
  texts: readonly NamedText[],
  members: readonly (readonly [string, Director])[],
): Promise<void> {
  if (members.length === 0) await parseDocuments(texts.filter((text) => !usesVariables(text)));
  // Directors that documents cannot tell apart are checked once.
  const namesMatter = texts.some(({ text }) => /\bnode\b/.test(text));
  const seen = new Set<string>();
  for (const [name, director] of members) {
    const kind = JSON.stringify([director.labels, director.variables, namesMatter && name]);
    if (seen.has(kind)) continue;
    seen.add(kind);
    try {
      await parseDocuments(texts, undefined, directorFor(name, director));
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error;
      const [first, ...others] = error.problems;
      const about = (problem: (typeof error.problems)[number]) => ({
        ...problem,
        text: `${problem.text} (for director ${name})`,
      });
      throw new DocumentError([about(first), ...others.map(about)], error.more);
    }
  }
}

const usesVariables = ({ text }: NamedText): boolean => text.includes('${');

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
