/** The subcommands. */
import type { CommandRow } from './command.js';

export const commands: readonly CommandRow[] = [
  { name: 'apply', summary: 'make the table match a document', load: () => import('./apply.js') },
  {
    name: 'completion',
    summary: "write a shell's completion script",
    load: async () => (await import('./completion.js')).completionOf(commands),
  },
  { name: 'diff', summary: 'show what apply would change', load: () => import('./diff.js') },
  {
    name: 'director',
    summary: 'set this machine up as a director, undo that, or show it',
    load: () => import('./director.js'),
  },
  {
    name: 'doctor',
    summary: 'find what keeps a virtual service on this machine from working',
    load: () => import('./doctor.js'),
  },
  {
    name: 'drain',
    summary: 'take a server out of service without breaking connections',
    load: () => import('./drain.js'),
  },
  { name: 'export', summary: 'write the whole state as a document', load: () => import('./export.js') },
  {
    name: 'link',
    summary: 'link ipvsadm, ipvsadm-save and ipvsadm-restore to this program',
    load: () => import('./link.js'),
  },
  {
    name: 'list',
    summary: 'show services and servers, connections and counters',
    load: () => import('./list.js'),
  },
  {
    name: 'man',
    summary: 'write the manual page',
    load: async () => (await import('./man.js')).manOf(commands),
  },
  {
    name: 'real-server',
    summary: 'set this machine up as a real server, undo that, or show it',
    load: () => import('./real-server.js'),
  },
  { name: 'schema', summary: 'write the JSON Schema of documents', load: () => import('./schema.js') },
  {
    name: 'undrain',
    summary: 'restore the weight of a drained server',
    load: () => import('./undrain.js'),
  },
  {
    name: 'weight',
    summary: "change a server's weight, at once or gradually",
    load: () => import('./weight.js'),
  },
];
