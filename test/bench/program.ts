/** What is measured side by side, in the order of the tables. */
export const programs = ['ipvsadm', 'standalone', 'node'] as const;
export type Program = (typeof programs)[number];

export const programNames: Readonly<Record<Program, string>> = {
  ipvsadm: 'ipvsadm',
  standalone: 'standalone',
  node: 'Node',
};

/** One run of one program, as the guest tells it. */
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

export interface Environment {
  readonly kernel: string;
  /** As the guest sees it: an emulated one says so. */
  readonly processor: string;
  readonly processors: number;
  readonly ipvsadm: string;
  readonly node: string;
}

/** A line that the guest writes. */
export type Line = Sample | Peak | Environment;
