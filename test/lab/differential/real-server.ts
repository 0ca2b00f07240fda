/** A real server, in a network namespace of its own: takes TCP connections and datagrams on a port, and answers nothing. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

export const ports = { tcp: 8080, udp: 5060 } as const;

/** Both families on one socket. */
const anywhere = '::';

if (process.argv[1] === import.meta.filename) {
  await once(createServer((socket) => socket.resume()).listen(ports.tcp, anywhere), 'listening');
  await new Promise<void>((resolve) => createSocket('udp6').bind(ports.udp, anywhere, resolve));
  process.stdout.write('ready\n');
}
