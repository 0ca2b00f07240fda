/**
 * How long a connection table of 500,000 lines takes, and how much memory. Each way of reading runs in a process of its
 * own, because the peak of a process never falls; the way `bytes` reads the same file and does nothing with it.
 *
 *     node build/test/bench/connections.js [LINES]
 */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import {
  type ConnectionLine,
  type EndpointView,
  readConnections,
  scanConnections,
} from '../../src/ipvs/proc.js';
import { formatTable } from '../support/connection-table.js';

/** What one read(2) of a file in /proc returns at most. */
const pieceBytes = 4096;

async function* pieces(path: string): AsyncGenerator<Uint8Array, void> {
  const file = openSync(path, 'r');
  const piece = new Uint8Array(pieceBytes);
  for (let length = readSync(file, piece); length > 0; length = readSync(file, piece)) {
    yield piece.subarray(0, length);
  }
  closeSync(file);
}

/** Lines much like those of `-Lcn`, as a printer that wants to be fast would make them: text only once a chunk. */
class Page {
  readonly #bytes = Buffer.alloc(16 * pieceBytes);
  #at = 0;

  put(line: ConnectionLine): void {
    this.#word(line.protocol, 4);
    this.#word(String(line.expires), 8);
    this.#word(line.state, 12);
    this.#endpoint(line.client);
    this.#endpoint(line.virtual);
    this.#endpoint(line.destination);
    this.#bytes[this.#at++] = 10;
  }

  take(): string {
    const text = this.#bytes.toString('latin1', 0, this.#at);
    this.#at = 0;
    return text;
  }

  #word(text: string, width: number): void {
    const end = this.#at + width;
    for (let i = 0; i < text.length; i++) this.#bytes[this.#at++] = text.charCodeAt(i);
    this.#fill(end);
  }

  #endpoint(view: EndpointView): void {
    const end = this.#at + 19;
    this.#at = view.put(this.#bytes, this.#at);
    this.#fill(end);
  }

  #fill(end: number): void {
    while (this.#at < end) this.#bytes[this.#at++] = 32;
  }
}

/** Each way returns how many bytes or lines it has seen, so that none can do less than it says. */
const ways: Record<string, (path: string) => Promise<number>> = {
  async bytes(path) {
    let total = 0;
    for await (const piece of pieces(path)) total += piece.length;
    return total;
  },
  scan: (path) => scanConnections(pieces(path), () => {}),
  async filter(path) {
    let established = 0;
    await scanConnections(pieces(path), (line) => {
      if (line.state === 'ESTABLISHED' && line.virtual.port === 80) established++;
    });
    return established;
  },
  async print(path) {
    const page = new Page();
    let characters = 0;
    const flush = () => {
      characters += page.take().length;
    };
    await scanConnections(pieces(path), (line) => page.put(line), flush);
    return characters;
  },
  async objects(path) {
    let expires = 0;
    for await (const connection of readConnections(pieces(path))) expires += connection.expires;
    return expires;
  },
};

function writeTable(path: string, lines: number): void {
  const file = openSync(path, 'w');
  for (const text of formatTable(lines)) writeSync(file, text);
  closeSync(file);
}

async function measure(way: string, path: string): Promise<void> {
  const start = performance.now();
  const result = await ways[way]?.(path);
  const milliseconds = Math.round(performance.now() - start);
  const peak = (process.resourceUsage().maxRSS / 1024).toFixed(1);
  process.stdout.write(
    `${way.padEnd(8)} ${String(milliseconds).padStart(6)} ms ${peak.padStart(7)} MB peak  ${result}\n`,
  );
}

const [first = '500000', path] = process.argv.slice(2);
if (path !== undefined) await measure(first, path);
else {
  const directory = mkdtempSync(join(tmpdir(), 'lvsadm-bench-'));
  const table = join(directory, 'ip_vs_conn');
  try {
    writeTable(table, Number(first));
    for (const way of Object.keys(ways)) {
      process.stdout.write(execFileSync(process.execPath, [fileURLToPath(import.meta.url), way, table]));
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}
