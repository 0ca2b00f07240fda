/** Records of the changes that subcommands made to the table. */
import type { Settings } from '../model/settings.js';
import type { StateKind } from '../system/files/state-kind.js';

/** Who changed the table, when, from where and how. */
export interface Origin {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Name of the user; behind sudo that of its caller. */
  readonly user: string;
  /** Address of the SSH client; undefined without one. */
  readonly client?: string | undefined;
  /** `pts/3`; undefined if standard input is no terminal. */
  readonly terminal?: string | undefined;
  /** The command line: `lvsadm apply -f web.yaml`. */
  readonly cause: string;
}

/** Services, servers, daemons, timeouts and settings that a change adds, changes and removes. */
export interface ChangeCounts {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

export interface Change extends Origin, ChangeCounts {
  /** The settings of IPVS that the change sets, as they were before it. */
  readonly settings?: Settings | undefined;
  /** Number of the change that this one took back because nobody confirmed it. */
  readonly takesBack?: number | undefined;
}

/** A change of which the table before it has been kept. */
export interface ChangeRecord extends Change {
  /** From 1 on; no number is given out twice. */
  readonly number: number;
  /** Bytes of the table before the change. */
  readonly size: number;
  /** Whether nothing was made of the change: it is not shown, and keeps its number from being given out again. */
  readonly isWithdrawn?: boolean | undefined;
}

/** The oldest comes first. */
export const recordsKind: StateKind<readonly ChangeRecord[]> = {
  name: 'history',
  empty: [],
  parse: (value) => (value as readonly unknown[]).map(checkedRecord),
  format: (records) => records,
  loss: 'the records of earlier changes are lost',
  expendable: true,
  outlivesBoot: true,
  isPrivate: true,
};

/** @throws Error */
function checkedRecord(value: unknown): ChangeRecord {
  const { number, size, isWithdrawn } = value as Partial<Record<keyof ChangeRecord, unknown>>;
  if (![number, size].every(Number.isSafeInteger)) throw new Error('it holds no list of changes');
  return {
    ...checkedChange(value),
    number: Number(number),
    size: Number(size),
    ...(isWithdrawn === true && { isWithdrawn }),
  };
}

/** @throws Error */
export function checkedChange(value: unknown): Change {
  const { time, user, client, terminal, cause, added, changed, removed, settings, takesBack } =
    value as Partial<Record<keyof Change, unknown>>;
  const isRight =
    [time, added, changed, removed].every(Number.isSafeInteger) &&
    isOptionalText(client) &&
    isOptionalText(terminal) &&
    (takesBack === undefined || Number.isSafeInteger(takesBack)) &&
    (settings === undefined || Object.values(settings as object).every(isText));
  if (!(isText(user) && isText(cause) && isRight)) throw new Error('it holds no change');
  return {
    time: Number(time),
    user,
    client,
    terminal,
    cause,
    added: Number(added),
    changed: Number(changed),
    removed: Number(removed),
    settings: settings as Settings | undefined,
    takesBack: takesBack as number | undefined,
  };
}

export const isText = (value: unknown): value is string => typeof value === 'string';

export const isOptionalText = (value: unknown): value is string | undefined =>
  value === undefined || isText(value);
