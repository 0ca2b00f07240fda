/** Where compiled code may be kept: nowhere that another could write to. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isSafe } from '../../src/cli/process/compile-cache.js';

const root = mkdtempSync(join(tmpdir(), 'lvsadm-cache-'));
after(() => rmSync(root, { recursive: true }));
const me = process.getuid?.() ?? 0;

test('a missing directory is made, for its owner alone', () => {
  const directory = join(root, 'new');
  assert.equal(isSafe(directory, me), true);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  assert.equal(isSafe(directory, me), true);
});

test('a directory that others own or may write to is not used', () => {
  const directory = join(root, 'shared');
  mkdirSync(directory);
  chmodSync(directory, 0o755);
  assert.equal(isSafe(directory, me), true);
  assert.equal(isSafe(directory, me + 1), false);
  for (const mode of [0o775, 0o757, 0o1777]) {
    chmodSync(directory, mode);
    assert.equal(isSafe(directory, me), false, mode.toString(8));
  }
});

test('nor is a link to a safe directory, a file, or one that cannot be made', () => {
  const file = join(root, 'file');
  writeFileSync(file, '');
  mkdirSync(join(root, 'target'), 0o700);
  symlinkSync(join(root, 'target'), join(root, 'link'));
  for (const path of [file, join(root, 'link'), join(root, 'no/such/parent')]) {
    assert.equal(isSafe(path, me), false, path);
  }
});
