/** The modern subcommands. */
import type { CommandRow } from './command.js';

export const commands: Readonly<Record<string, CommandRow>> = {
  link: {
    summary: 'make ipvsadm, ipvsadm-save and ipvsadm-restore links to this program',
    load: () => import('./link.js'),
  },
};
