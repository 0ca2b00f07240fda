/** A command line whose effect is recorded, and names that many of them share. */

export interface Case {
  /** Command lines that come first, from an empty table. */
  readonly given: readonly string[];
  readonly run: readonly string[];
  readonly stdin?: string | undefined;
  /** What stands in /proc/net/ip_vs_conn, instead of the kernel's connections. */
  readonly connections?: string | undefined;
  /** Command lines that show the state afterwards. */
  readonly after: readonly string[];
}

interface Extra {
  readonly given?: readonly string[];
  readonly stdin?: string;
  readonly connections?: string;
  readonly after?: readonly string[];
}

/** A case from a command line; `''` stands for an empty word. */
export function line(text: string, { given = [], stdin, connections, after = ['-Sn'] }: Extra = {}): Case {
  return { given, run: splitLine(text), stdin, connections, after };
}

export const splitLine = (text: string): string[] =>
  text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => word.replace("''", '').replaceAll('␣', ' '));

export const vip = '192.0.2.1:80';
export const vip6 = '[2001:db8::1]:80';
export const rip = '198.51.100.7:80';
export const rip6 = '[2001:db8:7::7]:80';
