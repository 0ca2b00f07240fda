/** Schedulers, persistence engines, and the flags of schedulers (IP_VS_SVC_F_SCHED1 to 3), bits whose meaning is the scheduler's. */
import { quoted } from '../foreign-text.js';

/** The kernel's own schedulers, each in a module ip_vs_NAME; others may be loaded. */
export const schedulers: readonly string[] = 'rr wrr lc wlc lblc lblcr dh sh sed nq fo ovf mh twos'.split(
  ' ',
);

/** The kernel's own persistence engines, each in a module ip_vs_pe_NAME. */
export const persistenceEngines: readonly string[] = ['sip'];

/** `no persistence engine 'sp' (there is 'sip')`; undefined for one of the kernel's own. */
export const engineProblem = (engine: string): string | undefined =>
  persistenceEngines.includes(engine)
    ? undefined
    : `no persistence engine ${quoted(engine)} (there is '${persistenceEngines.join("', '")}')`;

/** By bit. For sh and mh `flag-1` is fallback and `flag-2` is port. */
export const schedulerFlagBits = ['flag-1', 'flag-2', 'flag-3'] as const;
export type SchedulerFlag = (typeof schedulerFlagBits)[number];

/** Every word for a flag: by bit, or by what the bit means to the one scheduler that has the word. */
export const schedulerFlagWords = {
  'flag-1': { flag: 'flag-1' },
  'flag-2': { flag: 'flag-2' },
  'flag-3': { flag: 'flag-3' },
  'sh-fallback': { flag: 'flag-1', scheduler: 'sh' },
  'sh-port': { flag: 'flag-2', scheduler: 'sh' },
  'mh-fallback': { flag: 'flag-1', scheduler: 'mh' },
  'mh-port': { flag: 'flag-2', scheduler: 'mh' },
} as const satisfies Readonly<
  Record<string, { readonly flag: SchedulerFlag; readonly scheduler?: 'sh' | 'mh' }>
>;

export type SchedulerFlagWord = keyof typeof schedulerFlagWords;
export const schedulerFlagNames = Object.keys(schedulerFlagWords) as readonly SchedulerFlagWord[];

/** The scheduler that a word belongs to; undefined where any scheduler may have it. */
export const schedulerOf = (word: SchedulerFlagWord): string | undefined =>
  (schedulerFlagWords[word] as { readonly flag: SchedulerFlag; readonly scheduler?: string }).scheduler;

/** The words that a scheduler's flags go by. */
export const flagsOf = (scheduler: string): SchedulerFlagWord[] =>
  schedulerFlagNames.filter((word) => (schedulerOf(word) ?? scheduler) === scheduler);

interface Scheduling {
  readonly scheduler: string;
  readonly schedulerFlags: readonly SchedulerFlag[];
}

/** A service's flags as its scheduler calls them: `mh-port`; by bit where the scheduler has no word of its own. */
export const flagNames = ({ scheduler, schedulerFlags }: Scheduling): SchedulerFlagWord[] =>
  schedulerFlags.map((flag) => flagName(flag, scheduler));

const flagName = (flag: SchedulerFlag, scheduler: string): SchedulerFlagWord =>
  schedulerFlagNames.find(
    (word) => schedulerFlagWords[word].flag === flag && schedulerOf(word) === scheduler,
  ) ?? flag;

/**
 * Schedulers that keep a server at weight 0 in their hash table, and so refuse its share of new clients, each with the flag that
 * makes it choose another server then; dh has none. Source: ip_vs_sh.c, ip_vs_mh.c, ip_vs_dh.c.
 */
const fallbacks: ReadonlyMap<string, SchedulerFlagWord | undefined> = new Map([
  ['sh', 'sh-fallback'],
  ['mh', 'mh-fallback'],
  ['dh', undefined],
]);

/** The flag that makes a scheduler choose another server for the clients of one at weight 0: `mh-fallback`. */
export const fallbackOf = (scheduler: string): SchedulerFlagWord | undefined => fallbacks.get(scheduler);

/** The same flag by its bit; undefined for schedulers that need none (wlc) and for those that have none (dh). */
export function fallbackFlag({ scheduler }: Pick<Scheduling, 'scheduler'>): SchedulerFlag | undefined {
  const word = fallbackOf(scheduler);
  return word && schedulerFlagWords[word].flag;
}

/** Whether a scheduler chooses servers by a hash table. The table is filled in the order in which servers were added, newest first. */
export const choosesByHash = (scheduler: string): boolean => fallbacks.has(scheduler);

/** Whether a service refuses the share of new clients of a server at weight 0. */
export function refusesAtZero(service: Scheduling): boolean {
  const flag = fallbackFlag(service);
  return choosesByHash(service.scheduler) && !(flag && service.schedulerFlags.includes(flag));
}
