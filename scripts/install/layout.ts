/** What is installed below a prefix, by hand or by a package. */
import { ipvsadmPrograms } from '../../src/context.js';

export interface Installed {
  readonly path: string;
  readonly mode: number;
  /** Words of lvsadm that write its content; the executable itself has none. */
  readonly writtenBy?: readonly string[];
  /** Names beside it that lead to it. */
  readonly links: readonly string[];
  /** Endings of files that would be found under the same name, such as pages that a package has compressed. */
  readonly alike: readonly string[];
}

const text = { mode: 0o644, alike: [] } as const;

/** Paths are relative to the prefix: see the Filesystem Hierarchy Standard. */
export const layout: readonly Installed[] = [
  { path: 'sbin/lvsadm', mode: 0o755, links: ipvsadmPrograms, alike: [] },
  {
    ...text,
    path: 'share/man/man8/lvsadm.8',
    writtenBy: ['man'],
    links: ipvsadmPrograms.map((name) => `${name}.8`),
    alike: ['.gz', '.bz2', '.xz', '.zst'],
  },
  {
    ...text,
    path: 'share/bash-completion/completions/lvsadm',
    writtenBy: ['completion', 'bash'],
    links: ipvsadmPrograms,
  },
  // zsh reads in the file itself which commands it is for.
  { ...text, path: 'share/zsh/site-functions/_lvsadm', writtenBy: ['completion', 'zsh'], links: [] },
  {
    ...text,
    path: 'share/fish/vendor_completions.d/lvsadm.fish',
    writtenBy: ['completion', 'fish'],
    links: ipvsadmPrograms.map((name) => `${name}.fish`),
  },
];
