/** The programs that are compared, in the order of the tables. */
export const programs = ['ipvsadm', 'standalone', 'node'] as const;
export type Program = (typeof programs)[number];

export const programNames: Readonly<Record<Program, string>> = {
  ipvsadm: 'ipvsadm',
  standalone: 'standalone',
  node: 'Node',
};

/** One run of one program. */
export interface Sample {
  readonly case: string;
  readonly program: Program;
  /** Milliseconds: between start and end, and processor time in user mode and in the kernel. */
  readonly wall: number;
  readonly user: number;
  readonly system: number;
}

/** The most memory that a program had at once, in KiB. */
export interface Peak {
  readonly case: string;
  readonly program: Program;
  readonly peak: number;
}

/** A function, and the microseconds that were spent in it itself. */
export interface Frame {
  /** A path, a name of the runtime's own, or empty. */
  readonly file: string;
  readonly name: string;
  /** Whether it ran while a module was loaded. */
  readonly loading: boolean;
  readonly time: number;
}

/** Where a run spent its time. */
export interface Profile {
  readonly case: string;
  readonly program: Program;
  readonly frames: readonly Frame[];
}

/** Why a case failed. */
export interface Problem {
  readonly case: string;
  readonly problem: string;
}

export interface Environment {
  readonly kernel: string;
  /** As the guest sees it: an emulated one says so. */
  readonly processor: string;
  readonly processors: number;
  readonly ipvsadm: string;
  readonly node: string;
}

/** A line that the guest writes. */
export type Line = Sample | Peak | Profile | Problem | Environment;

/** The cases that the guest is to measure. */
export interface Selection {
  /** Names. */
  readonly cases: readonly string[];
  /** Instead of each case's own number. */
  readonly rounds: number | undefined;
  /** Those of them that are profiled. */
  readonly profiles: readonly string[];
}
