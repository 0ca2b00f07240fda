/** A tar archive of lvsadm alone, for any machine with glibc. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Entry } from './contents.js';
import type { Build } from './metadata.js';
import { run } from './run.js';
import { writeTree } from './tree.js';

/** @returns path of the archive */
export function tarArchive({ entries, architecture, version, time, output, compression }: Build): string {
  const file = join(output, `lvsadm-${version}-linux-${architecture}.tar.gz`);
  const own = entries.filter((entry) => entry.package === 'lvsadm');
  writeFileSync(file, gzipSync(tarOf(own, time), { level: compression === 'small' ? 9 : 1 }));
  return file;
}

/** The files, without their directories: these exist, or get the modes of the machine. */
export function tarOf(entries: readonly Entry[], time: number): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'lvsadm-tar-'));
  try {
    const tree = join(directory, 'tree');
    writeTree(tree, entries, time);
    const list = join(directory, 'list');
    writeFileSync(list, entries.map(({ path }) => `${path.slice(1)}\n`).join(''));
    const archive = join(directory, 'archive');
    const owners = ['--owner=0', '--group=0', '--numeric-owner', '--format=gnu', '--no-recursion'];
    run('tar', ['-cf', archive, ...owners, '-C', tree, '-T', list]);
    return readFileSync(archive);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
