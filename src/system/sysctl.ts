/**
 * The kernel's settings under /proc/sys. A setting is known by its path below that directory, `net/ipv4/ip_forward`:
 * unlike sysctl(8)'s dots, slashes stay clear when an interface is called `eth0.100`.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HostError } from '../errors.js';

const ROOT = '/proc/sys';

export class Sysctls {
  constructor(private readonly root = ROOT) {}

  /** The value, without the newline at its end; undefined where the kernel has no such setting. @throws HostError */
  async read(path: string): Promise<string | undefined> {
    try {
      return (await readFile(join(this.root, path), 'utf8')).trim();
    } catch (error) {
      if (reason(error) === 'ENOENT') return undefined;
      throw new HostError(`read ${sysctlName(path)}`, reason(error), { cause: error });
    }
  }

  /** @throws HostError where the kernel has no such setting, or does not take the value */
  async write(path: string, value: string): Promise<void> {
    try {
      // Without O_CREAT and O_TRUNC: nothing is made up where there is nothing.
      await writeFile(join(this.root, path), value, { flag: 'r+' });
    } catch (error) {
      throw new HostError(`set ${sysctlName(path)} to ${value}`, describe(error), { cause: error });
    }
  }

  /** What the directory `path` holds; nothing where it does not exist. */
  async list(path: string): Promise<string[]> {
    return (await readdir(join(this.root, path)).catch(() => [])).sort();
  }
}

const reason = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);

/** Errors of this directory in words that lead further than the errno's own. */
const words: Readonly<Record<string, string>> = {
  ENOENT: 'the kernel has no such setting (a module that is not loaded, or an older kernel)',
  EACCES: 'permission denied (it takes root, and in a container a /proc/sys that may be written)',
  EPERM: 'permission denied (it takes root, and in a container a /proc/sys that may be written)',
  EROFS: 'it is read-only here, as in most containers; set it on the host',
  EINVAL: 'the kernel does not take this value',
};

const describe = (error: unknown): string => words[reason(error)] ?? reason(error);

/** How sysctl(8) takes it: with dots, unless a part of it has one. */
export function sysctlName(path: string): string {
  return path.includes('.') ? path : path.replaceAll('/', '.');
}

/** Setting of one interface, of `all` or of `default`. */
export const interfaceSetting = (family: 'ipv4' | 'ipv6', device: string, name: string): string =>
  `net/${family}/conf/${device}/${name}`;
