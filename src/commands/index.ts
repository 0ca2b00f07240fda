/** The modern subcommands. */
import type { CommandRow } from './command.js';

export const commands: Readonly<Record<string, CommandRow>> = {
  apply: {
    summary: 'make the table what a document says',
    load: () => import('./apply.js'),
  },
  completion: {
    summary: 'write the script that lets a shell complete command lines',
    load: async () => ({ command: (await import('./completion.js')).completionOf(commands) }),
  },
  diff: {
    summary: 'show what apply would change',
    load: () => import('./diff.js'),
  },
  director: {
    summary: 'set this machine up as a director, undo that, or show it',
    load: () => import('./director.js'),
  },
  doctor: {
    summary: 'find what keeps a virtual service on this machine from working',
    load: () => import('./doctor.js'),
  },
  drain: {
    summary: 'take a server out of service without breaking connections',
    load: () => import('./drain.js'),
  },
  export: {
    summary: 'write the whole state as a document',
    load: () => import('./export.js'),
  },
  link: {
    summary: 'make ipvsadm, ipvsadm-save and ipvsadm-restore links to this program',
    load: () => import('./link.js'),
  },
  list: {
    summary: 'show services and servers, connections and counters',
    load: () => import('./list.js'),
  },
  man: {
    summary: 'write the manual page',
    load: async () => ({ command: (await import('./man.js')).manOf(commands) }),
  },
  'real-server': {
    summary: 'set this machine up as a real server, undo that, or show it',
    load: () => import('./real-server.js'),
  },
  schema: {
    summary: 'write the JSON Schema of documents',
    load: () => import('./schema.js'),
  },
  undrain: {
    summary: 'give a drained server its weight back',
    load: () => import('./undrain.js'),
  },
  weight: {
    summary: "change a server's weight, at once or little by little",
    load: () => import('./weight.js'),
  },
};
