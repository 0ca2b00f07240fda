/** Who runs a command, from where, and with which words. */
import type { Context } from '../../../context.js';
import { printable } from '../../../foreign-text.js';
import type { Origin } from '../../../history/change-record.js';

/** Behind sudo the name of the user who called it. */
export function userName({ SUDO_USER, LOGNAME, USER }: Context['env']): string {
  const uid = process.geteuid?.();
  return SUDO_USER || (uid === 0 ? 'root' : LOGNAME || USER || `user ${uid}`);
}

/** Bytes of a cause that are kept. */
const LONGEST_CAUSE = 500;

export const originOf = (context: Context): Origin => ({
  time: context.date().getTime(),
  user: printable(userName(context.env)),
  client: clientOf(context),
  terminal: terminalOf(context),
  cause: printable(['lvsadm', ...withoutSecrets(context.words ?? [])].join(' ')).slice(0, LONGEST_CAUSE),
});

/** Values of variables may be passwords. */
const withoutSecrets = (words: readonly string[]): string[] =>
  words.map((word, index) => {
    const isValue = words[index - 1] === '--variable' || word.startsWith('--variable=');
    const [, name] = /^((?:--variable=)?[^=]*=)/.exec(word) ?? [];
    return isValue && name !== undefined ? `${name}...` : word;
  });

/** Processes between this one and the shell of an SSH session: sudo(8) takes SSH_CONNECTION out of the environment. */
const ANCESTORS = 8;

/** The address of the SSH client, by SSH_CONNECTION of this process or of one that it descends from. */
function clientOf({ env, files }: Context): string | undefined {
  let connection = env['SSH_CONNECTION'];
  let pid = String(process.ppid);
  try {
    for (let steps = 0; connection === undefined && pid !== '0' && steps < ANCESTORS; steps++) {
      const environment = files.readFileSync(`/proc/${pid}/environ`, 'utf8');
      connection = /(?:^|\0)SSH_CONNECTION=([^\0]*)/.exec(environment)?.[1];
      pid = parentOf(files.readFileSync(`/proc/${pid}/stat`, 'utf8'));
    }
  } catch {
    // A process of another user, or one that has ended.
  }
  const [address] = connection?.split(' ') ?? [];
  return address ? printable(address) : undefined;
}

/** @param stat a /proc/PID/stat; the name in it may have blanks and parentheses */
const parentOf = (stat: string): string => stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? '0';

/** `pts/3` */
function terminalOf({ files }: Context): string | undefined {
  try {
    const [, name] =
      /^\/dev\/((?:pts\/\d+)|(?:tty\w+)|console)$/.exec(files.readlinkSync('/proc/self/fd/0')) ?? [];
    return name;
  } catch {
    return undefined;
  }
}
