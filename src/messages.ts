/**
 * Texts of refusals by the kernel and of mistakes in a command line. A refusal begins with ipvsadm's phrase for it, because scripts
 * look for these phrases; the object and the cause, which ipvsadm does not tell, follow.
 */

import { Errno, errnoText, KernelError, MalformedError, type UsageError } from './errors.js';
import { excerpt, printable, quoted } from './foreign-text.js';
import type { Change } from './model/change.js';
import { engineProblem, schedulers } from './model/schedulers.js';
import type { Service } from './model/service.js';
import { nearest } from './suggest.js';

type Phrases = Readonly<Record<number, string>>;

/** Phrases of an errno for any operation. */
const general: Phrases = {
  [Errno.EPERM]: 'Permission denied (you must be root)',
  [Errno.EINVAL]: 'Invalid operation.  Possibly wrong module version, address not unicast, ...',
  [Errno.ENOMEM]: 'Memory allocation problem',
  [Errno.ENOPROTOOPT]: 'Protocol not available',
  [Errno.EOPNOTSUPP]: 'Operation not supported with IPv6',
  [Errno.EAFNOSUPPORT]: 'Operation not supported with specified address family',
  [Errno.EMSGSIZE]: 'Module is wrong version',
  // From here on the texts of strerror(3) in the C library; Node's differ.
  [Errno.EFAULT]: 'Bad address',
  [Errno.EBUSY]: 'Device or resource busy',
  [Errno.ENODEV]: 'No such device',
  [Errno.ENOSPC]: 'No space left on device',
  [Errno.ERANGE]: 'Numerical result out of range',
  [Errno.EPROTONOSUPPORT]: 'Protocol not supported',
  [Errno.EADDRNOTAVAIL]: 'Cannot assign requested address',
  [Errno.ENETUNREACH]: 'Network is unreachable',
  [Errno.ENOBUFS]: 'No buffer space available',
};

const noService: Phrases = { [Errno.ESRCH]: 'No such service' };
const noScheduler: Phrases = { [Errno.ENOENT]: 'Scheduler or persistence engine not found' };
const undefinedService: Phrases = { [Errno.ESRCH]: 'Service not defined' };
const noDestination: Phrases = { ...undefinedService, [Errno.ENOENT]: 'No such destination' };

type Operation = Change['do'] | 'getService';

/** Phrases of an errno for one operation, which come before the general ones. */
const particular: Readonly<Partial<Record<Operation, Phrases>>> = {
  addService: { ...noScheduler, [Errno.EEXIST]: 'Service already exists' },
  editService: { ...noService, ...noScheduler },
  deleteService: noService,
  zeroService: noService,
  getService: noService,
  addDestination: { ...undefinedService, [Errno.EEXIST]: 'Destination already exists' },
  editDestination: noDestination,
  deleteDestination: noDestination,
  startDaemon: { [Errno.EEXIST]: 'Daemon has already run' },
  stopDaemon: { [Errno.ESRCH]: 'No daemon is running' },
};

/** A refusal by the kernel in one line, without a newline: phrase, object, cause. `Service already exists: TCP 192.0.2.1:80` */
export function refusal(error: KernelError): string {
  const { operation, errno, object, detail } = error;
  const phrase = particular[operation as Operation]?.[errno] ?? general[errno] ?? errnoText(errno);
  return printable([phrase, object, detail].filter((part) => part !== undefined && part !== '').join(': '));
}

/** The same refusal with its probable cause, if the kernel gave none and the change shows one. */
export function explained(error: KernelError, change: Change): KernelError {
  if (error.errno !== Errno.ENOENT || error.detail !== undefined || !('service' in change)) return error;
  return new KernelError(error.operation, error.errno, error.object, missingModule(change.service));
}

/** ENOENT means a missing scheduler or persistence engine. A name that no kernel has is the probable cause. */
function missingModule({ scheduler, persistence }: Service): string {
  const engine = persistence?.engine;
  if (!schedulers.includes(scheduler)) {
    return `no scheduler ${quoted(scheduler)}${didYouMean(nearest(scheduler, schedulers))}`;
  }
  const problem = engine === undefined ? undefined : engineProblem(engine);
  if (problem !== undefined) return problem;
  const modules = [`ip_vs_${scheduler}`, ...(engine === undefined ? [] : [`ip_vs_pe_${engine}`])];
  return `the kernel could not load ${modules.join(' or ')}`;
}

/** A mistake in a command line, in one line without a newline: `-w: weight 'x' is not a number from 0 to 2147483647`. */
export function mistake({ problem, argument, suggestion }: UsageError): string {
  const blamed = argument === undefined ? '' : excerpt(argument);
  const isNamed = problem.startsWith(blamed) || problem.includes(`'${blamed}'`);
  return printable(`${isNamed ? '' : `${blamed}: `}${problem}${didYouMean(suggestion)}`);
}

const didYouMean = (suggestion: string | undefined): string =>
  suggestion === undefined ? '' : ` (did you mean '${suggestion}'?)`;

/** ipvsadm's exit status for a mistake: 255 for an option that cannot be read, 2 for any other. */
export const mistakeStatus = (error: UsageError): number => (error instanceof MalformedError ? 255 : 2);
