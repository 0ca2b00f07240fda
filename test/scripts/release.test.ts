/** `npm run release`: what it refuses, and the notes that it takes from the changelog. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Checkout, notesOf, obstacle } from '../../scripts/release/conditions.js';

const changelog = `# Changelog

## Unreleased

## 1.4.0 - 2026-11-30

### Added

- something

## 1.3.0 - 2026-10-01

- older

## 1.2.0 - 2026-09-01
`;

const checkout: Checkout = { version: '1.4.0', locked: '1.4.0', changelog, changes: '', tags: ['v1.3.0'] };

test('a clean checkout with a new version and its section can be released', () => {
  assert.equal(obstacle(checkout), undefined);
  assert.equal(obstacle({ ...checkout, version: '1.3.0', locked: '1.3.0', tags: [] }), undefined);
});

const refused: readonly (readonly [what: string, change: Partial<Checkout>, reason: RegExp])[] = [
  ['a version of two numbers', { version: '1.4' }, /'1\.4' is not semantic/],
  ['a leading zero', { version: '1.04.0' }, /not semantic/],
  ['a hyphen before a release', { version: '1.4.0-rc-1' }, /not semantic/],
  ['another version in package-lock.json', { locked: '1.3.0' }, /package-lock\.json: the version is 1\.3\.0/],
  ['build metadata', { version: '1.4.0+1' }, /not semantic/],
  ['a version that has its tag', { tags: ['v1.3.0', 'v1.4.0'] }, /the tag v1\.4\.0 exists/],
  ['a changelog without the section', { version: '1.5.0', locked: '1.5.0' }, /no section '## 1\.5\.0 - /],
  ['a section without text', { version: '1.2.0', locked: '1.2.0' }, /section 1\.2\.0 is empty/],
  ['a changed file', { changes: ' M src/index.ts\n?? notes\n' }, /not committed: src\/index\.ts and 1 more$/],
];

for (const [what, change, reason] of refused) {
  test(`${what} is refused`, () => assert.match(obstacle({ ...checkout, ...change }) ?? '', reason));
}

test('a version before a release may be released', () => {
  const text = changelog.replace('1.4.0', '1.4.0-rc.1');
  assert.equal(
    obstacle({ ...checkout, version: '1.4.0-rc.1', locked: '1.4.0-rc.1', changelog: text }),
    undefined,
  );
  assert.match(obstacle({ ...checkout, version: '1.4.0', changelog: text }) ?? '', /no section/);
});

test('the notes are the section of the version alone', () => {
  assert.equal(notesOf(changelog, '1.4.0'), '### Added\n\n- something');
  assert.equal(notesOf(changelog, '1.3.0'), '- older');
  assert.equal(notesOf(changelog, 'Unreleased'), undefined);
});
