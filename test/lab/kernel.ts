// The guest's kernel: Debian's, fetched and unpacked but never installed, or one that is already there.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
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

/** The suites of Debian by what LAB_KERNEL may name, besides the path of an image. */
export const suites: Readonly<Record<string, string>> = {
  stable: 'bookworm', // 6.1
  bookworm: 'bookworm',
  backports: 'bookworm-backports', // 6.12
  trixie: 'trixie', // 6.12
  sid: 'sid', // 7.2
  'trixie-backports': 'trixie-backports', // 7.3
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
 * The kernel called `name`: a key of `suites`, or the absolute path of an image whose modules lie in /lib/modules.
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

/** Fetches the suite's current kernel to the directory `path`: vmlinuz, vmlinux and lib/modules/RELEASE. */
async function fetchKernel(suite: string, path: string): Promise<void> {
  const release = await fetchDebianKernel({ suite, architecture: 'amd64' }, path);
  const { payload } = readBootImage(await readFile(join(path, 'vmlinuz')));
  const compressed = join(path, 'payload');
  await writeFile(compressed, payload);
  await writeFile(join(path, 'vmlinux'), await decompressed(compressed));
  await rm(compressed);
  say(`the kernel of ${suite} is ${release}`);
}

export interface DebianKernel {
  suite: string;
  architecture: 'amd64' | 'arm64';
}

/** Fetches a current kernel to the directory `path`: vmlinuz and lib/modules/RELEASE. @returns its release */
export async function fetchDebianKernel(kernel: DebianKernel, path: string): Promise<string> {
  await ensurePackages(kernelNeeds);
  const work = `${path}.work`;
  const failures: string[] = [];
  for (const mirror of await debianMirrors()) {
    try {
      await rm(work, { recursive: true, force: true });
      await mkdir(work, { recursive: true });
      const release = await unpackKernel(await downloadKernel(mirror, kernel, work), path);
      await rm(work, { recursive: true, force: true });
      return release;
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  throw new LabUnavailable(`cannot fetch the kernel of ${kernel.suite}:\n${failures.join('\n')}`);
}

/** The metapackage depends on the current kernel alone, not on every version that the mirror holds. @returns archives */
async function downloadKernel(
  mirror: string,
  { suite, architecture }: DebianKernel,
  work: string,
): Promise<string[]> {
  say(`looking up the kernel of ${suite} at ${mirror}`);
  const apt = await PrivateApt.create(work, mirror, suite, architecture);
  const metapackage = `linux-image-${architecture}`;
  const image = (await apt.dependencies(metapackage)).find((name) => name.startsWith('linux-image-'));
  if (!image) throw new Error(`${metapackage} of ${suite} depends on no kernel`);
  const archives: string[] = [];
  for (const name of kernelPackages(image, await apt.dependencies(image))) {
    say(`fetching ${name}`);
    archives.push(await apt.download(name));
  }
  return archives;
}

/**
 * The packages with the files of a kernel: that of the image; since 7.0 those of the binary, of the modules, and of the list of what is
 * built in, on which it depends.
 * @param image `linux-image-7.2.13+deb14-amd64`
 */
export function kernelPackages(image: string, dependencies: readonly string[]): string[] {
  const release = image.slice('linux-image-'.length);
  const parts = ['linux-base', 'linux-binary', 'linux-modules'].map((part) => `${part}-${release}`);
  return parts.every((part) => dependencies.includes(part)) ? parts : [image];
}

/** @returns the release */
async function unpackKernel(archives: readonly string[], path: string): Promise<string> {
  say('unpacking the kernel');
  const unpacked = `${path}.unpacked`;
  await rm(unpacked, { recursive: true, force: true });
  for (const archive of archives) await quietly('dpkg', ['-x', archive, unpacked]);
  // Newer packages keep their modules below /usr; depmod and modprobe look in lib/modules.
  if (!existsSync(join(unpacked, 'lib'))) await symlink('usr/lib', join(unpacked, 'lib'));
  const [release] = await readdir(join(unpacked, 'lib/modules'));
  if (!release) throw new Error(`${archives.join(' ')} hold no modules`);
  const modules = join(unpacked, 'lib/modules', release);
  for (const directory of superfluous)
    await rm(join(modules, 'kernel', directory), { recursive: true, force: true });
  await quietly('depmod', ['-b', unpacked, release]);
  const images = [join(unpacked, 'boot', `vmlinuz-${release}`), join(modules, 'vmlinuz')];
  const image = images.find((file) => existsSync(file));
  if (!image) throw new Error(`${archives.join(' ')} hold no vmlinuz`);
  await rename(image, join(unpacked, 'vmlinuz'));
  await writeFile(join(unpacked, 'package'), archives.map((archive) => `${basename(archive)}\n`).join(''));
  await rename(unpacked, path);
  return release;
}
