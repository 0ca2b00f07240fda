// A place of its own for a command: what it does to the network ends with it, and so do the processes it leaves behind.

/**
 * The command in fresh namespaces: network (with the loopback interface up), mounts, processes. It ends when the process
 * that starts it ends, whatever the reason. The shell is the namespace's first process so that the command is not:
 * signals have no default effect on a first process.
 */
export const isolated = (command: string[]): string[] => [
  ...['setpriv', '--pdeathsig', 'KILL'],
  ...['unshare', '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'],
  ...['sh', '-c', 'ip link set lo up && "$@"; exit $?', 'sh'],
  ...command,
];
