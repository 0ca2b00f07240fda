/** Polls the table for changes: the kernel has no notifications of IPVS. */
import { UnavailableError } from '../../errors.js';
import type { State } from '../../model/state.js';
import { eventsBetween } from '../../observe/table/changes.js';
import type { TableEvent } from '../../observe/table/event.js';
import { readState } from '../../plan/current.js';
import type { ReadingClient } from '../shared/reading-client.js';

/** Readings that are made at most until two in a row agree. */
const TRIES = 4;

export class TableWatch {
  private state: State | undefined;
  private loaded: boolean | undefined;

  constructor(
    private readonly client: ReadingClient,
    private readonly tell: (line: string) => void,
  ) {}

  /** The changes since the last call; none at the first one. @throws LvsadmError if the table could not be read */
  async poll(): Promise<TableEvent[]> {
    const before = this.state;
    const now = await this.settled(before);
    // Without IPVS there is nothing in the table, and the timeouts are unknown.
    const after = now ?? (before && { services: [], daemons: [], timeouts: before.timeouts });
    this.note(now !== undefined);
    this.state = after;
    return before && after ? eventsBetween(before, after) : [];
  }

  /**
   * A dump may lack entries, or have them twice, while others change the table: a reading that differs from the one before counts
   * only if the next one agrees.
   */
  private async settled(before: State | undefined): Promise<State | undefined> {
    let now = await this.read();
    for (let last = before, tries = 1; tries < TRIES && differ(last, now); tries++) {
      last = now;
      now = await this.read();
    }
    return now;
  }

  /** Undefined if the kernel has no IPVS. */
  private async read(): Promise<State | undefined> {
    try {
      return await this.client.ask(readState);
    } catch (error) {
      if (error instanceof UnavailableError && error.reason === 'no-ipvs') return undefined;
      throw error;
    }
  }

  private note(loaded: boolean): void {
    if (loaded === (this.loaded ?? true)) {
      this.loaded = loaded;
      return;
    }
    this.loaded = loaded;
    this.tell(
      loaded ? 'the kernel has IPVS now' : 'the kernel has no IPVS: its module is not loaded; waiting for it',
    );
  }
}

const differ = (a: State | undefined, b: State | undefined): boolean =>
  a !== undefined && b !== undefined && eventsBetween(a, b).length > 0;
