/** What packages say of themselves, the same in all formats. */
import { version } from '../build/project.js';
import type { Entry, PackageName } from './contents.js';

/** A version of lvsadm for one processor, from which packages are made. */
export interface Build {
  readonly entries: readonly Entry[];
  /** The executable. */
  readonly program: Uint8Array;
  /** As the format calls the processor. */
  readonly architecture: string;
  readonly version: string;
  /** `fast` is for trials: larger files, in a tenth of the time. */
  readonly compression: 'small' | 'fast';
  /** Time of all files, in seconds since 1970. */
  readonly time: number;
  /** Directory that gets the packages. */
  readonly output: string;
}

interface Description {
  readonly summary: string;
  /** Lines of at most 78 characters. */
  readonly text: readonly string[];
}

export const descriptions: Readonly<Record<PackageName, Description>> = {
  lvsadm: {
    summary: 'administer the Linux Virtual Server (IPVS)',
    text: [
      'lvsadm administers IPVS, the load balancer inside the Linux kernel. It has',
      "ipvsadm's grammar and output, and subcommands for documents with the desired",
      'table, drains, the set-up of directors and real servers, diagnosis, live views',
      'and metrics. As an agent it checks real servers and sets their weights.',
    ],
  },
  'lvsadm-ipvsadm': {
    summary: "lvsadm under ipvsadm's names",
    text: [
      'Links by which programs that call ipvsadm, ipvsadm-save or ipvsadm-restore run',
      'lvsadm, which takes the place of the package ipvsadm.',
    ],
  },
};

export const maintainer = 'the lvsadm authors <lvsadm@localhost>';

/** The version of ipvsadm whose grammar and output lvsadm has; Debian's has an epoch. */
export const ipvsadmVersion = '1.31';

/** Of dpkg and rpm, where `1.0.0~rc.1` comes before `1.0.0`. */
export const packageVersion = (own = version): string => own.replace('-', '~');

/** Of the packaging itself; the version of lvsadm changes with it. */
export const revision = '1';

/** The oldest C library that has all functions which the executable takes from it: `2.17`. @throws Error if it takes none */
export function oldestGlibc(program: Uint8Array): string {
  const text = Buffer.from(program.buffer, program.byteOffset, program.length).toString('latin1');
  const versions = [...text.matchAll(/GLIBC_(\d+)\.(\d+)(?:\.\d+)?\0/g)].map(
    ([, major, minor]) => [Number(major), Number(minor)] as const,
  );
  const [newest] = versions.sort(([a, b], [c, d]) => c - a || d - b);
  if (newest === undefined) throw new Error('the executable names no version of the C library');
  return newest.join('.');
}
