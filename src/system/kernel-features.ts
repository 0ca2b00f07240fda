/** What kernels of different age can do for IPVS. Source: the kernel's net/netfilter/ipvs and its ipvs-sysctl.rst. */

export interface KernelFeature {
  /** The first kernel that has it: `6.14`. */
  readonly since: string;
  readonly what: string;
}

const features: readonly KernelFeature[] = [
  { since: '4.18', what: 'scheduler mh' },
  { since: '5.9', what: 'ports used again without a delay of 1 s with conntrack' },
  { since: '5.12', what: 'scheduler twos' },
  { since: '6.2', what: 'rates estimated by threads, est_cpulist and est_nice' },
  { since: '6.14', what: 'listing of many connections in little time' },
  { since: '7.1', what: 'tables that grow with their entries, and ip_vs_status' },
  { since: '7.2', what: 'a limit of connections, conn_max' },
];

/** The features that a kernel of this release lacks. @param release `6.1.0-18-amd64` */
export const missingFeatures = (release: string): KernelFeature[] =>
  features.filter(({ since }) => isBefore(release, since));

function isBefore(release: string, version: string): boolean {
  const [[major = 0, minor = 0], [sinceMajor = 0, sinceMinor = 0]] = [release, version].map((text) =>
    text.split(/[.-]/).map(Number),
  ) as [number[], number[]];
  return major < sinceMajor || (major === sinceMajor && minor < sinceMinor);
}
