/** The process that checks paths, which other commands start: see health/path/worker.ts. */
import { runPathWorker } from '../health/path/worker.js';
import { Machine } from '../system/machine.js';
import { defineCommand } from './command.js';

export const command = defineCommand({
  offline: true,
  async run(context) {
    const { openSocket, files, out } = context;
    await runPathWorker(new Machine(openSocket, files), files, (text) => out.write(text));
    return 0;
  },
});
