// Files of the user's that are written as a whole.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Files, writeWhole } from '../../src/system/files/files.js';
import { ownFiles } from '../support/flock.js';

const refuse = (code: string) => (): never => {
  throw Object.assign(new Error(code), { code });
};

const circumstances: readonly (readonly [string, Partial<Files>])[] = [
  ['a leftover belongs to another user', { unlinkSync: refuse('EPERM') }],
  ['the directory cannot be read', { readdirSync: refuse('EACCES') }],
  ['the namespace does not know the owner of the file', { fchownSync: refuse('EINVAL') }],
];

for (const [circumstance, files] of circumstances) {
  test(`a file is written although ${circumstance}`, (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'lvsadm-files-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const path = join(directory, 'lvs.prom');
    for (const name of ['lvs.prom', 'lvs.prom.lvsadm-7', 'lvs.prom.lvsadm-20261130']) {
      writeFileSync(join(directory, name), 'old');
      utimesSync(join(directory, name), 0, 0);
    }
    // Nothing is at the path of the new text yet: the call for that is refused as the kernel would.
    const unlinkSync = (file: string): void => {
      if (file.endsWith(`-${process.pid}`)) return;
      (files.unlinkSync ?? ownFiles.unlinkSync)(file);
    };
    writeWhole(path, Buffer.from('new'), { ...ownFiles, ...files, unlinkSync });
    assert.equal(readFileSync(path, 'utf8'), 'new');
    // Eight digits are no process.
    assert.ok(readdirSync(directory).includes('lvs.prom.lvsadm-20261130'));
  });
}
