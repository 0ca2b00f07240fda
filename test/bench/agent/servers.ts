/** Servers on loopback, one address each on two ports, which note how late each check comes. */

import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';

const ANSWERS = {
  up: 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n',
  down: 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
} as const;

/** Milliseconds after which a server that flaps changes its answer. */
const FLAP = 20_000;

export const addressOf = (index: number): string => `127.1.${index >> 8}.${index & 0xff}`;

export class Servers {
  /** Milliseconds between a check and the moment `every` after the one before; noted while {@link isNoting}. */
  readonly delays: number[] = [];
  isNoting = false;
  checks = 0;
  private readonly last = new Map<string, number>();
  private readonly listeners: Server[] = [];

  /**
   * @param every milliseconds between two checks of a server
   * @param flapping addresses that answer HTTP with 200 and 503 by turns
   */
  constructor(
    private readonly every: number,
    private readonly flapping: ReadonlySet<string>,
  ) {}

  /** @returns the ports of servers of HTTP, and of those that accept connections */
  async start(): Promise<{ http: number; tcp: number }> {
    const http = await this.listen((socket, address) =>
      socket.once('data', () => socket.end(ANSWERS[this.stateOf(address)])),
    );
    const tcp = await this.listen((socket) => socket.resume());
    return { http, tcp };
  }

  stop(): void {
    for (const listener of this.listeners) listener.close();
  }

  private async listen(serve: (socket: Socket, address: string) => void): Promise<number> {
    const listener = createServer((socket) => {
      const { localAddress: address = '' } = socket;
      this.note(address);
      socket.on('error', () => {});
      serve(socket, address);
    });
    this.listeners.push(listener);
    await new Promise<void>((resolve) =>
      listener.listen({ host: '0.0.0.0', port: 0, backlog: 4096 }, resolve),
    );
    return (listener.address() as AddressInfo).port;
  }

  private note(address: string): void {
    const now = performance.now();
    const before = this.last.get(address);
    this.last.set(address, now);
    this.checks++;
    if (this.isNoting && before !== undefined) this.delays.push(now - before - this.every);
  }

  private stateOf(address: string): 'up' | 'down' {
    return this.flapping.has(address) && Math.floor(performance.now() / FLAP) % 2 === 1 ? 'down' : 'up';
  }
}
