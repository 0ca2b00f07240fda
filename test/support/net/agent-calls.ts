// What an agent can do on its host. Arguments and results are data: they travel between processes.
import { readFile } from 'node:fs/promises';
import type { Ran } from '../modern.js';
import { applyChanges, readTable, watchWeights, weightLog } from './agent-ipvs.js';
import { checksAt, nextCheck, serveFaulty, setFault } from './faulty-server.js';
import { ask, hold, release, repeat } from './http-client.js';
import { serveHttp } from './http-server.js';
import { endRequests, startRequests } from './steady-client.js';
import { askUdp, sendUdp, serveDns, serveUdp } from './udp.js';

export const calls = {
  /** Answers when the agent is up. */
  ready: () => {},
  read: (path: string) => readFile(path, 'utf8'),
  ask,
  hold,
  repeat,
  release,
  startRequests,
  endRequests,
  serveHttp,
  serveFaulty,
  setFault,
  nextCheck,
  checksAt,
  askUdp,
  sendUdp,
  serveUdp,
  serveDns,
  applyChanges,
  readTable,
  watchWeights,
  weightLog,
  /** lvsadm, without the time that a process of its own would take. */
  lvsadm: async (...words: string[]): Promise<Ran> => (await import('../modern.js')).modern(...words),
};

export type Calls = typeof calls;
