/**
 * Servers and clients of a director, each started by `node traffic.js`:
 *
 *     serve PORT ADDRESS...          answers requests, and echoes on PORT + 1
 *     ask ADDRESS PORT FILE          asks until SIGTERM, and then writes a Tally
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Tally {
  /** Requests, each on a connection of its own. */
  requests: number;
  failed: number;
  /** Connections that are kept, of which each has to echo a byte again and again. */
  kept: number;
  broken: number;
  /** Milliseconds that the slowest answer took. */
  slowest: number;
  /** Failures by their reason. */
  reasons: Record<string, number>;
}

/** Milliseconds: an emulated machine delays; what a kernel drops comes not at all, or by a repetition of TCP. */
const LIMIT = 10_000;
const CLIENTS = 2;
const KEPT = 2;
/** Milliseconds between two requests of a client, which leave the emulated processor to the director. */
const PAUSE = 100;

function serve(port: number, addresses: readonly string[]): void {
  for (const address of addresses) {
    createServer((socket) => {
      socket.on('error', () => {});
      socket.end('answer\n');
    }).listen(port, address);
    createServer((socket) => {
      socket.on('error', () => {});
      socket.pipe(socket);
    }).listen(port + 1, address);
  }
}

/** Connects, lets `use` have the connection, and ends it. @throws Error that tells what went wrong */
async function connected(
  address: string,
  port: number,
  use: (socket: Socket) => Promise<void>,
): Promise<void> {
  const socket = connect(port, address);
  socket.setTimeout(LIMIT, () => socket.destroy(new Error('no answer')));
  // Awaited below, where it is not the use that ends first.
  const closed = once(socket, 'close').catch(() => {});
  try {
    await once(socket, 'connect');
    await use(socket);
  } finally {
    socket.destroy();
    await closed;
  }
}

async function ask(address: string, port: number, file: string): Promise<void> {
  const tally: Tally = { requests: 0, failed: 0, kept: 0, broken: 0, slowest: 0, reasons: {} };
  let isOver = false;
  process.once('SIGTERM', () => {
    isOver = true;
  });
  const timed = async (what: () => Promise<unknown>): Promise<void> => {
    const begin = performance.now();
    await what();
    tally.slowest = Math.max(tally.slowest, Math.round(performance.now() - begin));
  };
  const fails = (error: unknown): void => {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    tally.reasons[reason] = (tally.reasons[reason] ?? 0) + 1;
  };
  const client = async (): Promise<void> => {
    while (!isOver) {
      tally.requests++;
      await timed(() =>
        connected(address, port, async (socket) => {
          const [answer] = await once(socket, 'data');
          if (String(answer) !== 'answer\n') throw new Error('wrong answer');
        }),
      ).catch((error) => {
        tally.failed++;
        fails(error);
      });
      await sleep(PAUSE);
    }
  };
  const keeper = async (): Promise<void> => {
    while (!isOver) {
      tally.kept++;
      await connected(address, port + 1, async (socket) => {
        while (!isOver) {
          await timed(async () => {
            socket.write('x');
            await once(socket, 'data');
          });
          await sleep(PAUSE);
        }
      }).catch((error) => {
        tally.broken++;
        fails(error);
      });
      await sleep(PAUSE);
    }
  };
  await Promise.all([...Array.from({ length: CLIENTS }, client), ...Array.from({ length: KEPT }, keeper)]);
  writeFileSync(file, `${JSON.stringify(tally)}\n`);
}

const [what, ...args] = process.argv.slice(2);
if (what === 'serve') serve(Number(args[0]), args.slice(1));
if (what === 'ask') await ask(args[0] ?? '', Number(args[1]), args[2] ?? '');
