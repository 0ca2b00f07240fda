/**
 * The programs, copied into the guest's memory: its other files come from the host, message by message, which would be
 * measured otherwise.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../../lab/paths.js';
import { which } from '../../lab/process.js';
import type { Program } from '../program.js';

export interface Programs {
  /** How each is started. */
  readonly commands: Readonly<Record<Program, readonly string[]>>;
  /** A program of the same runtime that does nothing. */
  readonly empty: Readonly<Record<Program, readonly string[]>>;
}

export function copyPrograms(directory: string): Programs {
  const at = (...names: string[]) => join(directory, ...names);
  const program = (from: string, name: string) => {
    copyFileSync(from, at(name));
    chmodSync(at(name), 0o755);
    return at(name);
  };
  cpSync(join(checkout, 'dist'), at('dist'), {
    recursive: true,
    filter: (path) => !path.endsWith('standalone') && !path.endsWith('types'),
  });
  mkdirSync(at('node_modules'));
  copyPackage('netlink', at('node_modules'));
  const node = program(process.execPath, 'node');
  return {
    commands: {
      ipvsadm: [program(installed('ipvsadm'), 'ipvsadm')],
      node: [node, at('dist/lvsadm.js')],
      standalone: [program(join(checkout, 'dist/standalone/lvsadm'), 'lvsadm')],
    },
    empty: {
      ipvsadm: [program(installed('busybox'), 'busybox'), 'true'],
      node: [node, '-e', '0'],
      standalone: [program(join(checkout, 'build/bench/empty'), 'empty')],
    },
  };
}

function installed(name: string): string {
  const path = which(name);
  if (path === undefined) throw new Error(`${name} is not installed`);
  return path;
}

/** A package and what it depends on. */
function copyPackage(name: string, to: string): void {
  const from = join(checkout, 'node_modules', name);
  cpSync(from, join(to, name), { recursive: true });
  const { dependencies = {} } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
  for (const each of Object.keys(dependencies)) copyPackage(each, to);
}

export const ipvsadmVersion = (): string =>
  /v[\d.]+/.exec(execFileSync('ipvsadm', ['--version'], { encoding: 'utf8' }))?.[0] ?? 'unknown';
