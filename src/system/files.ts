/**
 * What of node:fs the process's own files take. The standalone executable has system calls instead: its runtime's node:fs
 * takes longer to load than most of what it is needed for.
 */
export interface Files {
  readFileSync(path: string, encoding: 'utf8'): string;
  writeFileSync(path: string, text: string): void;
  linkSync(existing: string, path: string): void;
  unlinkSync(path: string): void;
  mkdirSync(path: string, how: { recursive: true; mode: number }): unknown;
  readlinkSync(path: string): string;
}
