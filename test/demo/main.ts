// npm run demo: goes where IPVS is, a guest or this machine's own kernel, and shows it there.
import { join } from 'node:path';
import { LabFailure, LabUnavailable } from '../lab/errors.js';
import { isolated } from '../lab/isolation.js';
import { runInLab } from '../lab/lab.js';
import { checkout } from '../lab/paths.js';

const tour = join(checkout, 'build/test/demo/tour.js');
const colours = process.stdout.isTTY && !process.env['NO_COLOR'];

process.stderr.write(
  'Going where a kernel with IPVS is: this one, or that of a small guest, some ten seconds away.\n',
);
try {
  const { status } = await runInLab({
    command: isolated([process.execPath, tour]),
    // There the output is a pipe: whether it ends on a terminal is known only here.
    env: colours ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' },
    stdout: process.stdout,
    stderr: process.stderr,
  });
  process.exitCode = status;
} catch (error) {
  if (!(error instanceof LabUnavailable || error instanceof LabFailure)) throw error;
  process.stderr.write(`demo: ${error.message}\n`);
  process.exitCode = 1;
}
