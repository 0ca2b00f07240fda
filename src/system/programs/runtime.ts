/** What this program runs on. */

export interface RuntimeFacts {
  readonly runtime: { readonly name: 'node' | 'bun'; readonly version: string };
  /** As Node names it: `x64`, `arm64`. */
  readonly architecture: string;
  /** Version of glibc; undefined with another C library. */
  readonly glibc: string | undefined;
}

export function runtimeFacts(): RuntimeFacts {
  const { bun, node } = process.versions;
  const runtime =
    bun === undefined ? { name: 'node' as const, version: node } : { name: 'bun' as const, version: bun };
  return { runtime, architecture: process.arch, glibc: glibcVersion() };
}

/** The runtime's report tells it. Without its parts about the network, which would ask for names of hosts. */
function glibcVersion(): string | undefined {
  const report = process.report as
    | Partial<{ excludeNetwork: boolean; getReport(): Report | string }>
    | undefined;
  if (report?.getReport === undefined) return undefined;
  report.excludeNetwork = true;
  const text = report.getReport();
  const { header } = typeof text === 'string' ? (JSON.parse(text) as Report) : text;
  return header.glibcVersionRuntime;
}

interface Report {
  readonly header: { readonly glibcVersionRuntime?: string };
}
