/**
 * One error class per layer. An error carries facts as fields (operation, errno, object); how they read to a user is
 * decided in one place, cli/render.ts. The message is for stack traces and for users of the library.
 */
import { printable, quoted } from './foreign-text.js';

/** Base class of lvsadm's errors. Any other exception is a bug. */
export abstract class LvsadmError extends Error {}

/** An invalid value: its field, the text that was given, and what would be right. */
export class ValueError extends LvsadmError {
  override name = 'ValueError';
  constructor(
    /** The field: `port`, `weight`, `address`. */
    readonly field: string,
    /** The value as it was given. */
    readonly given: string,
    /** What would be right, as a noun phrase: `a number from 0 to 65535`. */
    readonly expected: string,
    /** All words that would be right, if they are known. */
    readonly choices: readonly string[] = [],
  ) {
    super(`${field}: ${quoted(given)} is not ${expected}`);
  }
}

/** A command line that the grammar refuses. */
export class UsageError extends LvsadmError {
  override name = 'UsageError';
  /** The phrase that begins the line instead of the program's name. */
  readonly phrase?: string;
  constructor(
    /** What is wrong, and what would be right; one line, no final full stop. */
    readonly problem: string,
    /** The argument as it was spelled, if one is to blame. */
    readonly argument?: string,
    /** The word that was probably meant. */
    readonly suggestion?: string,
    /** The command line that tells more; the program's own help if left out. */
    readonly help?: string,
  ) {
    super(problem);
  }

  /** The same mistake, with the word that was probably meant. */
  suggesting(suggestion: string): UsageError {
    const Mistake = this.constructor as typeof UsageError;
    return new Mistake(this.problem, this.argument, suggestion, this.help);
  }

  /** The same mistake, made in a subcommand that has a help of its own. */
  helpedBy(help: string): UsageError {
    return new UsageError(this.problem, this.argument, this.suggestion, this.help ?? help);
  }
}

/** A problem in a document, and its location. */
export interface Problem {
  /** As it was named by the user; `-` is standard input. */
  readonly file: string;
  /** From 1; undefined if the problem is about the whole file. */
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** Path to the value in the document: `services[2].servers[0].weight`; empty for the document itself. */
  readonly path?: string | undefined;
  /** What is wrong, and what would be right; one line, no final full stop. */
  readonly text: string;
}

/** Invalid documents. */
export class DocumentError extends LvsadmError {
  override name = 'DocumentError';
  constructor(
    /** In the order of the text, the first 20 that were found: one mistake in a template can make thousands. */
    readonly problems: readonly [Problem, ...Problem[]],
    /** Number of further ones. */
    readonly more = 0,
  ) {
    super([...problems.map(describeProblem), ...(more > 0 ? [`and ${more} more`] : [])].join('\n'));
  }
}

/** `web.yaml:12:15: services[2].servers[0].weight: 'heavy' is not a whole number`. */
export function describeProblem({ file, line, column, path, text }: Problem): string {
  const place = [file === '-' ? 'standard input' : file, line, column].filter((part) => part !== undefined);
  return printable([place.join(':'), path, text].filter(Boolean).join(': '));
}

/** An option that is unknown or lacks its value: ipvsadm's exit status for it differs from that of other mistakes. */
export class MalformedError extends UsageError {
  override name = 'MalformedError';
}

/** A persistence engine that no kernel has, refused before the kernel is asked. */
export class NoEngineError extends MalformedError {
  override name = 'NoEngineError';
  /** Begins the line instead of the program's name, as when the kernel refuses: scripts match it. */
  override readonly phrase = 'Scheduler or persistence engine not found';
}

/** A command line that does not begin with a command. */
export class NoCommandError extends MalformedError {
  override name = 'NoCommandError';
}

export type TransportFailure = 'deadline' | 'closed' | 'truncated' | 'overrun' | 'interrupted' | 'system';

/** The socket failed: the effect of the request is unknown. */
export class TransportError extends LvsadmError {
  override name = 'TransportError';
  constructor(
    readonly reason: TransportFailure,
    /** What was attempted: `send`, `receive`, `open`. */
    readonly operation: string,
    readonly detail: string,
    /** The positive errno of a failed system call. */
    readonly errno?: number,
  ) {
    super(`netlink ${operation}: ${detail}`);
  }
}

/** Bytes that violate the protocol. `path` leads to them, outermost first: `service/stats64/inBytes`. */
export class ProtocolError extends LvsadmError {
  override name = 'ProtocolError';
  constructor(
    readonly problem: string,
    readonly path: readonly string[] = [],
  ) {
    super(path.length === 0 ? problem : `${path.join('/')}: ${problem}`);
  }

