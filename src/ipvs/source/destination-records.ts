/**
 * Servers in memory, as records of 32-bit words in one buffer. The sources write records, and DestinationCursor reads them, without an
 * object for each server. A record has the identity and the method, and a column for each field that is asked for.
 */
import {
  type DestinationCount,
  type DestinationNumber,
  destinationCounts,
  destinationNumberNames,
} from '../../model/fields.js';
import type { ServiceId } from '../../model/service.js';
import { counterNames, type Stats } from '../../model/stats.js';

/** The fields of a server besides identity and method: settings, counts and counters. */
export type DestinationField = DestinationNumber | DestinationCount | 'tunnel' | keyof Stats;

/** Every field of 32 bits; of the others a tunnel takes three words (type, port, checksum), a counter two (low, high). */
export const numberFields = [...destinationNumberNames, ...destinationCounts] as const;
const widths = new Map<DestinationField, number>([
  ...numberFields.map((name) => [name, 1] as const),
  ['tunnel', 3],
  ...counterNames.map((name) => [name, 2] as const),
]);

export const destinationFields: readonly DestinationField[] = [...widths.keys()];

/** The fields that an administrator sets. */
export const settingFields: readonly DestinationField[] = [...destinationNumberNames, 'tunnel'];

/** Words of each record: the address in network order (an IPv4 address in the first), then these; the columns follow. */
export const PORT = 4;
export const FAMILY = 5;
export const METHOD = 6;
const COLUMNS = 7;

export class DestinationRecords {
  /** The memory of all records: good until the next one is added. */
  words: Uint32Array<ArrayBuffer>;
  bytes: Uint8Array<ArrayBuffer>;
  count = 0;
  /** Words of a record. */
  readonly size: number;
  /** By field: where its first word lies in a record; undefined for a field that was not asked for. */
  readonly columns: Readonly<Partial<Record<DestinationField, number>>>;

  constructor(readonly fields: readonly DestinationField[]) {
    const columns: Partial<Record<DestinationField, number>> = {};
    let size = COLUMNS;
    for (const field of fields) {
      columns[field] = size;
      size += widths.get(field) as number;
    }
    this.columns = columns;
    this.size = size;
    this.words = new Uint32Array(64 * size);
    this.bytes = new Uint8Array(this.words.buffer);
  }

  /** Adds a record, whose words are all to be written, except the tunnel's of a server without one. @returns where it starts, in words */
  add(): number {
    const at = this.count++ * this.size;
    if (at + this.size > this.words.length) this.grow();
    return at;
  }

  /** Drops the records from the one at `count` on: their memory serves for the next ones. */
  truncate(count: number): void {
    this.count = count;
  }

  private grow(): void {
    const words = new Uint32Array(2 * this.words.length);
    words.set(this.words);
    this.words = words;
    this.bytes = new Uint8Array(words.buffer);
  }
}

/** Where the servers of a service can be read. */
export interface DestinationSource {
  /**
   * Adds a record for each server of a service, at once or before the promise resolves. A source that lacks a server or a field
   * adds none and returns `unsupported`: then the next source is asked. @throws KernelError
   */
  read(of: ServiceId): Promise<void> | Reading;
}

export type Reading = 'read' | 'unsupported';
