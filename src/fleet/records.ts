/** What the values in a fleet's store are: JSON, whose members are checked when they are read. */
import { z } from 'zod';
import { StoreError, UsageError } from '../errors.js';
import { LARGEST_RELEASE, LAYOUT_VERSION } from './layout.js';
import type { Entry } from './store.js';

const id = z.int().min(1).max(LARGEST_RELEASE);
const sequence = z.int().min(1);
const count = z.int().min(0);
/** Of a clock of the one who writes; for people to read. */
const time = z.iso.datetime();
/** Foreign text, which is rendered where it is shown. */
const words = z.string().max(1000);
const names = z.array(z.string().max(63)).max(10_000);

const layout = z.object({
  /** Of the layout: that of a later lvsadm is not touched. */
  version: z.int().min(1),
  /** The identity of the fleet; a store that was made anew has another one. */
  fleet: z.uuid(),
});

const release = z.object({
  id,
  /** SHA-256, in hexadecimal, of the names and digests of the documents. */
  digest: z.string().length(64),
  documents: z.array(z.object({ name: z.string().max(128), digest: z.string().length(64), size: count })),
  author: words,
  time,
  comment: words.optional(),
});

const wave = z.object({
  /** These directors; */
  nodes: names.optional(),
  /** or those whose rank is below this, from 0 to 1: see rollout.ts. */
  below: z.number().min(0).max(1).optional(),
  /** What the operator asked for, for people to read: `25%`. */
  title: words,
  /** Milliseconds that the wave has to be well before the next one is opened. */
  wait: count,
});

/** What a director has applied, or is to apply: of one number there can be two, where a store went back in time. */
const mark = {
  /** Greater than that of the target before; a director never goes back to a smaller one. */
  sequence,
  release: id,
  /** The identity of the target. */
  id: z.uuid(),
};

const target = z
  .object({
    /** The identity of the fleet: see `layout`. */
    fleet: z.uuid(),
    ...mark,
    /** What all ran before: new directors whose wave is not open yet run it, and a rollback goes back to it. */
    previous: z.object(mark).optional(),
    cause: z.enum(['release', 'rollback']),
    author: words,
    time,
    comment: words.optional(),
    waves: z.array(wave).min(1).max(100),
    /** Index of the last wave that is open. */
    open: count,
    state: z.enum(['rolling', 'held', 'halted', 'done']),
    /** Why it is halted or held. */
    reason: words.optional(),
    /** How many servers more than before may be down on a director. */
    maxDown: count,
    onFailure: z.enum(['halt', 'rollback']),
    /** Milliseconds for a director of an open wave to report. */
    patience: count,
    /** How many directors reported when it began: the more they are, the longer is the time in which they read it. */
    directors: count.optional(),
    /** Directors that were lost when it began: it does not wait for them. */
    absent: names,
  })
  .refine(({ open, waves }) => open < waves.length, 'there is no such wave');

const hold = z.object({
  /** `tcp://192.0.2.10:80` */
  service: words,
  /** `198.51.100.7:80` */
  server: words,
  weight: z.int().min(0).max(0x7fffffff),
  by: words,
  since: time,
  until: time.optional(),
  reason: words.optional(),
});

/** Services in a report, and holds in one of an earlier lvsadm. */
export const MOST_LISTED = 100;

/** A director's own holds in its report: a conductor reads the reports of all directors each second. */
export const MOST_HOLDS = 20;

/** A service of mh, sh or dh whose servers were added in another order than by address and port. */
const hashOrder = z.object({ service: words, order: z.string().max(64) });

const health = z.object({ up: count, down: count });

const report = z.object({
  /** Of lvsadm. */
  version: words,
  /** The target whose release is applied; 0 and undefined before the first one. */
  sequence: count,
  release: id.optional(),
  target: z.uuid().optional(),
  /** The last target that was tried, and how that ended. */
  tried: count,
  result: z.enum(['none', 'applied', 'refused', 'failed']),
  error: words.optional(),
  /** Whether the table is as the release says. */
  converged: z.boolean(),
  health,
  /** Servers that were down when the release was applied. */
  downBefore: count,
  /** Changes each few seconds while the director takes part in a rollout: without it, it is silent. */
  beat: count.optional(),
  /** The director's own holds, at most some of them (of an earlier lvsadm: those of the fleet, too), and the number of all in force. */
  holds: z
    .array(hold.extend({ ofFleet: z.literal(true).optional() }))
    .max(MOST_LISTED)
    .optional(),
  held: count.optional(),
  /** The holds of the fleet that are in force there: their number, and what they are. */
  ofFleet: z.object({ number: count, digest: z.string().max(64) }).optional(),
  /** At most some of them. */
  hashing: z.array(hashOrder).max(MOST_LISTED).optional(),
  /** Differences that another program made, found since the agent started. */
  drift: count.optional(),
  /** Why the release would not be there after a restart. */
  unsaved: words.optional(),
  time,
});

const member = z.object({
  labels: z.record(z.string().max(63), words),
  variables: z.record(z.string().max(63), words),
  joined: time,
});

const conductor = z.object({ node: words, lease: words });

export type Layout = z.infer<typeof layout>;
export type Release = z.infer<typeof release>;
export type Wave = z.infer<typeof wave>;
export type Target = z.infer<typeof target>;
export type NodeReport = z.infer<typeof report>;
export type Member = z.infer<typeof member>;
export type HashOrder = z.infer<typeof hashOrder>;
export type HoldEntry = z.infer<typeof hold>;
export type HealthCount = z.infer<typeof health>;

/** Reads a kind of value, and writes it. */
interface RecordKind<T> {
  /** @throws StoreError */
  parse(entry: Entry, store: string): T;
  /** @throws UsageError for a record that could not be read again */
  format(record: T): string;
}

const recordKind = <S extends z.ZodType>(shape: S): RecordKind<z.infer<S>> => ({
  parse({ key, value }, store) {
    const invalid = (reason: string): StoreError => new StoreError('invalid', `read ${key}`, store, reason);
    let json: unknown;
    try {
      json = JSON.parse(value);
    } catch {
      throw invalid('it is no JSON');
    }
    const { success, data, error } = shape.safeParse(json);
    if (success) return data;
    const [issue] = error.issues;
    throw invalid(`${issue?.path.join('.') || 'the value'}: ${issue?.message ?? 'invalid'}`);
  },
  format(record) {
    const { success, error } = shape.safeParse(record);
    if (success) return JSON.stringify(record);
    const [issue] = error.issues;
    throw new UsageError(`${issue?.path.join('.') || 'the record'}: ${issue?.message ?? 'invalid'}`);
  },
});

export const layoutRecord = recordKind(layout);
export const releaseRecord = recordKind(release);
export const targetRecord = recordKind(target);
export const holdRecord = recordKind(hold);
export const reportRecord = recordKind(report);
export const memberRecord = recordKind(member);
export const conductorRecord = recordKind(conductor);

/** @throws StoreError for a layout of a later lvsadm */
export function requireLayout(entry: Entry, store: string): Layout {
  const { version } = layoutRecord.parse(entry, store);
  if (version <= LAYOUT_VERSION) return layoutRecord.parse(entry, store);
  const reason = `its layout is of version ${version}, this lvsadm knows ${LAYOUT_VERSION}: update lvsadm`;
  throw new StoreError('invalid', `read ${entry.key}`, store, reason);
}