  /** The same error, seen from one level further out. */
  within(name: string): ProtocolError {
    return new ProtocolError(this.problem, [name, ...this.path]);
  }
}

/** The kernel answered a request with an errno. */
export class KernelError extends LvsadmError {
  override name = 'KernelError';
  constructor(
    /** The operation asked for, as the schema names it: `addService`, `getFamily`. */
    readonly operation: string,
    /** Positive errno, as in errno(3). */
    readonly errno: number,
    /** What the operation was about, in the user's notation: `TCP 192.0.2.1:80`. */
    readonly object?: string,
    /** The kernel's text (NLMSGERR_ATTR_MSG), if it sent one. */
    readonly detail?: string,
  ) {
    super(`${operation}${object ? ` ${object}` : ''}: ${errnoText(errno)}${detail ? ` (${detail})` : ''}`);
  }

  /** The symbolic name of the errno: `EEXIST`. */
  get code(): string {
    return errnoName(this.errno);
  }

  /** The same answer, with its object. */
  about(object: string): KernelError {
    return new KernelError(this.operation, this.errno, object, this.detail);
  }
}

/** IPVS cannot be used: the kernel does not have it, or this process lacks the permission. */
export class UnavailableError extends LvsadmError {
  override name = 'UnavailableError';
  constructor(
    readonly reason: 'no-ipvs' | 'not-permitted',
    readonly detail: string,
  ) {
    super(detail);
  }
}

/** A sysctl, a link, an address or a file of this machine cannot be read or changed. */
export class HostError extends LvsadmError {
  override name = 'HostError';
  constructor(
    /** The attempted action: `set net.ipv4.ip_forward to 1`. */
    readonly attempted: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`cannot ${attempted}: ${reason}`, options);
  }
}

export type StoreFailure =
  /** No answer, or one that says to try again: another endpoint or another moment may succeed. */
  | 'unreachable'
  /** The request is refused, and would be again. */
  | 'refused'
  /** User, password or certificate. */
  | 'not-permitted'
  /** The store takes no writes until its administrator makes room. */
  | 'full'
  /** The revision that was asked for has been forgotten: what is there now has to be read. */
  | 'compacted'
  /** What the store holds is not what lvsadm writes there. */
  | 'invalid';

/** The store of a fleet does not do what it was asked for. */
export class StoreError extends LvsadmError {
  override name = 'StoreError';
  constructor(
    readonly kind: StoreFailure,
    /** What was attempted, as an infinitive: `read releases/`. */
    readonly attempted: string,
    /** The store or the endpoint: `etcd://192.0.2.7:2379`. It has no password in it. */
    readonly store: string,
    readonly reason: string,
  ) {
    super(`cannot ${attempted}: ${store}: ${reason}`);
  }
}

/** Another process holds the lock. */
export class LockedError extends LvsadmError {
  override name = 'LockedError';
  constructor(
    /** `process 17`, or `another process` where that is not known. */
    readonly holder: string,
    /** What the holder does: `applying a document here`. */
    readonly doing: string,
    readonly path: string,
  ) {
    super(`${holder} is ${doing} (${path})`);
  }
}

/** Output could not be written. What was to be done is done. */
export class OutputError extends LvsadmError {
  override name = 'OutputError';
  constructor(reason: string, options?: ErrorOptions) {
    super(`cannot write the output: ${reason}`, options);
  }
}

/** Linux errno values that lvsadm gives a meaning to (asm-generic/errno.h). */
export const Errno = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EAGAIN: 11,
  ENOMEM: 12,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EISDIR: 21,
  EINVAL: 22,
  ENOSPC: 28,
  ERANGE: 34,
  EMSGSIZE: 90,
  ENOPROTOOPT: 92,
  EPROTONOSUPPORT: 93,
  EOPNOTSUPP: 95,
  EAFNOSUPPORT: 97,
  EADDRNOTAVAIL: 99,
  ENETUNREACH: 101,
  ENOBUFS: 105,
} as const;

/** Loaded only to render an error, not at each start. */
const util = () => process.getBuiltinModule('node:util');

/** `EEXIST` for 17; `errno 999` for a number that has no name. */
export function errnoName(errno: number): string {
  return util().getSystemErrorMap().has(-errno) ? util().getSystemErrorName(-errno) : `errno ${errno}`;
}

/** `file already exists` for 17; `errno 999` for a number that has no text. */
export function errnoText(errno: number): string {
  return util().getSystemErrorMap().get(-errno)?.[1] ?? `errno ${errno}`;
}

/** The error of a refused system call, in one line. */
export function cannot(attempted: string, error: unknown): HostError {
  const { errno, message } = error as NodeJS.ErrnoException;
  return new HostError(attempted, errno === undefined ? message : errnoText(-errno), { cause: error });
}
