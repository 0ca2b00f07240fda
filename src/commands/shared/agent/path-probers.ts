/** Probers of paths as processes of this program. */
import type { Context } from '../../../context.js';
import type { ProberPorts } from '../../../health/path/prober.js';
import { Probers } from '../../../health/path/probers.js';
import { Machine } from '../../../system/machine.js';

type Starter = Pick<Context, 'openSocket' | 'files' | 'startWorker'>;

/** The caller closes the machine. */
export const proberPorts = ({ openSocket, files, startWorker }: Starter): ProberPorts => ({
  machine: new Machine(openSocket, files),
  start: (events) => startWorker(['path-worker'], events),
});

/** Runs checks, those through paths by probers. The caller ends them. */
export const openProbers = (context: Starter): Probers => new Probers(proberPorts(context));
