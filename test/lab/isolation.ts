// A place of its own for a command: what it does to the network ends with it, and so do the processes it leaves behind.

/**
 * Loopback up, then the command as a child: the namespace's first process would be deaf to most signals. The shell itself
 * has no stderr, for it would remark on a child that a signal ended.
 */
const firstProcess = 'exec 9>&2 2>/dev/null; ip link set lo up 2>&9 && (exec "$@" 2>&9 9>&-); exit $?';

/**
 * The command in fresh namespaces: network, mounts, processes. It ends when the process that starts it ends, whatever the
 * reason.
 */
export const isolated = (command: string[]): string[] => [
  ...['setpriv', '--pdeathsig', 'KILL'],
  ...['unshare', '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'],
  ...['sh', '-c', firstProcess, 'sh'],
  ...command,
];
