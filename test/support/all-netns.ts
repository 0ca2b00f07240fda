/** A machine with named network namespaces: blue, green, and the one that the program is in. */
import { main } from '../../src/cli/main.js';
import type { Context } from '../../src/context.js';
import { Captured } from './captured.js';
import { contextWith } from './context.js';
import { ownFiles } from './flock.js';

/** By the names; green has two. */
const inodes: Readonly<Record<string, number>> = { green: 7, blue: 8, own: 4026531840, verde: 7 };

/** Runs a command line in all namespaces; each run of the program itself writes what `answer` gives. */
export async function everywhere(
  words: readonly string[],
  answer: (words: readonly string[]) => { readonly status: number; readonly out: string },
  { deleted, ...parts }: Partial<Context> & { readonly deleted?: string } = {},
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
        readdirSync: () => Object.keys(inodes),
        statSync(path) {
          const name = path.slice(path.lastIndexOf('/') + 1);
          if (name === deleted) throw Object.assign(new Error(), { code: 'ENOENT', errno: -2 });
          return { mode: 0o100444, ino: inodes[name] ?? 0 };
        },
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
