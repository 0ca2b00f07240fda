/** A program ends with status 0; a number in its first line of output is a weight. */
import { quoted } from '../../foreign-text.js';
import { type GroupEnd, runGroup, type UserIds } from '../../system/programs/process-group.js';
import { firstLine, withWeight } from './answer.js';
import { CheckFailure, type CheckTarget, type RunKind, Unanswered } from './check.js';

/** The environment of programs that documents name. */
export const cleanEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
} as const;

export const run: RunKind<'command'> = async (target, { command, user }, signal) => {
  const ids = user === undefined ? undefined : await userIds(user);
  const end = await runGroup(command, { env: environment(target), user: ids, signal });
  if (signal.aborted) throw new Unanswered(`end of ${command[0]}`);
  const { status, out } = end;
  if (status !== 0) throw new CheckFailure(failureOf(end), status === null ? {} : { status });
  return withWeight('exit status 0', out);
};

/** Nothing of this process's environment; the server as variables, because the arguments are the same for all servers. */
const environment = ({ address, port }: CheckTarget): Record<string, string> => ({
  ...cleanEnvironment,
  LVSADM_ADDRESS: address,
  LVSADM_PORT: String(port),
});

/** `exit status 1: 'disk full'` */
export function failureOf({ status, signal, out, err }: GroupEnd): string {
  const said = firstLine(err) || firstLine(out);
  const ending = status === null ? `ended by ${signal}` : `exit status ${status}`;
  return said === '' ? ending : `${ending}: ${quoted(said)}`;
}

/** @throws CheckFailure */
async function userIds(name: string): Promise<UserIds> {
  const users = await process.getBuiltinModule('node:fs').promises.readFile('/etc/passwd', 'utf8');
  for (const line of users.split('\n')) {
    const [user, , uid, gid] = line.split(':');
    if (user === name) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new CheckFailure(`no user ${quoted(name)} in /etc/passwd`);
}
