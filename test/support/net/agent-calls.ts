// What an agent can do on its host. Arguments and results are data: they travel between processes.
import { readFile } from 'node:fs/promises';
import type { Ran } from '../modern.js';
import { applyChanges, readTable } from './agent-ipvs.js';
import { ask, hold, release, repeat } from './http-client.js';
import { serveHttp } from './http-server.js';
import { askUdp, sendUdp, serveUdp } from './udp.js';

export const calls = {
  /** Answers when the agent is up. */
  ready: () => {},
  read: (path: string) => readFile(path, 'utf8'),
  ask,
  hold,
  repeat,
  release,
  serveHttp,
  askUdp,
  sendUdp,
  serveUdp,
  applyChanges,
  readTable,
  /** lvsadm, without the time that a process of its own would take. */
  lvsadm: async (...words: string[]): Promise<Ran> => (await import('../modern.js')).modern(...words),
};

export type Calls = typeof calls;
