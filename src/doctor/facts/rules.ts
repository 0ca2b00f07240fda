/** The rules of netfilter, as the programs that made them tell. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { FilterRule } from './facts.js';
import { parseIptables } from './iptables.js';
import { parseNft } from './nft.js';

interface Source {
  readonly command: readonly [file: string, ...args: string[]];
  parse(text: string): FilterRule[];
}

/** nft shows iptables' rules too, but not what they do: iptables is asked as well. */
const sources: readonly Source[] = [
  { command: ['nft', '-j', 'list', 'ruleset'], parse: parseNft },
  { command: ['iptables-save'], parse: parseIptables },
  { command: ['ip6tables-save'], parse: parseIptables },
];

/** Megabytes: a machine with Kubernetes has tens of thousands of rules. */
const MOST = 256 * 1024 * 1024;

/** @returns undefined where none of the programs is installed; what failed otherwise goes to `failed` */
export async function readRules(failed: (what: string) => void): Promise<FilterRule[] | undefined> {
  const found = await Promise.all(
    sources.map(async ({ command: [file, ...args], parse }) => {
      try {
        const { stdout } = await promisify(execFile)(file, args, { maxBuffer: MOST });
        return parse(stdout);
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        if (code !== 'ENOENT') failed(`the rules that ${file} knows: ${message.split('\n')[0]}`);
        return undefined;
      }
    }),
  );
  const known = found.filter((rules) => rules !== undefined);
  return known.length === 0 ? undefined : known.flat();
}
