/** What is installed, and where: paths relative to the prefix, as the Filesystem Hierarchy Standard has them. */
import { programNames } from '../../src/system/symlinks.js';

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

export const layout: readonly Installed[] = [
  { path: 'sbin/lvsadm', mode: 0o755, links: programNames, alike: [] },
  {
    ...text,
    path: 'share/man/man8/lvsadm.8',
    writtenBy: ['man'],
    links: programNames.map((name) => `${name}.8`),
    alike: ['.gz', '.bz2', '.xz', '.zst'],
  },
  {
    ...text,
    path: 'share/bash-completion/completions/lvsadm',
    writtenBy: ['completion', 'bash'],
    links: programNames,
  },
  // zsh reads in the file itself which commands it is for.
  { ...text, path: 'share/zsh/site-functions/_lvsadm', writtenBy: ['completion', 'zsh'], links: [] },
  {
    ...text,
    path: 'share/fish/vendor_completions.d/lvsadm.fish',
    writtenBy: ['completion', 'fish'],
    links: programNames.map((name) => `${name}.fish`),
  },
];
