/** The directors of a fleet, as documents see them. */
import type { Director } from '../../document/audience.js';
import { type NamedText, parseDocuments } from '../../document/load.js';
import { DocumentError } from '../../errors.js';

/** The name of a director is a label and a variable, too. */
export const directorFor = (name: string, { labels, variables }: Director): Director => ({
  labels: { ...labels, node: name },
  variables: { ...variables, node: name },
});

/** One of each kind: directors that the documents cannot tell apart are of one. */
export function kindsOf(
  texts: readonly Pick<NamedText, 'text'>[],
  members: Iterable<readonly [string, Director]>,
): (readonly [name: string, Director])[] {
  const namesMatter = texts.some(({ text }) => /\b(node|peers)\b/.test(text));
  const kinds = new Map<string, readonly [string, Director]>();
  for (const [name, { labels, variables }] of members) {
    const kind = JSON.stringify([labels, variables, namesMatter && name]);
    if (!kinds.has(kind)) kinds.set(kind, [name, directorFor(name, { labels, variables })]);
  }
  return [...kinds.values()];
}

/** @throws DocumentError with the name of the first director that the documents are wrong for */
export async function checkForAll(
  texts: readonly NamedText[],
  members: readonly (readonly [string, Director])[],
): Promise<void> {
  if (members.length === 0) await parseDocuments(texts.filter((text) => !needsDirector(text)));
  const fleet = new Set(members.map(([name]) => name));
  for (const [name, director] of kindsOf(texts, members)) {
    try {
      await parseDocuments(texts, undefined, { ...director, fleet });
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

/** Whether a text has variables, or names directors as peers: without a director it cannot be checked. */
export const needsDirector = ({ text }: Pick<NamedText, 'text'>): boolean =>
  text.includes('${') || /\bpeers"?\s*:/.test(text);
