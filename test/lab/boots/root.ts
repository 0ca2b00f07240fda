/** Root file systems of Debian with systemd, as disks: made once, and kept. */
import { mkdir, rm } from 'node:fs/promises';
import { debianMirrors } from '../apt.js';
import { cached } from '../cache.js';
import { LabUnavailable } from '../errors.js';
import { diskNeeds, ensurePackages } from '../packages.js';
import { quietly } from '../process.js';
import { say } from '../say.js';

export const releases = ['bookworm', 'trixie'] as const;
export type Release = (typeof releases)[number];

/** A small server with what a director has. */
const packages = ['systemd', 'systemd-sysv', 'dbus', 'udev', 'iproute2', 'ipvsadm', 'kmod', 'iputils-ping'];

/** Of no use in a guest without keyboard, clock and network: each takes a second of an emulated boot. */
const masked = [
  ...[
    'getty.target',
    'systemd-hwdb-update.service',
    'systemd-timesyncd.service',
    'systemd-networkd-wait-online.service',
  ],
  ...[
    'systemd-firstboot.service',
    'systemd-pcrphase.service',
    'systemd-random-seed.service',
    'e2scrub_reap.service',
  ],
  ...[
    'apt-daily.timer',
    'apt-daily-upgrade.timer',
    'dpkg-db-backup.timer',
    'e2scrub_all.timer',
    'fstrim.timer',
  ],
];

/** The path of the disk of a release, an image of ext4 that nobody may write to. */
export const findRoot = (release: Release): Promise<string> =>
  cached(`root-${release}.ext4`, async (path) => {
    await ensurePackages(diskNeeds);
    if (process.getuid?.() !== 0) throw new LabUnavailable('it takes root to make a file system of Debian');
    const tree = `${path}.tree`;
    const failures: string[] = [];
    for (const mirror of await debianMirrors()) {
      say(`making a file system of ${release} from ${mirror}: some minutes, once`);
      try {
        await rm(tree, { recursive: true, force: true });
        await mkdir(tree);
        await quietly('mmdebstrap', [
          ...[
            '--mode=root',
            '--variant=minbase',
            `--include=${packages.join(',')}`,
            '--dpkgopt=force-unsafe-io',
          ],
          ...['--customize-hook=echo lab >"$1/etc/hostname"', '--customize-hook=: >"$1/etc/fstab"'],
          `--customize-hook=systemctl --root="$1" mask ${masked.join(' ')}`,
          ...[release, tree, mirror],
        ]);
        // The driver of checksums is a module that the first file system would have to have.
        await quietly('mke2fs', ['-q', '-t', 'ext4', '-O', '^metadata_csum', '-d', tree, path, '2G']);
        return;
      } catch (error) {
        failures.push((error as Error).message);
      } finally {
        await rm(tree, { recursive: true, force: true });
      }
    }
    throw new LabUnavailable(`cannot make a file system of ${release}:\n${failures.join('\n')}`);
  });

/** Those that LAB_BOOTS names, separated by commas; all if it names none. */
export function chosenReleases(): readonly Release[] {
  const names = process.env['LAB_BOOTS']?.split(',');
  const unknown = names?.find((name) => !releases.some((release) => release === name));
  if (unknown !== undefined)
    throw new LabUnavailable(`LAB_BOOTS names '${unknown}': expected ${releases.join(', ')}`);
  return releases.filter((release) => names?.includes(release) ?? true);
}
