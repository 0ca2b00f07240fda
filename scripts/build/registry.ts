/** Files of packages of the npm registry that are not installed with the others. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './project.js';

export interface PackageFile {
  readonly name: string;
  /** Exact. */
  readonly version: string;
  /** As package-lock.json has it: `sha512-BASE64`. npm compares the archive with what the registry says in any case. */
  readonly integrity?: string;
  /** Path in the package. */
  readonly path: string;
}

/**
 * Puts a file of a package at a path. No script of the package runs.
 * @param target whose directory is made
 * @throws Error if the package cannot be fetched, or is not the one that is meant
 */
export function fetchFile({ name, version, integrity, path }: PackageFile, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  const work = mkdtempSync(join(dirname(target), 'new-'));
  try {
    run('npm', ['pack', `${name}@${version}`, '--loglevel=error', '--pack-destination', work]);
    const [archive = ''] = readdirSync(work);
    if (integrity !== undefined) checkIntegrity(join(work, archive), integrity);
    run('tar', ['-xzf', join(work, archive), '-C', work, `package/${path}`]);
    renameSync(join(work, 'package', path), target);
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** @param integrity as package-lock.json has it: `sha512-BASE64`. @throws Error if the file is another one */
export function checkIntegrity(file: string, integrity: string): void {
  const [algorithm = '', expected] = integrity.split(/-(.*)/s);
  if (createHash(algorithm).update(readFileSync(file)).digest('base64') !== expected)
    throw new Error(`${file} is not the file that package-lock.json names: its ${algorithm} sum differs`);
}

function run(program: string, words: readonly string[]): void {
  const { status, error } = spawnSync(program, words, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${words[0]} ended with status ${status}`);
}
