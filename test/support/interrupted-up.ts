/**
 * A `real-server up` that is killed, as `kill -9` does it, at its step number `at`: `before` the effect, when the journal
 * has just been written, or `after` it.
 *
 *     node interrupted-up.js STATE AT before|after VIP...
 */

import fs from 'node:fs';
import { Journal } from '../../src/setup/journal.js';
import { planRealServer } from '../../src/setup/real-server.js';
import { runSteps } from '../../src/setup/run-steps.js';
import { Store } from '../../src/system/files/store.js';
import { Machine } from '../../src/system/machine.js';
import { openSocket } from './socket.js';

const [state = '', at, when, ...vips] = process.argv.slice(2);
const method = process.env['METHOD'] === 'tun' ? 'tun' : 'dr';
const { steps } = planRealServer({ method, vips, tunnel: { type: 'ipip', checksum: false } });
const journal = new Journal('real-server', new Store({ env: {}, files: fs, warn: () => {} }, state));
const add = journal.add.bind(journal);
let changes = 0;

const die = (): Promise<never> => {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => {});
};

journal.add = async (entry) => {
  const isNew = await add(entry);
  changes++;
  if (when === 'before' && changes === Number(at)) await die();
  return isNew;
};

await runSteps(steps, new Machine(openSocket, fs), journal, async (_step, outcome) => {
  if (when === 'after' && outcome === 'done' && changes === Number(at)) await die();
});
throw new Error(`only ${changes} changes: there was nothing to interrupt at ${at}`);
