// Datagrams: a server that answers with its name, a client that asks for it.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { answer as answerDns } from '../health/dns-answers.js';
import type { Outcome, Target } from './http-client.js';
import type { ServeOptions } from './http-server.js';

/** Answers every datagram to one address of the host. One, because the answer has to come from the address asked. */
export const serveUdp = ({ name, port }: ServeOptions, address: string): Promise<void> =>
  serve(port, address, () => name);

/** Answers every question of DNS (dns-answers.ts) to one address of the host. */
export const serveDns = (port: number, address: string): Promise<void> => serve(port, address, answerDns);

async function serve(
  port: number,
  address: string,
  answer: (message: Buffer) => string | Buffer,
): Promise<void> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  socket.on('message', (message, { port: to, address: client }) => socket.send(answer(message), to, client));
  socket.bind(port, address);
  await once(socket, 'listening');
}

export interface UdpAsking extends Target {
  /** How many datagrams, one after the other. */
  count: number;
  /** The client's port: the same for all, or a new socket for each where it is undefined. */
  fromPort?: number;
}

export async function askUdp({
  address,
  port,
  count,
  timeout = 5000,
  fromPort,
  from,
}: UdpAsking): Promise<Outcome> {
  const outcome: Outcome = { answers: [], errors: [], elapsed: 0 };
  const begin = performance.now();
  for (let sent = 0; sent < count; sent += 1) {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    try {
      socket.bind(fromPort, from);
      await once(socket, 'listening');
      socket.send('who are you?', port, address);
      const [message] = await once(socket, 'message', { signal: AbortSignal.timeout(timeout) });
      outcome.answers.push(String(message));
    } catch (error) {
      outcome.errors.push((error as Error).message);
    } finally {
      socket.close();
    }
  }
  return { ...outcome, elapsed: performance.now() - begin };
}

export interface UdpSending {
  address: string;
  ports: readonly number[];
  /** The clients' addresses. */
  from: readonly string[];
  /** The first client's port, and one more for each that follows. */
  fromPort: number;
}

/** A datagram from each client to each port; nobody waits for an answer. */
export async function sendUdp({ address, ports, from, fromPort }: UdpSending): Promise<void> {
  for (const [number, client] of from.entries()) {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    // A client that is refused may be told so.
    socket.on('error', () => {});
    await new Promise<void>((resolve) =>
      socket.bind({ address: client, port: fromPort + number }, () => resolve()),
    );
    for (const port of ports) {
      await new Promise<void>((resolve) => socket.send('?', port, address, () => resolve()));
    }
    socket.close();
  }
}
