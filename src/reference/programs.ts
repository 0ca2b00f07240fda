/** The names that the program is called by, and what each of them understands. */
import type { CommandDescription, ProgramDescription } from './description.js';
import { ipvsadmCommands, saveOptions } from './ipvsadm.js';

/** lvsadm, which understands everything, is the first. */
export const programs = (subcommands: readonly CommandDescription[]): readonly ProgramDescription[] => [
  { name: 'lvsadm', commands: [...ipvsadmCommands, ...subcommands], options: [] },
  { name: 'ipvsadm', commands: ipvsadmCommands, options: [] },
  { name: 'ipvsadm-save', commands: [], options: saveOptions },
  { name: 'ipvsadm-restore', commands: [], options: [] },
];
