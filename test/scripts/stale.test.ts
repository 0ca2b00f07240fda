/** What is removed from build/ before tests run. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { staleFiles } from '../../scripts/build/stale.js';

test('compiled files are stale once their source has another name; all else below build/ stays', (t) => {
  const project = mkdtempSync(join(tmpdir(), 'lvsadm-stale-'));
  t.after(() => rmSync(project, { recursive: true }));
  for (const file of [
    'src/model/kept.ts',
    'build/src/model/kept.js',
    'build/src/model/kept.js.map',
    'build/src/model/renamed.js',
    'build/src/model/renamed.js.map',
    'build/src/model/notes.txt',
    'build/bench/empty.js',
  ]) {
    mkdirSync(dirname(join(project, file)), { recursive: true });
    writeFileSync(join(project, file), '');
  }
  const stale = staleFiles(project, ['src', 'test']).map((file) => file.slice(project.length + 1));
  assert.deepEqual(stale.sort(), ['build/src/model/renamed.js', 'build/src/model/renamed.js.map']);
});
