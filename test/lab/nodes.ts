// The versions of Node.js that lvsadm is tested with: packages of the npm registry bring them.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchFile } from '../../scripts/build/registry.js';
import { cached } from './cache.js';

/** The oldest of `engines` in package.json, and the newest of each line with long-term support. */
export const nodeVersions = ['20.19.0', '20.20.2', '22.3.0', '22.23.5', '24.22.3', '26.12.1'] as const;

export const newestNode = '26.12.1' satisfies (typeof nodeVersions)[number];

/** The path of `node` in this version, in a directory of its own. @throws Error if it cannot be fetched */
export async function nodeProgram(version: string): Promise<string> {
  const file = { name: `node-linux-${process.arch}`, version, path: 'bin/node' };
  const directory = await cached(`node-${version}-${process.arch}`, async (path) => {
    await mkdir(path);
    fetchFile(file, join(path, 'node'));
  });
  return join(directory, 'node');
}
