/** Run by Bun's test runner (test/libc/files.test.ts): what stands in for node:fs, held to node:fs. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as files from '../../../src/libc/files.js';
import { makeDirectory, readIfThere, replaceFile, writeWhole } from '../../../src/system/files/files.js';

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
    replaceFile(path, text, files);
    assert.equal(fs.readFileSync(path, 'utf8'), text);
    assert.equal(files.readFileSync(path), text);
    assert.equal(readIfThere(path, files), text);
  }
  assert.equal(files.readFileSync('/proc/self/stat').split(' ')[0], String(process.pid));
});

test('directories are made with those that they lie in, unless they are there', (t) => {
  const directory = scratch(t);
  const path = join(directory, 'a/b/c');
  makeDirectory(path, files);
  makeDirectory(path, files);
  assert.equal(fs.statSync(path).mode & 0o777, 0o755);
  fs.writeFileSync(join(path, 'file'), '');
  assert.deepEqual(
    codeOf(() => makeDirectory(join(path, 'file/d'), files)),
    ['ENOTDIR', -20],
  );
});

test('files are renamed and removed, and links are not followed', (t) => {
  const directory = scratch(t);
  const [one, two] = [join(directory, 'one'), join(directory, 'two')] as const;
  fs.writeFileSync(one, 'text');
  files.renameSync(one, two);
  assert.equal(fs.readFileSync(two, 'utf8'), 'text');
  assert.deepEqual(
    codeOf(() => files.unlinkSync(one)),
    ['ENOENT', -2],
  );
  files.symlinkSync(two, one);
  assert.deepEqual(
    codeOf(() => files.symlinkSync(two, one)),
    ['EEXIST', -17],
  );
  assert.equal(files.readlinkSync(one), two);
  assert.deepEqual(
    codeOf(() => files.readlinkSync(two)),
    ['EINVAL', -22],
  );
  assert.deepEqual(
    codeOf(() => readIfThere(one, files)),
    ['ELOOP', -40],
  );
  assert.deepEqual(files.readdirSync(directory).sort(), ['one', 'two']);
  for (const path of [one, two, directory]) {
    const { mode, uid, gid, ino, mtimeMs } = fs.lstatSync(path);
    const { mtimeMs: changed, ...found } = files.lstatSync(path);
    assert.deepEqual(found, { uid, gid, mode, ino });
    assert.ok(Math.abs(changed - mtimeMs) < 1, `${changed} ${mtimeMs}`);
    assert.equal(files.statSync(path).mode, fs.statSync(path).mode);
  }
  fs.mkdirSync(join(directory, 'empty'));
  files.rmdirSync(join(directory, 'empty'));
  assert.deepEqual(files.readdirSync(directory).sort(), ['one', 'two']);
  assert.deepEqual(
    codeOf(() => files.rmdirSync(directory)),
    ['ENOTEMPTY', -39],
  );
});

test('a file that is replaced for others keeps its owner and mode', (t) => {
  const path = join(scratch(t), 'file');
  fs.writeFileSync(path, 'old');
  fs.chmodSync(path, 0o640);
  if (process.getuid?.() === 0) fs.chownSync(path, 12, 34);
  const { uid, gid, mode } = fs.lstatSync(path);
  writeWhole(path, new TextEncoder().encode('new'), files);
  const found = fs.lstatSync(path);
  assert.deepEqual([found.uid, found.gid, found.mode], [uid, gid, mode]);
  assert.equal(fs.readFileSync(path, 'utf8'), 'new');
});

test('a file is locked until its descriptor is closed', async (t) => {
  const path = join(scratch(t), 'lock');
  const { O_RDWR, O_CREAT } = files.constants;
  assert.deepEqual([O_RDWR, O_CREAT], [fs.constants.O_RDWR, fs.constants.O_CREAT]);
  const [first, second] = [files.openSync(path, O_RDWR | O_CREAT), files.openSync(path, O_RDWR)];
  assert.equal(await files.flock(first, 0), true);
  assert.equal(await files.flock(second, 50), false);
  const waiting = files.flock(second, 10_000);
  files.closeSync(first);
  assert.equal(await waiting, true);
  files.closeSync(second);
});

test('errors of missing and unreadable files are those of node:fs, and nothing stays open', (t) => {
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
