/** The list of checks, docs/doctor.md and the files of checks agree. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Check } from '../../src/doctor/checks/check.js';
import { checks } from '../../src/doctor/checks/index.js';

const all = [...new Set([...checks.director, ...checks['real-server']])];
const text = readFileSync(new URL('../../../docs/doctor.md', import.meta.url), 'utf8');
const sections = new Map(
  text
    .split(/^### /m)
    .slice(1)
    .map((section) => [section.split('\n', 1)[0], section]),
);

test('docs/doctor.md has a section for each check, in the order of the checks', () => {
  assert.deepEqual(
    [...sections.keys()],
    all.map(({ id }) => id),
  );
});

const directory = new URL('../../src/doctor/checks/', import.meta.url);
const isCheck = (value: unknown): value is Check =>
  typeof value === 'object' && value !== null && 'id' in value && 'find' in value;

test('every check that a file exports is in the list', async () => {
  const files = readdirSync(directory).filter((name) => /^(?!index).*\.js$/.test(name));
  const modules = await Promise.all(files.map((name) => import(new URL(name, directory).href)));
  const exported = modules.flatMap((module) => Object.values(module).filter(isCheck));
  assert.deepEqual(new Set(exported), new Set(all));
});

test('every section begins with the severity', () => {
  for (const { id, severity } of all) {
    const stated = new RegExp(`^${id}\n\n\\*${severity}[.;]`, 'i');
    assert.match(sections.get(id) ?? '', stated);
  }
});
