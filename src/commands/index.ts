/** The modern subcommands. */
import type { CommandRow } from './command.js';

export const commands: Readonly<Record<string, CommandRow>> = {
  'real-server': {
    summary: 'set this machine up as a real server, undo that, or show it',
    load: () => import('./real-server.js'),
  },
  director: {
    summary: 'set this machine up as a director, undo that, or show it',
    load: () => import('./director.js'),
  },
  doctor: {
    summary: 'find what keeps a virtual service on this machine from working',
    load: () => import('./doctor.js'),
  },
  link: {
    summary: 'make ipvsadm, ipvsadm-save and ipvsadm-restore links to this program',
    load: () => import('./link.js'),
  },
};
