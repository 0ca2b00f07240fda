/**
 * lvsadm that sends itself a signal at one of its steps: `node stepped.js STEP SIGNAL WORDS...`. With SIGSTOP another process has to
 * send SIGCONT.
 */
import fs from 'node:fs';
import { join } from 'node:path';
import { runProcess } from '../../src/cli/process/context.js';
import { openNodeSocket } from '../../src/netlink/transport/node.js';
import { countedFiles, countedSockets, Steps } from '../support/steps.js';

const [, , step, signal, ...argv] = process.argv;
const steps = new Steps(Number(step), () => void process.kill(process.pid, signal));

await runProcess({
  program: 'lvsadm',
  command: [process.execPath, join(import.meta.dirname, '../../../dist/lvsadm.js')],
  argv,
  files: countedFiles(fs, steps),
  openSocket: countedSockets(openNodeSocket, steps),
});
