/**
 * The short phrases in which ipvsadm 1.31 tells what the kernel refused: scripts match on them, so lvsadm says them too.
 * Written down here a second time, apart from the program's own table.
 */
const phrases = [
  'Service already exists',
  'Destination already exists',
  'No such service',
  'Service not defined',
  'No such destination',
  'Scheduler or persistence engine not found',
  'Invalid operation.  Possibly wrong module version, address not unicast, ...',
  'Daemon has already run',
  'No daemon is running',
  'Permission denied (you must be root)',
  'Memory allocation problem',
  'Operation not supported with IPv6',
  'Operation not supported with specified address family',
  'Module is wrong version',
  'No such device',
  'Device or resource busy',
  'Cannot assign requested address',
  'Numerical result out of range',
];

/** The phrases that begin lines of a program's standard error, in their order. */
export const phrasesIn = (stderr: string): string[] =>
  stderr.split('\n').flatMap((line) => phrases.find((phrase) => line.startsWith(phrase)) ?? []);
