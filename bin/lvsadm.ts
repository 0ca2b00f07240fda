/** lvsadm on Node.js: the files are Node's, the sockets those of the `netlink` package. */
import { runProcess } from '../src/cli/process/context.js';
import { WithStatus } from '../src/context.js';
import { HostError } from '../src/errors.js';

const [, program = 'lvsadm', ...argv] = process.argv;

leaveGoneDirectory();
void runProcess({
  program,
  command: [process.execPath, ...process.execArgv, program],
  argv,
  files: process.getBuiltinModule('node:fs'),
  openSocket: async (protocol) => (await sockets()).openNodeSocket(protocol),
});

/**
 * Node and yargs ask for the path of the working directory, and fail if it is gone. Where they go instead no relative path leads
 * anywhere, as in a directory that is gone.
 */
function leaveGoneDirectory(): void {
  try {
    process.cwd();
  } catch {
    process.chdir('/proc/self/fdinfo');
  }
}

/** ipvsadm's exit status where it cannot open IPVS. */
const UNAVAILABLE = 2;

/** Part of the package is native code, which npm does not bring for every processor. */
async function sockets() {
  try {
    return await import('../src/netlink/transport/node.js');
  } catch (error) {
    const [reason = ''] = (error as Error).message.split('\n');
    const remedy = 'npm rebuild netlink builds it if Python and a compiler for C++ are installed';
    throw new WithStatus(
      UNAVAILABLE,
      new HostError('load the native part of the package netlink', `${reason}; ${remedy}`, { cause: error }),
    );
  }
}
