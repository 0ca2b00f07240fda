/** Errors in the code of a check, which must not end the checks of all servers. */
import type { CheckResult } from '../../health/run-check.js';
import type { AgentEvent } from '../reports/event.js';
import type { SchedulePorts } from './check-schedule.js';

/** Runs checks: an error that is a bug is a failure of the check, and told once for each kind of check. */
export function survivingBugs(
  run: SchedulePorts['run'],
  tell: (event: AgentEvent) => void,
): SchedulePorts['run'] {
  const told = new Set<string>();
  return async (placed, stop): Promise<CheckResult> => {
    try {
      return await run(placed, stop);
    } catch (error) {
      if (stop.aborted) throw error;
      const { kind } = placed.check;
      if (!told.has(kind)) tell({ event: 'problem', reason: `check of kind ${kind}: ${whereOf(error)}` });
      told.add(kind);
      return { ok: false, ms: 0, reason: `internal error: ${String(error)}` };
    }
  };
}

/** `a fault in lvsadm itself, please report it: TypeError: ... at run (...)` */
function whereOf(error: unknown): string {
  const lines = error instanceof Error ? (error.stack ?? error.message).split('\n') : [String(error)];
  const first = lines.slice(0, 2).map((line) => line.trim());
  return `a fault in lvsadm itself, please report it: ${first.join(' ')}`;
}
