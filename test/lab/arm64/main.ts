/** npm run lab:arm64: the executable for arm64 beside Debian's ipvsadm, in an emulated arm64 machine with a kernel that has IPVS. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { standaloneFileFor } from '../../../scripts/build/standalone.js';
import { debianMirrors, PrivateApt } from '../apt.js';
import { cached } from '../cache.js';
import { type Entry, newc } from '../cpio.js';
import { LabUnavailable } from '../errors.js';
import { moduleEntries } from '../initramfs.js';
import { fetchDebianKernel, type Kernel } from '../kernel.js';
import { ensurePackages, kernelNeeds } from '../packages.js';
import { checkout } from '../paths.js';
import { quietly } from '../process.js';
import { say } from '../say.js';

const suite = 'bookworm';

/** Seconds; everything is emulated. */
const LIMIT = 900;

/** What the guest loads: IPVS, and the schedulers of the cases. */
const modules = ['ip_vs', 'ip_vs_rr', 'ip_vs_wrr', 'ip_vs_wlc', 'ip_vs_sh', 'ip_vs_mh', 'fou', 'ipip'];

/** Packages of arm64: the reference, a shell with its programs, and the libraries of both. */
const packages = ['busybox-static', 'ipvsadm', 'libc6', 'libnl-3-200', 'libnl-genl-3-200', 'libpopt0'];

/** Programs and libraries in the guest, by where they lie in the packages. */
const files: readonly [path: RegExp, to: string][] = [
  [/^bin\/busybox$/, 'bin'],
  [/^sbin\/ipvsadm$/, 'sbin'],
  [/^lib\/aarch64-linux-gnu\/ld-linux-aarch64\.so\.1$/, 'lib'],
  [
    /^(usr\/)?lib\/aarch64-linux-gnu\/(libc|libm|libdl|libpthread|libpopt|libnl-3|libnl-genl-3)\.so\.\d+$/,
    'lib',
  ],
];

const needs = [
  { needs: 'qemu-system-aarch64', package: 'qemu-system-arm', why: 'the machine that the guest runs on' },
  ...kernelNeeds,
];

async function arm64Kernel(): Promise<Kernel> {
  const root = await cached(`debian-${suite}-arm64`, async (path) => {
    await fetchDebianKernel({ suite, architecture: 'arm64' }, path);
  });
  const [release = ''] = await readdir(join(root, 'lib/modules'));
  return { image: join(root, 'vmlinuz'), release, root };
}

/** The packages, unpacked into one directory. */
const arm64Files = (): Promise<string> =>
  cached(`debian-${suite}-arm64-files`, async (path) => {
    const work = `${path}.work`;
    await mkdir(work, { recursive: true });
    const [mirror = ''] = await debianMirrors();
    const apt = await PrivateApt.create(work, mirror, suite, 'arm64');
    for (const name of packages) {
      say(`fetching ${name} of arm64`);
      await quietly('dpkg', ['-x', await apt.download(name), path]);
    }
    await rm(work, { recursive: true });
  });

async function initramfs(kernel: Kernel): Promise<Buffer> {
  const root = await arm64Files();
  const entries: Entry[] = ['bin', 'sbin', 'lib'].map((name) => ({ name }));
  const add = async (name: string, from: string, executable = true): Promise<void> => {
    entries.push({ name, data: await readFile(from), executable });
  };
  for (const path of await readdir(root, { recursive: true })) {
    const to = files.find(([pattern]) => pattern.test(path))?.[1];
    if (to !== undefined) await add(`${to}/${basename(path)}`, join(root, path));
  }
  await add('init', join(checkout, 'test/lab/arm64/init'));
  await add('sbin/lvsadm', standaloneFileFor({ processor: 'arm64' }));
  return newc([...entries, ...(await moduleEntries(kernel, modules))]);
}

/** Runs the guest; its lines go to standard output. @returns whether all of its tests were run and passed */
async function runGuest(kernel: Kernel, archive: string): Promise<boolean> {
  const words = [
    ...['--pdeathsig', 'KILL', 'qemu-system-aarch64', '-M', 'virt', '-cpu', 'cortex-a72', '-m', '1536'],
    ...['-nodefaults', '-display', 'none', '-no-reboot', '-serial', 'stdio'],
    ...['-kernel', kernel.image, '-initrd', archive],
    ...['-append', 'console=ttyAMA0 quiet loglevel=1 panic=-1 random.trust_cpu=on'],
  ];
  // SIGKILL of this process ends the guest as well.
  const qemu = spawn('setpriv', words, { timeout: LIMIT * 1000, killSignal: 'SIGKILL' });
  qemu.stderr.pipe(process.stderr);
  let passed = 0;
  let planned: number | undefined;
  for await (const line of createInterface({ input: qemu.stdout })) {
    process.stdout.write(`${line}\n`);
    if (line.startsWith('ok ')) passed++;
    const plan = /^1\.\.(\d+)$/.exec(line.trim())?.[1];
    if (plan !== undefined) planned = Number(plan);
  }
  return planned !== undefined && passed === planned;
}

async function main(): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'lvsadm-arm64-'));
  try {
    await ensurePackages(needs);
    const kernel = await arm64Kernel();
    const archive = join(directory, 'initramfs');
    await writeFile(archive, await initramfs(kernel));
    return (await runGuest(kernel, archive)) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof LabUnavailable)) throw error;
    say(error.message);
    return 69;
  } finally {
    await rm(directory, { recursive: true });
  }
}

process.exitCode = await main();
