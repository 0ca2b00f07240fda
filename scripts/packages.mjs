// Whether node_modules is what package-lock.json says; `--install` makes it so, without it one line says what to do.
// JavaScript, since nothing that could compile TypeScript may be installed yet.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/**
 * The packages of a lock file, by path.
 * @param {string} file
 * @returns {Record<string, { version: string, integrity?: string, optional?: boolean }>}
 */
const packagesIn = (file) => JSON.parse(readFileSync(join(root, file), 'utf8')).packages;

/** npm notes in a lock file of its own which packages it has installed. */
function isInstalled() {
  const installedLock = 'node_modules/.package-lock.json';
  if (!existsSync(join(root, installedLock))) return false;
  const { '': _, ...wanted } = packagesIn('package-lock.json');
  const installed = packagesIn(installedLock);
  return (
    Object.keys(installed).every((path) => path in wanted) &&
    Object.entries(wanted).every(([path, { integrity, optional }]) =>
      path in installed ? installed[path]?.integrity === integrity : optional,
    )
  );
}

if (!isInstalled()) {
  if (!process.argv.includes('--install')) {
    process.stderr.write('lvsadm: node_modules is missing or not that of package-lock.json: run npm ci\n');
    process.exit(1);
  }
  process.stderr.write('lvsadm: installing npm packages\n');
  // No install script is needed: native parts are shipped inside the packages.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, error } = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error) process.stderr.write(`lvsadm: cannot run npm: ${error.message}\n`);
  process.exit(status ?? 1);
}
