/** A machine with three named network namespaces, the last of which is the one that the program is in. */
import { main } from '../../src/cli/main.js';
import type { Context } from '../../src/context.js';
import { Captured } from './captured.js';
import { contextWith } from './context.js';
import { ownFiles } from './flock.js';

/** Runs a command line in all namespaces; each run of the program itself writes what `answer` gives. */
export async function everywhere(
  words: readonly string[],
  answer: (words: readonly string[]) => { readonly status: number; readonly out: string },
  parts: Partial<Context> = {},
) {
  const out = new Captured();
  const err = new Captured();
  const status = await main(
    words,
    contextWith({
      ...{ program: '/sbin/lvsadm', out, err },
      files: {
        ...ownFiles,
        readlinkSync: () => 'net:[4026531840]',
        readdirSync: () => ['green', 'blue', 'own'],
        statSync: (path) => ({ mode: 0o100444, ino: path.endsWith('own') ? 4026531840 : 7 }),
      },
      runSelf: async (own, stdout) => {
        const run = answer(own);
        if (stdout === 'pipe') return run;
        await out.write(run.out);
        return { ...run, out: '' };
      },
      ...parts,
    }),
  );
  return { status, out: out.text, err: err.text };
}
