// The environment of a command in the lab: the same on every machine, apart from a few variables that mean something.

import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { searchPath } from './process.js';

const passed = (name: string): boolean =>
  ['CI', 'NO_COLOR', 'FORCE_COLOR', 'TERM', 'LAB_DISTRIBUTION', 'ROBUST'].includes(name) ||
  /^(LVSADM|DIFFERENTIAL)_/.test(name);

/** The kernel's release becomes $LAB_RELEASE, the directory that the command may write to $LAB_OUT. */
export function labEnvironment(
  host: NodeJS.ProcessEnv,
  { release, out }: { release: string; out?: string | undefined },
): Record<string, string> {
  const variables = Object.entries(host).filter(
    (pair): pair is [string, string] => passed(pair[0]) && pair[1] !== undefined,
  );
  return {
    // `node` is the one that runs this.
    PATH: `${dirname(process.execPath)}:${searchPath}`,
    HOME: homedir(),
    USER: 'root',
    LANG: 'C.UTF-8',
    LAB_RELEASE: release,
    ...(out && { LAB_OUT: out }),
    ...Object.fromEntries(variables),
  };
}
