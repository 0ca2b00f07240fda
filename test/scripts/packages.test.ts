/** What scripts find out about node_modules before they start. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/build/project.js';

type Packages = Readonly<Record<string, { readonly integrity?: string; readonly optional?: boolean }>>;

const a = { 'node_modules/a': { integrity: 'sha512-1' } };
const newer = { 'node_modules/a': { integrity: 'sha512-2' } };
const b = { 'node_modules/b': { integrity: 'sha512-3', optional: true } };

const cases: readonly (readonly [
  string,
  wanted: Packages,
  installed: Packages | undefined,
  status: number,
])[] = [
  ['nothing is installed', a, undefined, 1],
  ['all is installed', { '': {}, ...a, ...b }, { ...a, ...b }, 0],
  ['an optional package is not for this machine', { ...a, ...b }, a, 0],
  ['a package is missing', { ...a, ...b }, b, 1],
  ['a package is of another version', newer, a, 1],
  ['a package is no longer wanted', a, { ...a, ...b }, 1],
];

for (const [name, wanted, installed, status] of cases) {
  test(`${name}: ${status === 0 ? 'scripts run' : 'one line says to run npm ci'}`, (t) => {
    const project = mkdtempSync(join(tmpdir(), 'lvsadm-packages-'));
    t.after(() => rmSync(project, { recursive: true }));
    for (const directory of ['scripts', 'node_modules']) mkdirSync(join(project, directory));
    const script = join(project, 'scripts/packages.mjs');
    copyFileSync(join(root, 'scripts/packages.mjs'), script);
    writeFileSync(join(project, 'package-lock.json'), JSON.stringify({ packages: wanted }));
    if (installed !== undefined) {
      writeFileSync(
        join(project, 'node_modules/.package-lock.json'),
        JSON.stringify({ packages: installed }),
      );
    }
    const found = spawnSync(process.execPath, [script], { encoding: 'utf8' });
    assert.equal(found.status, status);
    assert.match(found.stderr, status === 0 ? /^$/ : /^lvsadm: .*: run npm ci\n$/);
  });
}
