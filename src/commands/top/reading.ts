/** Readings of the table, one after the other, with the rates between them. */
import type { Context } from '../../context.js';
import { type RatedTable, rateTable } from '../../observe/table/rates.js';
import { sampleTable } from '../../observe/table/sample.js';
import { ReadingClient } from '../shared/reading-client.js';

/** Milliseconds for each datagram of the kernel's. */
const PATIENCE = 30_000;

export class Readings {
  private readonly client: ReadingClient;
  private last: RatedTable | undefined;

  constructor(private readonly context: Pick<Context, 'openClient' | 'err' | 'now'>) {
    this.client = new ReadingClient(context, PATIENCE);
  }

  /** @throws what ReadingClient does; the reading after that has the rates of all the time since the last one */
  async next(): Promise<RatedTable> {
    // A question that is asked again on a new socket is asked at another time.
    const [sample, time] = await this.client.ask(async (client) => {
      const start = this.context.now();
      return [await sampleTable(client), start] as const;
    });
    this.last = rateTable(sample, time, this.last);
    return this.last;
  }

  close(): void {
    this.client.close();
  }
}
