/**
 * lvsadm that sends itself a signal at one of its steps: `node stepped.js STEP SIGNAL WORDS...`. With SIGSTOP another process has to
 * send SIGCONT.
 */
import fs from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { runProcess } from '../../src/cli/process/context.js';
import { openNodeSocket } from '../../src/netlink/transport/node.js';
import { countedFiles, countedSockets, Steps } from '../support/steps.js';

const [, , step, signal, ...argv] = process.argv;
const steps = new Steps(Number(step), () => void process.kill(process.pid, signal));

// Settings of the kernel are written by this function alone.
const { writeFile } = promises;
promises.writeFile = async (...words: Parameters<typeof writeFile>) => {
  await steps.take();
  await writeFile(...words);
};
syncBuiltinESMExports();

await runProcess({
  program: 'lvsadm',
  command: [process.execPath, 'lvsadm'],
  argv,
  files: countedFiles(fs, steps),
  openSocket: countedSockets(openNodeSocket, steps),
});
