/** Where the build finds Bun, and whether a fetched one is the one that was meant. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { crossTarget, findBun, type Target } from '../../scripts/build/bun.js';
import { root } from '../../scripts/build/project.js';
import { checkIntegrity } from '../../scripts/build/registry.js';
import { standaloneFileFor } from '../../scripts/build/standalone.js';

test('Bun is found in the package for this machine, and where its install script moves it', (t) => {
  const modules = mkdtempSync(join(tmpdir(), 'lvsadm-bun-'));
  t.after(() => rmSync(modules, { recursive: true }));
  const own = join(modules, 'bun/bin/bun.exe');
  const names = ['bun-linux-aarch64', 'bun-linux-x64'];
  const [forMachine = '', forAnother = ''] = (process.arch === 'arm64' ? names : names.reverse()).map(
    (name) => join(modules, '@oven', name, 'bin/bun'),
  );
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
  write(forAnother, 100_000_000);
  assert.equal(findBun(modules), own, 'an executable of another processor');
  write(forMachine, 100_000_000);
  assert.equal(findBun(modules), forMachine);
});

test('an archive with another sum than that of package-lock.json is refused', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'lvsadm-bun-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'archive.tgz');
  writeFileSync(file, 'abc');
  // The sum of "abc" in FIPS 180-2, in base64.
  const sum = 'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=';
  checkIntegrity(file, sum);
  writeFileSync(file, 'abd');
  assert.throws(
    () => checkIntegrity(file, sum),
    /archive\.tgz is not the file that package-lock\.json names/,
  );
});

test('another processor or C library takes its own Bun, this machine the one that npm has installed', () => {
  const own = process.arch === 'arm64' ? 'arm64' : 'x64';
  assert.equal(crossTarget({}), undefined);
  assert.equal(crossTarget({ processor: own }), undefined);
  assert.deepEqual(crossTarget({ processor: 'x64', libc: 'musl' }), {
    package: '@oven/bun-linux-x64-musl',
    target: 'bun-linux-x64-musl',
  });
  assert.deepEqual(crossTarget({ processor: 'arm64', libc: 'musl' }), {
    package: '@oven/bun-linux-aarch64-musl',
    target: 'bun-linux-arm64-musl',
  });
  const files = [
    {},
    { processor: own },
    { processor: 'x64', libc: 'musl' },
    { processor: 'arm64', libc: 'musl' },
  ];
  assert.deepEqual(
    (files as Target[]).map((target) => relative(root, standaloneFileFor(target))),
    ['', '', 'x64-musl/', 'arm64-musl/'].map((directory) => `dist/standalone/${directory}lvsadm`),
  );
});
