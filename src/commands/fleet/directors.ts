/** The directors of a fleet, as documents see them. */
import type { Director } from '../../document/audience.js';
import { DocumentSet, type NamedText, parseDocuments } from '../../document/load.js';
import { DocumentError } from '../../errors.js';

/** The name of a director is a label and a variable, too. */
export const directorFor = (name: string, { labels, variables }: Director): Director => ({
  labels: { ...labels, node: name },
  variables: { ...variables, node: name },
});

/** Directors that the documents cannot tell apart. */
export interface DirectorKind {
  readonly names: readonly [string, ...string[]];
  /** One of them. */
  readonly director: Director;
}

/** The directors in their kinds: with the same labels and variables, and the same name where a text may ask for it. */
export function kindsOf(
  texts: readonly Pick<NamedText, 'text'>[],
  members: Iterable<readonly [string, Director]>,
): DirectorKind[] {
  const matters = namesThatMatter(texts);
  const kinds = new Map<string, { names: [string, ...string[]]; director: Director }>();
  for (const [name, { labels, variables }] of members) {
    const kind = JSON.stringify([labels, variables, matters(name) && name]);
    const known = kinds.get(kind);
    if (known === undefined)
      kinds.set(kind, { names: [name], director: directorFor(name, { labels, variables }) });
    else known.names.push(name);
  }
  return [...kinds.values()];
}

/** Names stand in `only` and in `peers`, or come from variables. */
function namesThatMatter(texts: readonly Pick<NamedText, 'text'>[]): (name: string) => boolean {
  const naming = texts.filter(({ text }) => /\b(node|peers)\b/.test(text));
  if (naming.some(({ text }) => text.includes('${'))) return () => true;
  const words = new Set(naming.flatMap(({ text }) => text.match(/[A-Za-z0-9][A-Za-z0-9._-]*/g) ?? []));
  return (name) => words.has(name);
}

/** @throws DocumentError with the name of the first director that the documents are wrong for */
export async function checkForAll(
  texts: readonly NamedText[],
  members: readonly (readonly [string, Director])[],
): Promise<void> {
  if (members.length === 0) await parseDocuments(texts.filter((text) => !needsDirector(text)));
  const fleet = new Set(members.map(([name]) => name));
  const documents = new DocumentSet(texts);
  for (const { names, director } of kindsOf(texts, members)) {
    try {
      await documents.stateFor({ ...director, fleet });
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error;
      const [first, ...others] = error.problems;
      const about = (problem: (typeof error.problems)[number]) => ({
        ...problem,
        text: `${problem.text} (for director ${names[0]})`,
      });
      throw new DocumentError([about(first), ...others.map(about)], error.more);
    }
  }
}

/** Whether a text has variables, or names directors as peers: without a director it cannot be checked. */
export const needsDirector = ({ text }: Pick<NamedText, 'text'>): boolean =>
  text.includes('${') || /\bpeers"?\s*:/.test(text);
