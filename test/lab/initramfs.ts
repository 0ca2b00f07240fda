// The guest's first file system: busybox, scripts, and the modules that reach the host's files or a disk.
import { createHash } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { cached } from './cache.js';
import { decompressed } from './compression.js';
import { type Entry, newc } from './cpio.js';
import { LabUnavailable } from './errors.js';
import type { Kernel } from './kernel.js';
import { bootScripts } from './paths.js';
import { output, which } from './process.js';
import { say } from './say.js';

interface Boot {
  /** The script that becomes /init, and files beside it. */
  init: string;
  files: readonly string[];
  /** busybox loads them, plain. Everything else is loaded in the guest by modprobe, as on any machine. */
  modules: readonly string[];
}

const common = ['virtio_pci', 'virtio_console', '9pnet_virtio', '9p'];

/** By the root file system: the host's files under memory, or a disk. */
const boots = {
  host: { init: 'init', files: ['main'], modules: [...common, 'overlay'] },
  disk: { init: 'disk', files: ['commands', 'lab.service'], modules: [...common, 'virtio_blk', 'ext4'] },
} as const satisfies Record<string, Boot>;

/** The path of the initramfs for a kernel: made once, and again when its parts change. */
export async function findInitramfs(kernel: Kernel, root: keyof typeof boots = 'host'): Promise<string> {
  const { init, files: names, modules: bootModules } = boots[root];
  const script = (name: string) => readFile(join(bootScripts, name));
  const files: Entry[] = [
    { name: 'init', data: await script(init), executable: true },
    ...(await Promise.all(names.map(async (name) => ({ name, data: await script(name) })))),
    { name: 'bin/busybox', data: await readFile(busybox()), executable: true },
  ];
  const digest = createHash('sha256');
  for (const part of [kernel.image, kernel.release, ...bootModules, ...files.map((file) => file.data ?? '')])
    digest.update(part);
  return cached(`initramfs-${kernel.release}-${digest.digest('hex').slice(0, 16)}`, async (path) => {
    say(`building the initramfs for ${kernel.release}`);
    const entries: Entry[] = [{ name: 'bin' }, { name: 'dev' }, ...files];
    await writeFile(path, newc([...entries, ...(await moduleEntries(kernel, bootModules))]));
    chmodSync(path, 0o644);
  });
}

function busybox(): string {
  const path = which('busybox');
  if (!path) throw new LabUnavailable('busybox is not installed');
  return path;
}

/** A directory with modules and those that they depend on. Their names begin with a number: the order of loading. */
export async function moduleEntries(kernel: Kernel, names: readonly string[]): Promise<Entry[]> {
  const entries: Entry[] = [{ name: 'modules' }];
  for (const [index, module] of (await modulesInOrder(kernel, names)).entries()) {
    const name = `modules/${String(index).padStart(2, '0')}-${basename(module).replace(/\.ko.*/, '.ko')}`;
    entries.push({ name, data: await decompressed(module) });
  }
  return entries;
}

/** The files of modules, each after those that it depends on. */
async function modulesInOrder({ root, release }: Kernel, names: readonly string[]): Promise<string[]> {
  const listing = await output('modprobe', [
    '-a',
    '-d',
    root,
    '-S',
    release,
    '-C',
    '/dev/null',
    '--show-depends',
    ...names,
  ]);
  return modulesIn(listing);
}

/** The files that `modprobe --show-depends` would insert, in that order, each once. Modules built in need none. */
export function modulesIn(listing: string): string[] {
  return [...new Set([...listing.matchAll(/^insmod (\S+)/gm)].map(([, path = '']) => path))];
}
