/** The agent of this network namespace, as other commands meet it. */

import { REPORT_VERSION } from '../../../agent/reports/health-report.js';
import { HostError } from '../../../errors.js';
import { printable } from '../../../foreign-text.js';
import { askLine } from '../../../system/network/line-socket.js';

const DOING = 'ask the agent';
const ABSENT = 'no agent runs in this network namespace: lvsadm run starts it';

/**
 * Asks one question.
 * @param patience milliseconds without a byte of the answer
 * @throws HostError if no agent answers it
 */
export async function askAgent<T extends { readonly version: number }>(
  path: string,
  question: object,
  patience?: number,
): Promise<T> {
  const text = JSON.stringify({ version: REPORT_VERSION, ...question });
  const line = await askLine(path, text, DOING, ABSENT, patience);
  const answer = parsed<T & { readonly error?: string }>(line);
  if (answer.error !== undefined) throw new HostError(DOING, printable(answer.error));
  if (answer.version !== REPORT_VERSION) throw new HostError(DOING, 'it is of another version of lvsadm');
  return answer;
}

/** @throws HostError */
function parsed<T>(line: string): T {
  try {
    return JSON.parse(line);
  } catch {
    throw new HostError(DOING, 'its answer is not JSON');
  }
}

/** Undefined if no agent runs. */
export async function ifPresent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof HostError && error.reason === ABSENT) return undefined;
    throw error;
  }
}
