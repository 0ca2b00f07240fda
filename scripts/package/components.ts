/** What is inside the executable beside lvsadm's own code: npm packages, as the bundler finds them, and Bun with its libraries. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { findBun } from '../build/bun.js';
import { root } from '../build/project.js';
import { runtimeParts } from './runtime-parts.js';

export interface Component {
  readonly name: string;
  /** Absent where Bun does not tell it. */
  readonly version?: string;
  /** An SPDX licence expression. */
  readonly licence: string;
  /** Its package URL, or the address of its source. */
  readonly purl?: string;
  readonly source?: string;
  /** The licence as the package brings it. */
  readonly text?: string;
}

/** The npm packages in the executable, by name. */
export async function npmComponents(): Promise<Component[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['bin/lvsadm-standalone.ts'],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    external: ['bun:ffi'],
    logLevel: 'error',
  });
  const paths = Object.keys(metafile.inputs).flatMap(
    (input) => input.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/) ?? [],
  );
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const found = paths.map((path) => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const { version, license } = packages[path];
    // A scope's @ is encoded in package URLs.
    const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
    return { path, component: { name, version, licence: license, purl } };
  });
  // One version of a package may be installed in several directories.
  return [...new Map(found.map((each) => [each.component.purl, each])).values()]
    .map(({ path, component }): Component => ({ ...component, text: licenceOf(path) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** @throws Error if a package brings no licence: nobody may pass it on */
function licenceOf(path: string): string {
  const file = readdirSync(join(root, path)).find((name) => /^(licen[cs]e|copying)/i.test(name));
  if (file === undefined) throw new Error(`${path} brings no licence`);
  return readFileSync(join(root, path, file), 'utf8');
}

/** Bun, then the libraries that it is linked with, in the versions that it tells. */
export function runtimeComponents(): Component[] {
  const bun = findBun();
  if (bun === undefined) throw new Error('there is no Bun to ask for its libraries');
  const versions = JSON.parse(
    execFileSync(bun, ['-p', 'JSON.stringify(process.versions)'], { encoding: 'utf8' }),
  );
  return runtimeParts.map(({ version: key, ...part }) => ({ ...part, version: versions[key] }));
}
