/** The names that the program is called by, and what each of them understands. */
import type { Program, Use } from './description.js';
import { ipvsadmUses, saveOptions } from './ipvsadm.js';

/** lvsadm, which understands everything, is the first. */
export const programs = (subcommands: readonly Use[]): readonly Program[] => [
  { name: 'lvsadm', uses: [...ipvsadmUses, ...subcommands], options: [] },
  { name: 'ipvsadm', uses: ipvsadmUses, options: [] },
  { name: 'ipvsadm-save', uses: [], options: saveOptions },
  { name: 'ipvsadm-restore', uses: [], options: [] },
];
