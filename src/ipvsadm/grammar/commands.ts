/** The commands of the grammar as data: their names, values and options. */
import type { DaemonState } from '../../model/daemon.js';
import type { PoptOption } from './popt.js';

/** Commands, by their long names. */
export type CommandName =
  | 'add-service'
  | 'edit-service'
  | 'delete-service'
  | 'clear'
  | 'restore'
  | 'save'
  | 'add-server'
  | 'edit-server'
  | 'delete-server'
  | 'list'
  | 'zero'
  | 'set'
  | 'start-daemon'
  | 'stop-daemon'
  | 'help'
  | 'version';

export interface CommandOption extends PoptOption {
  readonly long: CommandName;
  readonly argument: 'none' | 'required';
  readonly help: string;
  /** What follows the name in the help. */
  readonly usage?: string | undefined;
  /** The words that its value may be. */
  readonly choices?: readonly string[] | undefined;
}

const command = (
  short: string,
  long: CommandName,
  help: string,
  usage?: string,
  choices?: readonly string[],
): CommandOption => ({
  short,
  long,
  argument: choices === undefined ? 'none' : 'required',
  help,
  usage,
  choices,
});

/** A sync daemon sends connections (master) or receives them (backup). */
export const daemonStates: readonly DaemonState[] = ['master', 'backup'];

export const commands: readonly CommandOption[] = [
  command('A', 'add-service', 'add a virtual service', 'SERVICE [service options]'),
  command('E', 'edit-service', 'replace all settings of a virtual service', 'SERVICE [service options]'),
  command('D', 'delete-service', 'delete a virtual service and its real servers', 'SERVICE'),
  command('C', 'clear', 'delete all virtual services'),
  command('R', 'restore', 'run the commands on standard input, one a line'),
  command('S', 'save', 'write the table as commands that -R reads', '[-n]'),
  command('a', 'add-server', 'add a real server to a service', 'SERVICE -r SERVER [server options]'),
  command('e', 'edit-server', 'replace all settings of a real server', 'SERVICE -r SERVER [server options]'),
  command('d', 'delete-server', 'delete a real server from a service', 'SERVICE -r SERVER'),
  command('Ll', 'list', 'list the table or one service', '[SERVICE] [listing options]'),
  command('Z', 'zero', 'set the counters of one service or of all to zero', '[SERVICE]'),
  command('', 'set', 'set the idle timeouts, in seconds; 0 leaves a timeout unchanged', 'TCP TCPFIN UDP'),
  command('', 'start-daemon', 'start a sync daemon', 'master|backup [daemon options]', daemonStates),
  command('', 'stop-daemon', 'stop a sync daemon', 'master|backup', daemonStates),
  command('h', 'help', 'show this help'),
  command('v', 'version', 'show the version'),
];

/** Subcommands that do what a command does and more, and the options that only they have. */
export const subcommandFor: Readonly<
  Partial<Record<CommandName, { readonly call: string; readonly options: readonly string[] }>>
> = {
  list: { call: 'list', options: ['json', 'human', 'filter', 'output'] },
  save: { call: 'export', options: ['json'] },
  restore: {
    call: 'apply -f FILE',
    options: ['json', 'dry-run', 'prune', 'only', 'allow-empty', 'drain', 'wait', 'watch'],
  },
};
