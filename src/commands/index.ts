/** The subcommands, by topic; and those that only this program itself uses. */
import type { CommandRow } from './command.js';

export const commands: readonly CommandRow[] = [
  {
    name: 'list',
    topic: 'inspection',
    summary: 'show services and servers, connections and counters',
    load: () => import('./list.js'),
  },
  {
    name: 'connections',
    alias: 'conns',
    topic: 'inspection',
    summary: 'list, filter and count current connections',
    load: () => import('./connections.js'),
  },
  {
    name: 'top',
    topic: 'inspection',
    summary: 'watch connections and rates of services and servers',
    load: () => import('./top.js'),
  },
  {
    name: 'monitor',
    topic: 'inspection',
    summary: 'write a line for each change of the table',
    load: () => import('./monitor.js'),
  },
  {
    name: 'metrics',
    topic: 'inspection',
    summary: 'write counters and settings for Prometheus, once or over HTTP',
    load: () => import('./metrics.js'),
  },
  {
    name: 'status',
    topic: 'inspection',
    summary: 'show kernel, tables, sync daemons and netfilter on one page',
    load: () => import('./status.js'),
  },
  {
    name: 'where',
    topic: 'inspection',
    summary: 'show which server a client gets, and why',
    load: () => import('./where.js'),
  },
  {
    name: 'doctor',
    topic: 'inspection',
    summary: 'find what keeps a virtual service on this machine from working',
    load: () => import('./doctor.js'),
  },
  {
    name: 'health',
    topic: 'inspection',
    summary: 'show which servers are up; run the checks of documents once',
    load: () => import('./health.js'),
  },
  {
    name: 'probe',
    topic: 'inspection',
    summary: 'show whether servers answer as the virtual address (DR, TUN)',
    load: () => import('./probe.js'),
  },
  {
    name: 'fleet',
    topic: 'documents',
    summary: 'release documents to the directors of a fleet, in waves, and see how they are',
    load: () => import('./fleet.js'),
  },
  {
    name: 'run',
    topic: 'documents',
    summary: 'keep the table as documents and the checks in them say',
    load: () => import('./run.js'),
  },
  {
    name: 'announce',
    topic: 'documents',
    summary: 'show, withdraw or restore the addresses that the agent announces',
    load: () => import('./announce.js'),
  },
  {
    name: 'apply',
    topic: 'documents',
    summary: 'make the table match a document',
    load: () => import('./apply.js'),
  },
  {
    name: 'confirm',
    topic: 'documents',
    summary: 'keep a change that apply --confirm would take back',
    load: () => import('./confirm.js'),
  },
  {
    name: 'history',
    topic: 'documents',
    summary: 'show the last changes that can be rolled back',
    load: () => import('./history.js'),
  },
  {
    name: 'rollback',
    topic: 'documents',
    summary: 'make the table as it was before a change',
    load: () => import('./rollback.js'),
  },
  {
    name: 'diff',
    topic: 'documents',
    summary: 'show what apply would change',
    load: () => import('./diff.js'),
  },
  {
    name: 'check',
    topic: 'documents',
    summary: 'find the mistakes in documents, without a kernel',
    load: () => import('./check.js'),
  },
  {
    name: 'export',
    topic: 'documents',
    summary: 'write the whole state as a document',
    load: () => import('./export.js'),
  },
  {
    name: 'import',
    topic: 'documents',
    summary: 'write the configuration of keepalived or ldirectord as a document',
    load: () => import('./import.js'),
  },
  {
    name: 'schema',
    topic: 'documents',
    summary: 'write the JSON Schema of documents',
    load: () => import('./schema.js'),
  },
  {
    name: 'drain',
    topic: 'servers',
    summary: 'take a server out of service without breaking connections',
    load: () => import('./drain.js'),
  },
  {
    name: 'undrain',
    topic: 'servers',
    summary: 'restore the weight of a drained server',
    load: () => import('./undrain.js'),
  },
  {
    name: 'weight',
    topic: 'servers',
    summary: "change a server's weight, at once or gradually",
    load: () => import('./weight.js'),
  },
  {
    name: 'director',
    topic: 'setup',
    summary: 'set this machine up as a director, undo that, or show it',
    load: () => import('./director.js'),
  },
  {
    name: 'real-server',
    topic: 'setup',
    summary: 'set this machine up as a real server, undo that, or show it',
    load: () => import('./real-server.js'),
  },
  {
    name: 'adopt',
    topic: 'setup',
    summary: "replace ipvsadm's boot set-up by a document and lvsadm.service, or undo that",
    load: () => import('./adopt.js'),
  },
  {
    name: 'link',
    topic: 'setup',
    summary: 'link ipvsadm, ipvsadm-save and ipvsadm-restore to this program',
    load: () => import('./link.js'),
  },
  {
    name: 'completion',
    topic: 'setup',
    summary: "write a shell's completion script",
    load: async () => (await import('./completion.js')).completionOf(commands),
  },
  {
    name: 'man',
    topic: 'setup',
    summary: 'write the manual page',
    load: async () => (await import('./man.js')).manOf(commands),
  },
  {
    name: 'version',
    topic: 'setup',
    summary: 'show the version, its commit, the runtime and the kernel',
    load: () => import('./version.js'),
  },
];

/** Not for users: they stand in no help. */
export const ownCommands: readonly Omit<CommandRow, 'topic' | 'summary'>[] = [
  { name: 'path-worker', load: () => import('./path-worker.js') },
  { name: 'take-back', load: () => import('./take-back.js') },
];
