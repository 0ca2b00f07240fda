/** Run by Bun's test runner (test/libc/files.test.ts): what stands in for node:fs, held to node:fs. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as files from '../../../src/libc/files.js';

const codeOf = (attempt: () => unknown): unknown => {
  try {
    attempt();
  } catch (error) {
    const { code, errno, message } = error as NodeJS.ErrnoException;
    assert.match(message, new RegExp(`^${code}: .*, `));
    return [code, errno];
  }
  return undefined;
};

function scratch(t: { after(run: () => void): void }): string {
  const directory = fs.mkdtempSync(join(tmpdir(), 'lvsadm-files-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  return directory;
}

test('a text is read as it was written, in the place of another', (t) => {
  const path = join(scratch(t), 'Straße');
  for (const text of ['x'.repeat(10_000), '', 'Grüße, 街\n'.repeat(1000)]) {
    files.writeFileSync(path, text);
    assert.equal(fs.readFileSync(path, 'utf8'), text);
    assert.equal(files.readFileSync(path), text);
  }
  assert.equal(files.readFileSync('/proc/self/stat').split(' ')[0], String(process.pid));
});

test('directories are made with those that they lie in, unless they are there', (t) => {
  const directory = scratch(t);
  const path = join(directory, 'a/b/c');
  files.mkdirSync(path, { mode: 0o700 });
  files.mkdirSync(path, { mode: 0o700 });
  assert.equal(fs.statSync(path).mode & 0o777, 0o700);
  files.writeFileSync(join(path, 'file'), '');
  assert.deepEqual(
    codeOf(() => files.mkdirSync(join(path, 'file/d'), { mode: 0o700 })),
    ['ENOTDIR', -20],
  );
});

test('links', (t) => {
  const directory = scratch(t);
  const [one, two] = [join(directory, 'one'), join(directory, 'two')] as const;
  files.writeFileSync(one, 'text');
  files.linkSync(one, two);
  assert.deepEqual(
    codeOf(() => files.linkSync(one, two)),
    ['EEXIST', -17],
  );
  files.unlinkSync(one);
  assert.deepEqual(
    codeOf(() => files.unlinkSync(one)),
    ['ENOENT', -2],
  );
  assert.equal(files.readFileSync(two), 'text');
  fs.symlinkSync('/somewhere/else', one);
  assert.equal(files.readlinkSync(one), '/somewhere/else');
  assert.deepEqual(
    codeOf(() => files.readlinkSync(two)),
    ['EINVAL', -22],
  );
});

test('what is not there, and what cannot be read, is told as node:fs tells it, and nothing stays open', (t) => {
  const directory = scratch(t);
  const before = fs.readdirSync('/proc/self/fd').length;
  for (const path of [join(directory, 'none'), directory, '/proc/self/mem']) {
    assert.deepEqual(
      codeOf(() => files.readFileSync(path)),
      codeOf(() => fs.readFileSync(path, 'utf8')),
      path,
    );
  }
  assert.equal(fs.readdirSync('/proc/self/fd').length, before);
});
