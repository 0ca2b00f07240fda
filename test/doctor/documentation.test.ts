/** docs/doctor.md has a section for each check, with its severity, and none for a check that is not there. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { checks } from '../../src/doctor/checks/index.js';

const text = readFileSync(new URL('../../../docs/doctor.md', import.meta.url), 'utf8');
const sections = new Map(
  text
    .split(/^### /m)
    .slice(1)
    .map((section) => [section.split('\n', 1)[0], section]),
);

test('every finding is documented', () => {
  assert.deepEqual(
    checks.map(({ id }) => id).filter((id) => !sections.has(id)),
    [],
  );
});

test('every section is about a finding', () => {
  const known = new Set(checks.map(({ id }) => id));
  assert.deepEqual(
    [...sections.keys()].filter((id) => !known.has(id ?? '')),
    [],
  );
});

test('every section begins with the severity', () => {
  for (const { id, severity } of checks) {
    const stated = new RegExp(`^${id}\n\n\\*${severity}[.;]`, 'i');
    assert.match(sections.get(id) ?? '', stated);
  }
});
