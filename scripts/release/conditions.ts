/** Whether a checkout can be released, and what the release says of itself. */

/** What a release depends on. */
export interface Checkout {
  /** In package.json. */
  readonly version: string;
  /** In package-lock.json. */
  readonly locked: string;
  /** The text of CHANGELOG.md. */
  readonly changelog: string;
  /** Changed and unknown files, as `git status --porcelain` lists them; empty if there are none. */
  readonly changes: string;
  /** Names of git tags. */
  readonly tags: readonly string[];
}

/**
 * https://semver.org, without what versions of packages have no place for: build metadata, and hyphens within the part before a release,
 * which rpm refuses.
 */
const semantic =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z][0-9a-zA-Z]*)(\.(0|[1-9]\d*|\d*[a-zA-Z][0-9a-zA-Z]*))*)?$/;

export const tagOf = (version: string): string => `v${version}`;

/** Why a checkout cannot be released, and what would be right; undefined if it can. */
export function obstacle({ version, locked, changelog, changes, tags }: Checkout): string | undefined {
  if (!semantic.test(version))
    return `package.json: the version '${version}' is not semantic: expected MAJOR.MINOR.PATCH, such as 1.4.0 or 1.4.0-rc.1`;
  if (locked !== version)
    return `package-lock.json: the version is ${locked}, in package.json ${version}: npm install --package-lock-only makes them one`;
  if (tags.includes(tagOf(version)))
    return `the tag ${tagOf(version)} exists: raise the version in package.json and package-lock.json`;
  const notes = notesOf(changelog, version);
  if (notes === undefined)
    return `CHANGELOG.md has no section '## ${version} - YYYY-MM-DD': rename 'Unreleased', or add one`;
  if (notes === '') return `CHANGELOG.md: the section ${version} is empty`;
  const [first, ...more] = changes.split('\n').filter((line) => line !== '');
  if (first !== undefined)
    return `the checkout has changes that are not committed: ${first.slice(3)}${more.length > 0 ? ` and ${more.length} more` : ''}`;
  return undefined;
}

/** The section of a version, without its heading; undefined if there is none. */
export function notesOf(changelog: string, version: string): string | undefined {
  const lines = changelog.split('\n');
  const isHeading = (line: string): boolean => /^## /.test(line);
  const start = lines.findIndex((line) => {
    const [, name] = line.match(/^## \[?([^\]\s]+)\]? - \d{4}-\d\d-\d\d$/) ?? [];
    return name === version;
  });
  if (start < 0) return undefined;
  const length = lines.slice(start + 1).findIndex(isHeading);
  return lines
    .slice(start + 1, length < 0 ? undefined : start + 1 + length)
    .join('\n')
    .trim();
}
