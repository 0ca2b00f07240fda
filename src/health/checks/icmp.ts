/** An echo request is answered: ping(8) sends it, because Node has no sockets of ICMP. */
import { HostError } from '../../errors.js';
import { runGroup } from '../../system/programs/process-group.js';
import { CheckFailure, NotRun, type RunKind, Unanswered } from './check.js';
import { failureOf } from './command.js';

/** Exit status of ping(8), of iputils and of busybox, if no answer came. */
const NO_ANSWER = 1;

export const run: RunKind<'icmp'> = async ({ address, bind }, { timeout }, signal) => {
  const from = bind === undefined ? [] : ['-I', bind];
  const patience = String(Math.ceil(timeout / 1000));
  const ping = ['ping', '-n', '-q', '-c', '1', '-W', patience, ...from, address] as const;
  const end = await runGroup(ping, { env: process.env, signal }).catch((error) => {
    throw error instanceof HostError ? new NotRun(error.message) : error;
  });
  if (signal.aborted) throw new Unanswered('answer');
  if (end.status === NO_ANSWER && end.err === '') throw new CheckFailure('no answer');
  if (end.status !== 0) throw new CheckFailure(`ping: ${failureOf(end)}`);
  return { reason: 'answered' };
};
