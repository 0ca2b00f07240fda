/** The rules of netfilter, as nft and iptables print them. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { FilterRule } from './facts.js';
import { parseIptables } from './iptables.js';
import { parseNft } from './nft.js';

interface Source {
  readonly command: readonly [file: string, ...args: string[]];
  parse(text: string): FilterRule[];
}

/** nft lists the rules of iptables without their matches and targets, so iptables is called as well. */
const sources: readonly Source[] = [
  { command: ['nft', '-j', 'list', 'ruleset'], parse: parseNft },
  { command: ['iptables-save'], parse: parseIptables },
  { command: ['ip6tables-save'], parse: parseIptables },
];

/** Bytes: a machine with Kubernetes has tens of thousands of rules. */
const MOST = 256 * 1024 * 1024;

/**
 * @param failed called for a program that is installed and fails
 * @returns undefined if none of the programs is installed
 */
export async function readRules(failed: (what: string) => void): Promise<FilterRule[] | undefined> {
  const found = await Promise.all(
    sources.map(async ({ command: [file, ...args], parse }) => {
      try {
        const { stdout } = await promisify(execFile)(file, args, { maxBuffer: MOST });
        return parse(stdout);
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        if (code !== 'ENOENT') failed(`the rules of ${file}: ${message.split('\n')[0]}`);
        return undefined;
      }
    }),
  );
  const known = found.filter((rules) => rules !== undefined);
  return known.length === 0 ? undefined : known.flat();
}
