/**
 * What the kernel refuses, in ipvsadm's short phrases: scripts look for them, so each begins its line as it stands. What
 * ipvsadm leaves open, what it was about and why, follows the phrase.
 */
import { Errno, errnoText, KernelError, MalformedError, type UsageError } from './errors.js';
import type { Change } from './model/change.js';
import { persistenceEngines, schedulers } from './model/schedulers.js';
import type { Service } from './model/service.js';
import { nearest } from './suggest.js';

type Phrases = Readonly<Record<number, string>>;

/** What an errno means whatever was asked for. */
const general: Phrases = {
  [Errno.EPERM]: 'Permission denied (you must be root)',
  [Errno.EINVAL]: 'Invalid operation.  Possibly wrong module version, address not unicast, ...',
  [Errno.ENOMEM]: 'Memory allocation problem',
  [Errno.ENOPROTOOPT]: 'Protocol not available',
  [Errno.EOPNOTSUPP]: 'Operation not supported with IPv6',
  [Errno.EAFNOSUPPORT]: 'Operation not supported with specified address family',
  [Errno.EMSGSIZE]: 'Module is wrong version',
  // The rest as strerror(3) of the C library puts it, which is not how Node does.
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

/** What it means for one operation. */
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

/** One line, without its end: `Service already exists: TCP 192.0.2.1:80`. */
export function refusal(error: KernelError): string {
  const { operation, errno, object, detail } = error;
  const phrase = particular[operation as Operation]?.[errno] ?? general[errno] ?? errnoText(errno);
  return [phrase, object, detail].filter((part) => part !== undefined && part !== '').join(': ');
}

/** The refusal of a change, with what can be told from the change of a reason that the kernel leaves open. */
export function explained(error: KernelError, change: Change): KernelError {
  if (error.errno !== Errno.ENOENT || error.detail !== undefined || !('service' in change)) return error;
  return new KernelError(error.operation, error.errno, error.object, missingModule(change.service));
}

/** ENOENT may mean the scheduler or the persistence engine: names that the kernel never had are the likelier. */
function missingModule({ scheduler, persistence }: Service): string {
  const engine = persistence?.engine;
  if (!schedulers.includes(scheduler)) {
    const meant = nearest(scheduler, schedulers);
    return `no scheduler '${scheduler}'${meant === undefined ? '' : ` (did you mean '${meant}'?)`}`;
  }
  if (engine !== undefined && !persistenceEngines.includes(engine)) {
    return `no persistence engine '${engine}' (there is '${persistenceEngines.join("', '")}')`;
  }
  const modules = [`ip_vs_${scheduler}`, ...(engine === undefined ? [] : [`ip_vs_pe_${engine}`])];
  return `the kernel could not load ${modules.join(' or ')}`;
}

/** A mistake in a command line, in one line: `-w: weight 'x' is not a number from 0 to 2147483647`. */
export function mistake({ problem, argument, suggestion }: UsageError): string {
  const named = argument === undefined || problem.startsWith(argument) || problem.includes(`'${argument}'`);
  const blamed = named ? '' : `${argument}: `;
  return `${blamed}${problem}${suggestion === undefined ? '' : ` (did you mean '${suggestion}'?)`}`;
}

/** ipvsadm's exit status for a mistake in a command line. */
export const mistakeStatus = (error: UsageError): number => (error instanceof MalformedError ? 255 : 2);
