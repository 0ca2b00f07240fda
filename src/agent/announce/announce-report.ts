/** What is announced, as an answer of the agent to questions of {@link REPORT_VERSION}. */

import { REPORT_VERSION } from '../reports/health-report.js';
import type { Announcer } from './announcer.js';

/** `withdraw` and `restore` are answered before devices have followed. */
export const vipActions = ['show', 'withdraw', 'restore'] as const;
export type VipAction = (typeof vipActions)[number];

/** A question. @example `{"version":1,"about":"vips","action":"withdraw"}` */
export interface VipQuestion {
  readonly version: number;
  readonly about: 'vips';
  /** `show` if left out. */
  readonly action?: VipAction | undefined;
}

export interface VipReport {
  /** `192.0.2.10` */
  readonly vip: string;
  /** Whether it is to be announced; null while nothing is known: it stays as it is. */
  readonly wanted: boolean | null;
  /** Whether the device has it; null without a device. */
  readonly announced: boolean | null;
  /** Whether it is on lo until connections under way have ended. */
  readonly lingering: boolean;
  readonly reason: string;
}

export interface AnnounceReport {
  readonly version: typeof REPORT_VERSION;
  /** Whether an agent runs; otherwise another command tells what the last one left. */
  readonly agent: boolean;
  readonly device: string | null;
  /** Whether the services of all addresses have been in the table completely. */
  readonly ready: boolean;
  /** Whether an operator has withdrawn all addresses. */
  readonly withdrawn: boolean;
  /** Whether the device has yet to follow. */
  readonly busy: boolean;
  readonly vips: readonly VipReport[];
}

/** Answers a line with a line: a report, or `{"version":1,"error":"..."}`. @returns undefined if the question is about something else */
export function answerAnnouncing(announcer: Announcer, line: string): Promise<string> | undefined {
  const action = asked(line);
  return action && answer(announcer, action);
}

async function answer(announcer: Announcer, action: VipAction): Promise<string> {
  const problem = action === 'show' ? undefined : await announcer.hold(action === 'withdraw');
  const error = problem && `done, but the next start will not know it: ${problem}`;
  return JSON.stringify(error === undefined ? reportOf(announcer) : { version: REPORT_VERSION, error });
}

function asked(line: string): VipAction | undefined {
  try {
    const { version, about, action = 'show' } = JSON.parse(line) as Partial<VipQuestion>;
    if (version !== REPORT_VERSION || about !== 'vips') return undefined;
    return vipActions.find((each) => each === action);
  } catch {
    return undefined;
  }
}

export function reportOf(announcer: Announcer): AnnounceReport {
  const { device, isReady, isWithdrawn, isBusy, addresses, ownAddresses } = announcer;
  const lingering = new Set(ownAddresses.filter((own) => own.device === 'lo').map(({ address }) => address));
  return {
    version: REPORT_VERSION,
    agent: true,
    device: device ?? null,
    ready: isReady,
    withdrawn: isWithdrawn,
    busy: isBusy,
    vips: addresses.map(({ address, isWanted, reason }) => ({
      vip: address,
      wanted: isWanted ?? null,
      announced: device === undefined ? null : announcer.has({ address, device }),
      lingering: lingering.has(address),
      reason,
    })),
  };
}
