/** The store of a fleet in etcd, below a prefix. Messages: etcd: etcdserver/etcdserverpb/rpc.proto. */
import { StoreError } from '../../errors.js';
import type { Change, Entry, FleetStore, Lease, Put, Removal, Snapshot, Transaction } from '../store.js';
import { EtcdClient, type EtcdOptions } from './client.js';

/** Entries that are read at once. */
const PAGE = 500;

/** As it is in the gateway's JSON, where 0 and false are left out. */
interface KeyValue {
  readonly key: string;
  readonly lease?: string;
  readonly mod_revision?: string;
  readonly value?: string;
}

interface RangeAnswer {
  readonly header?: { readonly revision?: string };
  readonly kvs?: readonly KeyValue[];
  readonly more?: boolean;
}

interface TransactionAnswer {
  readonly header?: { readonly revision?: string };
  readonly succeeded?: boolean;
  readonly responses?: readonly { readonly response_range?: RangeAnswer }[];
}

interface WatchMessage {
  readonly result?: {
    readonly canceled?: boolean;
    readonly cancel_reason?: string;
    readonly compact_revision?: string;
    readonly events?: readonly { readonly type?: 'DELETE'; readonly kv: KeyValue }[];
  };
}

export class EtcdStore implements FleetStore {
  private readonly client: EtcdClient;

  /** @param prefix of all keys: `/lvs/eu1/` */
  constructor(
    readonly name: string,
    private readonly prefix: string,
    options: EtcdOptions,
  ) {
    this.client = new EtcdClient(options);
  }

  async read(range: string): Promise<Snapshot> {
    const entries: Entry[] = [];
    const revision = await this.pages(range, false, (kvs) => {
      for (const kv of kvs) entries.push(this.entry(kv));
    });
    return { revision, entries };
  }

  async keys(range: string): Promise<readonly string[]> {
    const keys: string[] = [];
    await this.pages(range, true, (kvs) => {
      for (const kv of kvs) keys.push(this.keyOf(kv));
    });
    return keys;
  }

  async commit({ comparisons, writes }: Transaction): Promise<number | undefined> {
    const ranges = writes.map((write) => ('key' in write ? write.key : write.remove));
    const body = {
      compare: comparisons.map(({ key, revision }) => ({
        key: this.encoded(key),
        target: 'MOD',
        mod_revision: String(revision),
        result: 'EQUAL',
      })),
      success: writes.map((write) => this.operation(write)),
      // An answer may have been lost: then the second attempt finds what the first one wrote.
      failure: ranges.map((range) => ({ request_range: { ...this.rangeOf(range), limit: '1' } })),
    };
    let isRetried = false;
    const call = { path: 'kv/txn', body, attempted: `write ${ranges[0] ?? 'to the store'}` };
    const answer = (await this.client.call(call, () => {
      isRetried = true;
    })) as TransactionAnswer;
    if (answer.succeeded === true) return Number(answer.header?.revision);
    return isRetried ? writtenBefore(writes, answer) : undefined;
  }

  async *watch(range: string, after: number, stop: AbortSignal): AsyncGenerator<readonly Change[]> {
    const attempted = `watch ${range || 'the store'}`;
    const request = {
      create_request: { ...this.rangeOf(range), start_revision: String(after + 1), progress_notify: true },
    };
    try {
      for await (const message of this.client.stream({ path: 'watch', body: request, attempted }, stop)) {
        const { result = {} } = message as WatchMessage;
        if (result.canceled === true) throw this.canceled(attempted, result);
        // etcd sends what a slow reader has missed in one message.
        const changes = (result.events ?? []).map(({ type, kv }) => this.change(kv, type === 'DELETE'));
        for (const revision of new Set(changes.map((change) => change.revision)))
          yield changes.filter((change) => change.revision === revision);
      }
    } catch (error) {
      if (stop.aborted) return;
      throw error;
    }
    if (!stop.aborted) throw new StoreError('unreachable', attempted, this.name, 'the watch has ended');
  }

  async lease(seconds: number): Promise<Lease> {
    const attempted = 'get a lease';
    const answer = (await this.client.call({
      path: 'lease/grant',
      body: { TTL: String(seconds) },
      attempted,
    })) as { ID?: string };
    const { ID: id } = answer;
    if (id === undefined)
      throw new StoreError('invalid', attempted, this.name, 'there is no lease in the answer');
    return new EtcdLease(this.client, id, seconds);
  }

  close(): void {
    this.client.close();
  }

