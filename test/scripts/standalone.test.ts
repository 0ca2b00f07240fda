/** Where the build finds Bun. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { findBun } from '../../scripts/build/standalone.js';

test('Bun is found in the package for this machine, and where its install script moves it', (t) => {
  const modules = mkdtempSync(join(tmpdir(), 'lvsadm-bun-'));
  t.after(() => rmSync(modules, { recursive: true }));
  const own = join(modules, 'bun/bin/bun.exe');
  const forMachine = join(modules, '@oven/bun-linux-x64/bin/bun');
  const write = (path: string, size: number): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '');
    truncateSync(path, size);
  };
  assert.equal(findBun(modules), undefined);
  write(own, 450);
  assert.equal(findBun(modules), undefined, 'a note that the script was not run');
  write(own, 100_000_000);
  assert.equal(findBun(modules), own);
  write(forMachine, 100_000_000);
  assert.equal(findBun(modules), forMachine);
});
