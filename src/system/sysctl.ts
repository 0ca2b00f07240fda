/**
 * The kernel's settings. Each is named by its path below /proc/sys, `net/ipv4/ip_forward`: unlike the dots of sysctl(8), slashes
 * stay clear for an interface called `eth0.100`.
 */
import { HostError } from '../errors.js';
import { type Files, writeAll } from './files/files.js';

const ROOT = '/proc/sys';

export class Sysctls {
  constructor(private readonly files: Files) {}

  /** The value without its newline; undefined if the kernel has no such setting. @throws HostError */
  async read(path: string): Promise<string | undefined> {
    try {
      return this.files.readFileSync(`${ROOT}/${path}`, 'utf8').trim();
    } catch (error) {
      if (reason(error) === 'ENOENT') return undefined;
      throw new HostError(`read ${sysctlName(path)}`, reason(error), { cause: error });
    }
  }

  /** @throws HostError if the kernel has no such setting, or refuses the value */
  async write(path: string, value: string): Promise<void> {
    try {
      // Without O_CREAT: a setting that does not exist is an error.
      const descriptor = this.files.openSync(`${ROOT}/${path}`, this.files.constants.O_WRONLY);
      try {
        writeAll(descriptor, value, this.files);
      } finally {
        this.files.closeSync(descriptor);
      }
    } catch (error) {
      throw new HostError(`set ${sysctlName(path)} to ${value}`, describe(error), { cause: error });
    }
  }

  /** The names in the directory `path`; empty if it does not exist. */
  async list(path: string): Promise<string[]> {
    try {
      return this.files.readdirSync(`${ROOT}/${path}`).sort();
    } catch {
      return [];
    }
  }
}

const reason = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);

/** Texts that say more about settings than those of the errno. */
const words: Readonly<Record<string, string>> = {
  ENOENT: 'the kernel has no such setting (a module that is not loaded, or an older kernel)',
  EACCES: 'permission denied (it takes root, and in a container a /proc/sys that may be written)',
  EPERM: 'permission denied (it takes root, and in a container a /proc/sys that may be written)',
  EROFS: 'it is read-only here, as in most containers; set it on the host',
  EINVAL: 'the kernel does not take this value',
};

const describe = (error: unknown): string => words[reason(error)] ?? reason(error);

/** The name for sysctl(8): with dots, unless a part of the path has one. */
export function sysctlName(path: string): string {
  return path.includes('.') ? path : path.replaceAll('/', '.');
}

/** @param device an interface, `all` or `default` */
export const interfaceSetting = (family: 'ipv4' | 'ipv6', device: string, name: string): string =>
  `net/${family}/conf/${device}/${name}`;
