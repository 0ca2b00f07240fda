// The guest's kernel: Debian's, fetched and unpacked but never installed, or one that is already there.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { debianMirrors, PrivateApt } from './apt.js';
import { readBootImage } from './bootimage.js';
import { cached } from './cache.js';
import { decompressed } from './compression.js';
import { LabUnavailable } from './errors.js';
import { ensurePackages, kernelNeeds } from './packages.js';
import { quietly } from './process.js';
import { say } from './say.js';

export interface Kernel {
  /** What QEMU loads: a boot image, or an ELF file, which spares an emulated processor its decompression. */
  image: string;
  /** What `uname -r` prints. */
  release: string;
  /** The directory that holds lib/modules/RELEASE. */
  root: string;
}

/** What LAB_KERNEL may name, besides the path of an image. */
const suites: Record<string, string> = {
  stable: 'bookworm', // 6.1
  backports: 'bookworm-backports', // 6.12
};

/** Whole families of drivers for hardware that no guest has: half of the package. */
const superfluous = [
  'sound',
  'drivers/gpu',
  'drivers/media',
  'drivers/net/wireless',
  'drivers/infiniband',
  'drivers/staging',
];

/**
 * The kernel called `name`: 'stable', 'backports', or the absolute path of an image whose modules lie in /lib/modules.
 * Debian's are fetched once and then kept; remove the cache to get newer ones.
 */
export async function findKernel(name: string): Promise<Kernel> {
  if (name.startsWith('/')) return kernelAt(name, '/');
  const suite = suites[name];
  if (!suite) {
    throw new LabUnavailable(
      `LAB_KERNEL is '${name}': expected ${Object.keys(suites).join(', ')} or the path of an image`,
    );
  }
  const root = await cached(`debian-${suite}`, (path) => fetchKernel(suite, path));
  return { ...(await kernelAt(join(root, 'vmlinuz'), root)), image: join(root, 'vmlinux') };
}

async function kernelAt(image: string, root: string): Promise<Kernel> {
  const bytes = await readFile(image).catch((error: Error) => {
    throw new LabUnavailable(`cannot read the kernel: ${error.message}`);
  });
  const { release } = readBootImage(bytes);
  const modules = join(root, 'lib/modules', release);
  if (!existsSync(modules))
    throw new LabUnavailable(`the kernel ${image} (${release}) has no modules in ${modules}`);
  return { image, release, root };
}

/** Fetches the suite's current kernel to the directory `path`: vmlinuz and lib/modules/RELEASE. */
async function fetchKernel(suite: string, path: string): Promise<void> {
  await ensurePackages(kernelNeeds);
  const work = `${path}.work`;
  const failures: string[] = [];
  for (const mirror of await debianMirrors()) {
    try {
      await rm(work, { recursive: true, force: true });
      await mkdir(work, { recursive: true });
      await unpackKernel(await downloadKernel(mirror, suite, work), path);
      await rm(work, { recursive: true, force: true });
      return;
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  throw new LabUnavailable(`cannot fetch the kernel of ${suite}:\n${failures.join('\n')}`);
}

/** The metapackage depends on the current kernel alone: one package, not every version that the mirror holds. */
async function downloadKernel(mirror: string, suite: string, work: string): Promise<string> {
  say(`looking up the kernel of ${suite} at ${mirror}`);
  const apt = await PrivateApt.create(work, mirror, suite);
  const name = (await apt.dependencies('linux-image-amd64')).find((dependency) =>
    dependency.startsWith('linux-image-'),
  );
  if (!name) throw new Error(`linux-image-amd64 of ${suite} depends on no kernel`);
  say(`fetching ${name}`);
  return apt.download(name);
}

async function unpackKernel(archive: string, path: string): Promise<void> {
  say('unpacking the kernel');
  const unpacked = join(dirname(archive), 'unpacked');
  await quietly('dpkg', ['-x', archive, unpacked]);
  // Newer packages keep their modules below /usr; depmod and modprobe look in lib/modules.
  if (!existsSync(join(unpacked, 'lib'))) await symlink('usr/lib', join(unpacked, 'lib'));
  const [release] = await readdir(join(unpacked, 'lib/modules'));
  if (!release) throw new Error(`${archive} holds no modules`);
  const drivers = join(unpacked, 'lib/modules', release, 'kernel');
  for (const directory of superfluous) await rm(join(drivers, directory), { recursive: true, force: true });
  await quietly('depmod', ['-b', unpacked, release]);
  await rename(join(unpacked, 'boot', `vmlinuz-${release}`), join(unpacked, 'vmlinuz'));
  const { payload } = readBootImage(await readFile(join(unpacked, 'vmlinuz')));
  const compressed = join(dirname(archive), 'payload');
  await writeFile(compressed, payload);
  await writeFile(join(unpacked, 'vmlinux'), await decompressed(compressed));
  await writeFile(join(unpacked, 'package'), `${archive.slice(archive.lastIndexOf('/') + 1)}\n`);
  await rename(unpacked, path);
}
