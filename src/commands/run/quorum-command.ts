/** Programs that documents run when a quorum is won or lost. */
import { HostError } from '../../errors.js';
import { cleanEnvironment, failureOf } from '../../health/checks/command.js';
import { foreignWriterOf, isRoot } from '../../system/files/foreign-writers.js';
import { runGroup } from '../../system/programs/process-group.js';

/** Milliseconds after which a program and its children are killed. */
const PATIENCE = 30_000;

/** @returns why it failed; undefined if it succeeded */
export async function runQuorumCommand(
  command: readonly [string, ...string[]],
  files: Parameters<typeof foreignWriterOf>[1],
): Promise<string | undefined> {
  // It may be one of earlier documents, or have changed hands since these were read.
  const foreign = isRoot() ? foreignWriterOf(command[0], files) : undefined;
  if (foreign !== undefined)
    return `not run as root: ${foreign.path} may be written by ${foreign.writer} (mode ${foreign.mode})`;
  const signal = AbortSignal.timeout(PATIENCE);
  try {
    const end = await runGroup(command, { env: cleanEnvironment, signal });
    if (signal.aborted) return `no end within ${PATIENCE / 1000} s`;
    return end.status === 0 ? undefined : failureOf(end);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return error.reason;
  }
}