  /** Calls with each page of a range, all of one revision. @returns the revision */
  private async pages(
    range: string,
    keysOnly: boolean,
    take: (kvs: readonly KeyValue[]) => void,
  ): Promise<number> {
    const whole = this.rangeOf(range);
    let revision: string | undefined;
    for (let key = whole.key; ; ) {
      const body = {
        ...whole,
        key,
        limit: String(PAGE),
        ...(keysOnly && { keys_only: true }),
        ...(revision !== undefined && { revision }),
      };
      const answer = (await this.client.call({
        path: 'kv/range',
        body,
        attempted: `read ${range || 'the store'}`,
      })) as RangeAnswer;
      const { kvs = [], more = false } = answer;
      revision ??= answer.header?.revision;
      take(kvs);
      const last = kvs.at(-1);
      if (!more || last === undefined) return Number(revision);
      key = base64(Buffer.concat([Buffer.from(last.key, 'base64'), Buffer.of(0)]));
    }
  }

  private operation(write: Put | Removal): object {
    if ('remove' in write) return { request_delete_range: this.rangeOf(write.remove) };
    const { key, value, lease } = write;
    return {
      request_put: { key: this.encoded(key), value: base64(Buffer.from(value)), ...(lease && { lease }) },
    };
  }

  /** The end of a prefix is the prefix with its last byte, the slash, made one greater. */
  private rangeOf(range: string): { readonly key: string; readonly range_end?: string } {
    const path = this.prefix + range;
    if (range !== '' && !range.endsWith('/')) return { key: this.encoded(range) };
    return { key: base64(Buffer.from(path)), range_end: base64(Buffer.from(path.replace(/\/$/, '0'))) };
  }

  private encoded(key: string): string {
    return base64(Buffer.from(this.prefix + key));
  }

  private keyOf({ key }: KeyValue): string {
    return Buffer.from(key, 'base64').toString().slice(this.prefix.length);
  }

  private entry(kv: KeyValue): Entry {
    const value = Buffer.from(kv.value ?? '', 'base64').toString();
    return { key: this.keyOf(kv), value, revision: Number(kv.mod_revision) };
  }

  private change(kv: KeyValue, isRemoval: boolean): Change {
    const { key, value, revision } = this.entry(kv);
    return { key, value: isRemoval ? undefined : value, revision };
  }

  private canceled(
    attempted: string,
    { compact_revision: compacted, cancel_reason: reason }: NonNullable<WatchMessage['result']>,
  ) {
    return compacted === undefined
      ? new StoreError('unreachable', attempted, this.name, reason ?? 'the watch was canceled')
      : new StoreError(
          'compacted',
          attempted,
          this.name,
          `revisions before ${compacted} have been compacted`,
        );
  }
}

class EtcdLease implements Lease {
  private readonly ending = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  /** Tells of the end also while a renewal is under way. */
  private expiry: NodeJS.Timeout | undefined;
  /** Milliseconds of the process's clock at which the lease ends unless it is renewed. */
  private end: number;

  constructor(
    private readonly client: EtcdClient,
    readonly id: string,
    private readonly seconds: number,
  ) {
    this.end = performance.now() + seconds * 1000;
    this.expireLater();
    this.renewLater();
  }

  get lost(): AbortSignal {
    return this.ending.signal;
  }

  renewed(): number {
    return this.end - this.seconds * 1000;
  }

  async release(): Promise<void> {
    this.ending.abort();
    clearTimeout(this.timer);
    clearTimeout(this.expiry);
    await this.client
      .call({ path: 'lease/revoke', body: { ID: this.id }, attempted: 'end a lease' })
      .catch(() => {});
  }

  /** A third of the time: two attempts may fail. */
  private renewLater(): void {
    const pause = Math.min((this.seconds * 1000) / 3, Math.max(this.end - performance.now(), 0));
    this.timer = setTimeout(() => void this.renew(), pause);
    this.timer.unref();
  }

  private expireLater(): void {
    clearTimeout(this.expiry);
    this.expiry = setTimeout(() => this.ending.abort(), this.end - performance.now());
    this.expiry.unref();
  }

  private async renew(): Promise<void> {
    const asked = performance.now();
    try {
      const answer = (await this.client.call({
        path: 'lease/keepalive',
        body: { ID: this.id },
        attempted: 'renew a lease',
      })) as { result?: { TTL?: string } };
      // Without a TTL the lease is no more.
      if (answer.result?.TTL === undefined) return this.ending.abort();
      this.end = asked + this.seconds * 1000;
      this.expireLater();
    } catch {
      // What was asked for in vain may be had in the next third.
    }
    if (!this.ending.signal.aborted) this.renewLater();
  }
}

/** The revision of an earlier attempt, if what is there is what it wrote: the same values under the same leases, and nothing that it removed. */
function writtenBefore(
  writes: readonly (Put | Removal)[],
  { responses = [], header }: TransactionAnswer,
): number | undefined {
  const there = responses.map(({ response_range: range }) => range?.kvs?.[0]);
  const isWritten = writes.every((write, index) => {
    const kv = there[index];
    if ('remove' in write) return kv === undefined;
    return (
      kv !== undefined && kv.lease === write.lease && (kv.value ?? '') === base64(Buffer.from(write.value))
    );
  });
  const put = there.find((kv) => kv !== undefined);
  return isWritten ? Number(put?.mod_revision ?? header?.revision) : undefined;
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
